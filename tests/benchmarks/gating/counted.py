"""How often the gate is right: precision and recall with intervals, and a table of what is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Row = dict[str, Any]  # a version: portrait, kind, way, strength, unusable, faults and what was seen
_DRAWS = 2000


@dataclass(frozen=True)
class Count:
    """What a count came to; intervals are 95 %, portraits drawn with replacement."""

    precision: float
    recall: float
    precisions: tuple[float, float]
    recalls: tuple[float, float]
    note: str


def counted(rows: list[Row]) -> Count:
    """Count versions that are called unusable, that fail, and both."""
    by_portrait: dict[str, np.ndarray] = {}
    for row in rows:
        called, failed = bool(row["unusable"]), bool(row["faults"])
        each = by_portrait.setdefault(row["portrait"], np.zeros(3))
        each += (called, failed, called and failed)
    counts = np.array(list(by_portrait.values()))
    chance = np.random.default_rng(0)
    drawn = chance.integers(len(counts), size=(_DRAWS, len(counts)))
    spread = [np.percentile(each, (2.5, 97.5)) for each in _right(counts[drawn].sum(1))]
    called, failed, both = counts.sum(0).astype(int)
    precision, recall = (float(each) for each in _right(counts.sum(0)))
    return Count(
        precision,
        recall,
        *((float(low), float(high)) for low, high in spread),
        f"{len(rows)} versions of {len(counts)} portraits: {failed} fail, {called} are called "
        f"unusable, {both} both",
    )


def _right(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return precision and recall of (..., 3) counts: called, failed, both."""
    called, failed, both = np.moveaxis(counts, -1, 0)
    return both / np.maximum(called, 1), both / np.maximum(failed, 1)


def table(rows: list[Row]) -> str:
    """Return a Markdown table by way of making worse, with the strengths judged wrongly."""
    lines = [
        "| made worse | versions | fail | called unusable | both | wrong, at which strength |",
        "|---|---|---|---|---|---|",
    ]
    for way in dict.fromkeys(row["way"] for row in rows):
        of = [row for row in rows if row["way"] == way]
        failed, called = (sum(bool(row[name]) for row in of) for name in ("faults", "unusable"))
        both = sum(bool(row["faults"]) and row["unusable"] for row in of)
        wrong = "; ".join(_wrong(of))
        lines.append(f"| {way} | {len(of)} | {failed} | {called} | {both} | {wrong} |")
    return "\n".join(lines)


def _wrong(rows: list[Row]) -> list[str]:
    found = []
    for strength in dict.fromkeys(row["strength"] for row in rows):
        of = [row for row in rows if row["strength"] == strength]
        missed = sum(bool(row["faults"]) and not row["unusable"] for row in of)
        in_vain = sum(row["unusable"] and not row["faults"] for row in of)
        if missed:
            found.append(f"missed {missed} at {strength:g}")
        if in_vain:
            found.append(f"refused in vain {in_vain} at {strength:g}")
    return found
