"""`python -m generation train`: trains one stage, and goes on where it was."""

import argparse
import sys
import time
from pathlib import Path

STAGES = ("vae",)


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the program's."""
    parser = commands.add_parser(
        "train",
        help="train one stage of the portraittalk engine",
        description=(
            "Trains until the steps or the minutes are over and keeps a checkpoint every few "
            "minutes. Called again with the same folder it goes on there, also after a kill. See "
            "docs/portraittalk-training.md."
        ),
    )
    parser.add_argument("--stage", choices=STAGES, required=True)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--minutes", type=float, default=0.0, help="default: no limit")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--precision", choices=("no", "bf16", "fp16"), default="bf16")
    parser.add_argument("--accumulate", type=int, default=1)
    parser.add_argument("--keep-seconds", type=float, default=180.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Train; returns the exit status.

    Raises:
        GenerationError: there is no data, or what is in the folder is of another training.
    """
    # Here, because torch takes seconds to load and --help should not.
    from generation.portraittalk.training.frame_batches import FrameBatches  # noqa: PLC0415
    from generation.portraittalk.training.loop import Run, Settings  # noqa: PLC0415
    from generation.portraittalk.training.vae import VaeStage  # noqa: PLC0415

    settings = Settings(
        steps=options.steps, minutes=options.minutes, batch=options.batch, rate=options.rate,
        precision=options.precision, accumulate=options.accumulate,
        keep_seconds=options.keep_seconds, seed=options.seed, threads=options.threads,
    )  # fmt: skip
    data = FrameBatches(options.data, "train", options.seed)
    going = Run(VaeStage(data, settings.batch), settings, options.out)
    _say(f"{data.people} people, from step {going.step}\n")
    began, first = time.monotonic(), going.step

    def told(step: int, loss: float) -> None:
        if step % 20 == 0:
            each = (time.monotonic() - began) / max(1, step - first)
            _say(f"step {step}  loss {loss:.4f}  {each:.2f} s a step\n")

    going.train(told)
    return 0


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
