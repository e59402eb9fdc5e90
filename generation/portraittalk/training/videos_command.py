"""`python -m generation prepare-videos`: cuts talking-head videos into training data."""

import argparse
import sys
from pathlib import Path


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the program's."""
    parser = commands.add_parser(
        "prepare-videos",
        help="cut talking-head videos into training data",
        description=(
            "Cuts faces out of videos at 25 frames a second, with landmarks and what is heard. "
            "Beside each video lies a JSON of the same name that says whose it is, its licence "
            "and that the person agreed; without one the video is refused. See "
            "docs/portraittalk-training.md."
        ),
        epilog="exit status: 0 all were taken, 1 some were refused",
    )
    parser.add_argument("videos", type=Path, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Prepare every video that is not there yet; returns the exit status."""
    # Here, because the networks take a second to load and --help should not.
    from generation.errors import InputError  # noqa: PLC0415
    from generation.evaluation.errors import VideoError  # noqa: PLC0415
    from generation.portraittalk.training.videos import VIDEOS, prepare, sidecar  # noqa: PLC0415

    refused = 0
    for video in sorted(p for p in options.videos.rglob("*") if p.suffix.lower() in VIDEOS):
        try:
            about = sidecar(video)
            if (options.out / f"{about.person}-{video.stem}").is_dir():
                continue
            count = prepare(video, options.out)
        except (InputError, VideoError) as error:
            refused += 1
            sys.stderr.write(f"refused: {error} {error.remedy}\n")
            continue
        sys.stdout.write(f"{video.name}: {count} windows\n")
    return 1 if refused else 0
