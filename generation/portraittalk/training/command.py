"""The commands of training, added to `python -m generation` together."""

import argparse

from generation.portraittalk.training import data_command, train_command, videos_command


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the program's."""
    data_command.add_to(commands)
    videos_command.add_to(commands)
    train_command.add_to(commands)
