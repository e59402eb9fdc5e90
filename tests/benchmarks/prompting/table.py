"""What each word of the vocabulary moves, beside a neutral clip of the same face, voice and seed.

Every measure is told in units: what another seed changes of a neutral clip (deviation within a
portrait), and no less than the measure's step. A word holds when its own measure moves by MARGIN
units and more, the wished way and surely (95% interval over portraits), and no measure that it does
not declare by more than BOUND.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from generation.prompt.effects import FACTORS
from generation.prompt.vocabulary import Concept
from tests.benchmarks.prompting.measures import MEASURES

MARGIN, BOUND = 1.5, 1.0  # units
# What each effect may move; its own measure first. The rest follows from what it is: who nods looks
# down meanwhile, raised brows open the eyes, other light is other light on the wall as well, and
# another crop shows another background.
MOVES = {
    "movement": ("movement", "nodding"),
    "openness": ("mouth",),
    "turning": ("movement",),
    "glancing": ("glances",),
    "blinking": ("blinks",),
    "nods": ("nodding", "pitch"),
    "tilt": ("tilt",),
    "pitch": ("pitch",),
    "smile": ("smile", "squint"),
    "squint": ("squint",),
    "brow": ("brows", "squint"),
    "frown": ("gathered", "brows", "squint"),
    "look": ("gaze",),
    "yaw": ("facing",),
    "warmth": ("warmth", "background"),
    "brightness": ("brightness", "background"),
    "sidelight": ("side", "background"),
    "blur": ("sharpness",),
    "zoom": ("size", "sharpness", "background"),
    "backdrop": ("background", "sharpness"),
}
_T95 = {1: 12.71, 2: 4.30, 3: 3.18, 4: 2.78, 5: 2.57, 6: 2.45, 7: 2.36}  # Student's, two-sided


@dataclass(frozen=True)
class Row:
    """One word's line.

    Attributes:
        word: the concept's name.
        own: the measure that it is for, and +1 or -1, which way.
        declared: what else it may move.
        moved: measure -> mean over portraits, in units.
        interval: of its own measure, 95%.
        portraits: how many it was measured on.
    """

    word: str
    own: tuple[str, int]
    declared: frozenset[str]
    moved: dict[str, float]
    interval: tuple[float, float]
    portraits: int

    @property
    def moves(self) -> bool:
        """Whether its own measure moves far enough, and surely the right way."""
        name, way = self.own
        surely = min(way * bound for bound in self.interval) > 0
        return way * self.moved[name] >= MARGIN and surely

    @property
    def others(self) -> list[str]:
        """The measures that it moves and should not."""
        alone = set(self.moved) - self.declared - {self.own[0]}
        return [name for name in self.moved if name in alone and abs(self.moved[name]) > BOUND]


def own(concept: Concept) -> tuple[str, int]:
    """Return the measure that a word is for and which way it should go."""
    if concept.backdrop:
        return "background", 1
    effect, amount = next(iter(concept.adjust.items()))
    up = amount > 1 if effect in FACTORS else amount > 0
    way = 1 if up else -1
    return MOVES[effect][0], -way if effect == "blur" else way


def declared(concept: Concept) -> frozenset[str]:
    """Return every measure that a word's effects may move."""
    effects = [*concept.adjust, *(["backdrop"] if concept.backdrop else [])]
    return frozenset(name for effect in effects for name in MOVES[effect])


def units(neutral: Sequence[Sequence[Mapping[str, float]]]) -> dict[str, float]:
    """Return the unit of each measure from the neutral clips (portraits x seeds)."""
    found = {}
    for name, measure in MEASURES.items():
        within = [np.var([clip[name] for clip in clips], ddof=1) for clips in neutral]
        found[name] = max(float(np.sqrt(np.mean(within))), measure.step)
    return found


def row(concept: Concept, clips: Sequence[dict[str, float]], unit: dict[str, float]) -> Row:
    """Return a word's line from what it moved on each portrait (in the measures' own units)."""
    scaled = {name: np.array([clip[name] for clip in clips]) / unit[name] for name in unit}
    wanted = own(concept)
    values = scaled[wanted[0]]
    half = 0.0
    if values.size > 1:
        half = _T95.get(values.size - 1, 2.0) * float(values.std(ddof=1)) / values.size**0.5
    mean = float(values.mean())
    return Row(
        word=concept.name,
        own=wanted,
        declared=declared(concept),
        moved={name: float(each.mean()) for name, each in scaled.items()},
        interval=(mean - half, mean + half),
        portraits=values.size,
    )


def markdown(rows: Sequence[Row], unit: Mapping[str, float]) -> str:
    """Return the table of words by measures."""
    names = list(MEASURES)
    lines = [f"| word | n | {' | '.join(names)} |", "|---" * (2 + len(names)) + "|"]
    for each in rows:
        cells = [_cell(each, name) for name in names]
        lines.append(f"| {each.word} | {each.portraits} | {' | '.join(cells)} |")
    of = " | ".join(f"{unit[name]:.2g} {MEASURES[name].unit}" for name in names)
    lines.insert(2, f"| *one unit* | | {of} |")
    return "\n".join(lines)


def _cell(each: Row, name: str) -> str:
    value = each.moved[name]
    if name == each.own[0]:
        low, high = each.interval
        surely = f" ({low:.1f} to {high:.1f})" if each.portraits > 1 else ""
        return f"**{value:+.1f}**{surely}" + ("" if each.moves else " too little")
    if abs(value) <= BOUND:
        return ""
    return f"{value:+.1f}" if name in each.declared else f"{value:+.1f} !"


def named(rows: Sequence[Row]) -> str:
    """Return the words that do not hold as a list, or that all do."""
    lines = [f"- {each.word}: {_why(each)}" for each in rows if not each.moves or each.others]
    return "\n".join(lines) or "Every word holds."


def _why(each: Row) -> str:
    said = [] if each.moves else [f"{each.own[0]} moves too little or not on every portrait"]
    return "; ".join([*said, *(f"moves {o} by {each.moved[o]:+.1f}" for o in each.others)])


def told(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the table for JSON."""
    return {
        each.word: {"own": each.own, "moved": each.moved, "interval": each.interval}
        for each in rows
    }
