"""One measured number with its interval, and how it is written down."""

import math
from dataclasses import dataclass
from typing import Any

from generation.evaluation.intervals import NOTHING, Interval

UP, DOWN, NEITHER = "higher", "lower", ""


@dataclass(frozen=True)
class Measure:
    """A measured number.

    Attributes:
        name: stable, as in docs/evaluation.md.
        value: NaN where it could not be measured.
        unit: of it.
        better: "higher", "lower" or "" where neither is.
        interval: 95 %; NaN where there is none.
        note: what it was measured from, or why it was not.
    """

    name: str
    value: float
    unit: str
    better: str = NEITHER
    interval: Interval = NOTHING
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON, where what is no number is null."""
        low, high = (_plain(bound) for bound in self.interval)
        return {
            "value": _plain(self.value),
            "unit": self.unit,
            "better": self.better,
            "interval": None if low is None or high is None else [low, high],
            "note": self.note,
        }


def _plain(value: float) -> float | None:
    return round(value, 5) if math.isfinite(value) else None
