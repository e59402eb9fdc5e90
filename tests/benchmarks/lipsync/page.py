"""``python -m tests.benchmarks.lipsync.page``: the table of docs/lips.md, as measured."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from generation.evaluation.intervals import share_interval
from tests.benchmarks.bench_lips import DETAILS
from tests.benchmarks.judging.page import between

PAGE = Path(__file__).resolve().parents[3] / "docs" / "lips.md"
HALVES = ("tuning", "held out")


def main() -> int:
    """Write the table of what was measured here."""
    rows = json.loads(DETAILS.read_text(encoding="utf-8"))
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(between(text, "lips", _table(rows)), encoding="utf-8")
    return 0


def _table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| video | in time: tuning | in time: held out | refused: tuning | refused: held out |",
        "|---|---|---|---|---|",
    ]
    kinds = dict.fromkeys(row["kind"] for row in rows)
    for kind in sorted(kinds, key=lambda kind: not kind.startswith("right")):
        halves = [[r for r in rows if r["kind"] == kind and r["half"] == h] for h in HALVES]
        cells = [*map(_spread, halves), *map(_refused, halves)]
        lines.append(f"| {kind} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _spread(rows: list[dict[str, Any]]) -> str:
    """Return least, median and highest correlation in time."""
    values = [row["facts"]["in_time"] for row in rows]
    if not values:
        return "\u2013"
    return f"{min(values):.2f} \u2026 {np.median(values):.2f} \u2026 {max(values):.2f}"


def _refused(rows: list[dict[str, Any]]) -> str:
    """Return how many were refused, with the 95 % interval of the share."""
    if not rows:
        return "\u2013"
    count = sum(not row["passes"] for row in rows)
    low, high = share_interval(count / len(rows), len(rows))
    return f"{count} of {len(rows)} ({100 * low:.0f} to {100 * high:.0f} %)"


if __name__ == "__main__":
    sys.exit(main())
