"""Is it still the person of the photo, from the first frame to the last?"""

import numpy as np
from numpy.typing import NDArray

from generation.evaluation.intervals import interval, mean_interval
from generation.evaluation.measures import DOWN, NEITHER, Measure
from generation.evaluation.watched import EMBED_EVERY, Watched
from generation.faces.embedding import SAME_BELOW

_FEWEST = 3


def likeness(watched: Watched) -> list[Measure]:
    """Return mean, largest and drift of the distance between the faces and the photo's."""
    if len(watched.distances) < _FEWEST:
        return []
    frames, values = watched.distances.T
    rate = watched.fps / EMBED_EVERY
    note = f"embedding distance to the photo, every {EMBED_EVERY}th frame; {SAME_BELOW} is another"
    minutes = frames / watched.fps / 60
    return [
        Measure(
            "identity_mean", float(values.mean()), "L2", DOWN, mean_interval(values, rate), note
        ),
        Measure("identity_max", float(values.max()), "L2", DOWN),
        Measure(
            "identity_drift", _slope(minutes, values), "L2/minute", NEITHER,
            interval(lambda at: _slope(minutes[at], values[at]), values.size, rate),
            "slope over the clip; of a short clip it says little",
        ),
    ]  # fmt: skip


def _slope(minutes: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    spread = minutes - minutes.mean()
    total = float((spread**2).sum())
    return float((spread * values).sum() / total) if total > 0 else float("nan")
