"""What the parts share: figures with names and units, repeated timing, the table and the file."""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import re
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

# Faces and voices by which an engine is changed are never counted among the held-out ones.
TUNING = os.environ.get("MESH_HALF") == "tuning"
BUILD = Path(__file__).resolve().parents[2] / "build" / ("bench-tuning" if TUNING else "bench")
Bar = tuple[Literal["at most", "at least"], float]
_AT_SIZE = re.compile(r"(\w+)_at_(\d+)")


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


def apart(measure: Callable[[], list[Figure]]) -> list[Figure]:
    """Measures in a process of its own, whose environment, servers and memory end with it."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure).result()


def growth(figures: Sequence[Figure]) -> dict[str, dict[str, float]]:
    """Returns the figures that were measured at several sizes: name, then size, then value."""
    found: dict[str, dict[str, float]] = {}
    for figure in figures:
        if matched := _AT_SIZE.fullmatch(figure.name):
            found.setdefault(matched[1], {})[matched[2]] = figure.value
    return found


def growth_table(figures: Sequence[Figure]) -> str:
    """Sets :func:`growth` as a table for a terminal; empty if nothing was measured at a size."""
    found = growth(figures)
    if not found:
        return ""
    sizes = sorted({size for values in found.values() for size in values}, key=int)
    rows = [["growth", *sizes]]
    for name, values in found.items():
        rows.append([name, *(f"{values[at]:.4g}" if at in values else "" for at in sizes)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(_line(row, widths) for row in rows)


def bars_table(bars: Mapping[str, Bar], figures: Sequence[Figure]) -> str:
    """Sets each figure that has a bar beside it, for a terminal."""
    lines = []
    for figure in figures:
        if figure.name in bars:
            way, bar = bars[figure.name]
            held = figure.value <= bar if way == "at most" else figure.value >= bar
            lines.append(
                f"{'meets' if held else 'MISSES'}  {figure.name} {figure.value:.4g} {figure.unit}"
                f" ({way} {bar:g})"
            )
    return "\n".join(lines)


def write(part: str, figures: Sequence[Figure], *, began: float, load: float) -> Path:
    """Writes the figures to ``build/bench/<part>.json`` and returns the path.

    Args:
        part: its name.
        figures: what was measured.
        began: ``time.monotonic()`` before it was.
        load: the machine's load average (1 minute) at that time: what others were doing.
    """
    BUILD.mkdir(parents=True, exist_ok=True)
    path = BUILD / f"{part}.json"
    document = {
        "part": part,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "took_seconds": round(time.monotonic() - began, 1),
        "machine": {
            "processor": platform.machine(),
            "system": platform.platform(),
            "cores": os.cpu_count(),
            "load_average_before": round(load, 2),
            "load_average_after": round(os.getloadavg()[0], 2),
        },
        "figures": {figure.name: asdict(figure) for figure in figures},
        "growth": growth(figures),
    }
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return path
