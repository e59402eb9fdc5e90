"""`python -m generation evaluate VIDEO --photo P`: measures a finished video of any engine."""

import argparse
import json
import math
import sys
from pathlib import Path

from generation.evaluation.meanings import meaning
from generation.evaluation.measures import Measure

_MOST_TEXT = 20_000  # bytes of a transcript


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the program's."""
    parser = commands.add_parser(
        "evaluate",
        help="measure a finished video",
        description=(
            "Measures a finished video of any engine: lips and voice, likeness, movement, "
            "pictures. What each number means: docs/evaluation.md."
        ),
        epilog="exit status: 0 measured, 2 something cannot be read",
    )
    parser.add_argument("video", type=Path)
    parser.add_argument("--photo", type=Path, required=True, help="whom it should show")
    parser.add_argument("--audio", type=Path, help="what should be said; default: its own sound")
    parser.add_argument("--transcript", type=Path, help="English text of it, as a file")
    parser.add_argument("--reference", type=Path, help="a video to compare with: VMAF, S and T")
    parser.add_argument("--syncnet", type=Path, help="SyncNet's state dict: LSE-C and LSE-D")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--html", type=Path, metavar="OUT", help="write a page with plots")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print; returns the exit status.

    Raises:
        GenerationError: something cannot be read.
    """
    # Here, because the networks take a second to load and --help should not.
    from generation.evaluation.page import write_page  # noqa: PLC0415
    from generation.evaluation.report import Case, evaluate  # noqa: PLC0415

    case = Case(
        options.video,
        options.photo,
        options.audio,
        text=_text(options.transcript),
        reference=options.reference,
        syncnet=options.syncnet,
    )
    report = evaluate(case)
    if options.html is not None:
        write_page(report, options.html)
    if options.json:
        sys.stdout.write(json.dumps(report.to_dict(), indent=2, allow_nan=False) + "\n")
        return 0
    for note in report.notes:
        sys.stdout.write(note + "\n")
    for group, found in report.groups.items():
        sys.stdout.write(f"{group}\n")
        for each in found:
            sys.stdout.write(_line(each) + "\n")
    return 0


def _line(found: Measure) -> str:
    title = meaning(found.name).title
    if not math.isfinite(found.value):
        return f"  {title:<26} not measured: {found.note}"
    low, high = found.interval
    bounds = f"[{low:.3g}, {high:.3g}]" if math.isfinite(low) and math.isfinite(high) else ""
    return f"  {title:<26} {found.value:>8.3g} {found.unit:<16} {bounds}".rstrip()


def _text(path: Path | None) -> str:
    from generation.evaluation.errors import VideoError  # noqa: PLC0415

    if path is None:
        return ""
    try:
        data = path.read_bytes()
        if len(data) > _MOST_TEXT:
            raise ValueError(f"more than {_MOST_TEXT} bytes")
        return data.decode("utf-8")
    except (OSError, ValueError) as error:
        raise VideoError(
            f"The transcript {path.name} cannot be read ({error}).",
            code="transcript-unreadable",
            remedy="Give a UTF-8 text file of what is said.",
        ) from error
