"""What the parts share: figures with names and units, repeated timing, the table and the file."""

from __future__ import annotations

import json
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

BUILD = Path(__file__).resolve().parents[2] / "build" / "bench"


@dataclass(frozen=True)
class Figure:
    """One measured number.

    Attributes:
        name: Stable name that issues and documents cite.
        value: The median over the repetitions.
        unit: Its unit; ``ratio`` for a quotient of two figures of this run.
        spread: Smallest and largest value seen, or None for a single measurement.
        note: What exactly was measured.
    """

    name: str
    value: float
    unit: str
    note: str
    spread: tuple[float, float] | None = None


def repeated(name: str, unit: str, note: str, samples: Sequence[float]) -> Figure:
    """Sums repetitions up as their median with the extremes beside it."""
    return Figure(name, statistics.median(samples), unit, note, (min(samples), max(samples)))


def in_turn(sides: Sequence[Callable[[], object]], rounds: int) -> list[list[float]]:
    """Times several sides in turn, round by round, so that a busy moment hits all of them.

    Returns:
        For each side its `rounds` wall-clock times in seconds; one warm-up round is not counted.
    """
    times: list[list[float]] = [[] for _ in sides]
    for number in range(rounds + 1):
        for side, found in zip(sides, times, strict=True):
            began = time.perf_counter()
            side()
            if number:
                found.append(time.perf_counter() - began)
    return times


def table(part: str, figures: Sequence[Figure]) -> str:
    """Sets the figures as a table for a terminal."""
    rows = [("figure", "median", "unit", "range", "what")]
    for each in figures:
        rows.append((each.name, f"{each.value:.4g}", each.unit, _range(each), each.note))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [_line(row, widths) for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return f"{part}\n" + "\n".join(lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=True)]
    return "  ".join(padded).rstrip()


def _range(figure: Figure) -> str:
    return "" if figure.spread is None else f"{figure.spread[0]:.4g}-{figure.spread[1]:.4g}"


def write(part: str, figures: Sequence[Figure]) -> Path:
    """Writes the figures to ``build/bench/<part>.json`` and returns the path."""
    BUILD.mkdir(parents=True, exist_ok=True)
    path = BUILD / f"{part}.json"
    document = {
        "part": part,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"processor": platform.machine(), "system": platform.platform()},
        "figures": {figure.name: asdict(figure) for figure in figures},
    }
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return path
