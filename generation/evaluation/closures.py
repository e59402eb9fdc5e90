"""Lips that must meet do, lips that must not do not, open vowels are open."""

import numpy as np

from generation.evaluation.intervals import NOTHING, share_interval
from generation.evaluation.measures import DOWN, NEITHER, UP, Measure
from generation.evaluation.openings import Marks, Track
from generation.evaluation.sound import Heard

SHUT = 0.10  # cm above the resting gap: the landmarker's own noise is below
WIDE = 0.25  # cm above the resting gap
_NEAR = 0.04  # s around a sound in which its closure may come
_FEWEST = 5  # frames in which anything can be counted


def resting(gap: Track, silence: Marks) -> float:
    """Return the gap (cm) of lips at rest: in silence, or the least of a track without any."""
    kept = np.isfinite(gap)
    quiet = gap[silence & kept]
    return float(np.median(quiet)) if quiet.size >= _FEWEST else float(np.percentile(gap[kept], 5))


def closures(gap: Track, heard: Heard, fps: float) -> list[Measure]:
    """Return how often lips are closed and open where they have to be, and where not."""
    rest = resting(gap, heard.silence)
    shut, wide = gap < rest + SHUT, gap > rest + WIDE
    source = {
        "aligned": "sounds from the transcript or known",
        "judge": "sounds of which the judge is sure",
    }[heard.source]
    found = [
        _share("closure", shut, heard.closed, UP, f"p b m frames closed; {source}"),
        _share("false_closure", shut, heard.other, DOWN, f"other frames closed; {source}"),
        _share("open_vowels", wide, heard.open, UP, f"open vowels' frames open; {source}"),
        _sounds(shut, heard.closed, fps),
        Measure("rest_gap", rest, "cm", NEITHER, note="between the inner lips, at rest"),
    ]
    kept = gap[np.isfinite(gap)]
    widest = float(np.percentile(kept, 95)) - rest
    return [*found, Measure("opening_range", widest, "cm", NEITHER, note="95th percentile")]


def _share(name: str, hits: Marks, where: Marks, better: str, note: str) -> Measure:
    """Return a share of frames; neighbouring frames are one thing when it comes to certainty."""
    count = int(where.sum())
    if count < _FEWEST:
        return Measure(name, float("nan"), "ratio", better, note=f"{count} frames are too few")
    value = float(hits[where].mean())
    bounds = share_interval(value, len(_runs(where)))
    return Measure(name, value, "ratio", better, bounds, f"{note}; {count} frames")


def _runs(marks: Marks) -> list[tuple[int, int]]:
    """Return (first, end) of each run of marked frames."""
    edges = np.flatnonzero(np.diff(np.r_[False, marks, False].astype(int)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _sounds(shut: Marks, closed: Marks, fps: float) -> Measure:
    """Return the share of closing sounds with at least one closed frame in or beside them."""
    near = max(1, round(_NEAR * fps))
    met = [bool(shut[max(0, start - near) : end + near].any()) for start, end in _runs(closed)]
    value = float(np.mean(met)) if met else float("nan")
    note = f"{len(met)} sounds with a closed frame in or beside them"
    bounds = share_interval(value, len(met)) if met else NOTHING
    return Measure("closed_sounds", value, "ratio", UP, bounds, note)
