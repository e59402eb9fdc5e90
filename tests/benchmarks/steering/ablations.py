"""Each part switched off at inference, on the same people, voices and seeds.

Everything else weighs what the weights' own `drawing.json` says, as in a production. A weight of 0
leaves an input out to the bit. Differences are of the same clip with and without, so people differ
in neither; intervals are 95 %, clips drawn with replacement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from generation.evaluation.errors import VideoError
from generation.faces.embedding import distance
from generation.portraittalk.clip import Clip
from generation.portraittalk.training.shards import HELD_OUT, shards
from generation.portraittalk.training.vae_check import enlarged
from generation.resident import embedder, landmarker
from tests.benchmarks.steering.held_out import Case, Engine, Frames
from tests.benchmarks.steering.measured import seen

WHOLE = "everything"
NO_DETAIL = "without the photo's detail"
NOBODY = "without the photo's detail and IdentityNet"
UNMOVED = "without the photo's detail and the motion modules"
SWITCHED: dict[str, dict[str, float | bool]] = {
    WHOLE: {},
    NO_DETAIL: {"detail": 0.0},
    NOBODY: {"identity": 0.0, "detail": 0.0},
    "without the motion modules": {"motion": False},
    UNMOVED: {"motion": False, "detail": 0.0},
    "without the voice": {"audio": 0.0},
    "without the drawn face": {"structure": 0.0},
    "without the prompt": {"text": 0.0},
}
DRAWN = "mouth drawn"  # as a production does it: the voice says the mouth of the drawn face as well
LOST = 1.0  # distance of a face that cannot be found any more
_APART = 10  # frames between two whose nearest photo is looked for
_DRAWS = 2000
WEIGHTED = ("text", "identity", "audio", "structure", "detail")
LEVELS = (0.0, 0.5, 1.0, 1.5)


@dataclass(frozen=True)
class Row:
    """One clip, drawn one way.

    Attributes:
        case: its name.
        way: key of :data:`SWITCHED`, :data:`DRAWN` or "truth".
        values: what was measured.
    """

    case: str
    way: str
    values: dict[str, float]


def rows(
    cases: Sequence[Case], engine: Engine, told: Callable[[str], None] = lambda _: None
) -> Iterator[Row]:
    """Draw and measure every case in every way.

    But for :data:`DRAWN` the drawn face has no mouth, and the voice alone moves it.
    """
    whom = gallery(cases)
    for number, case in enumerate(cases):
        yield _row(case, "truth", case.truth, whom)
        yield _row(case, DRAWN, engine.draw(case.clip(mouth=True), seed=number), whom)
        for way, switched in SWITCHED.items():
            weights = engine.weights(**switched)
            frames = engine.draw(case.clip(mouth=False), seed=number, weights=weights)
            yield _row(case, way, frames, whom)
        told(case.name)


def weighted(cases: Sequence[Case], engine: Engine, path: str, level: float) -> Iterator[Row]:
    """Draw and measure every case with one input at so many times its usual weight."""
    changed = {path: level * getattr(engine.sampling.weights, path)}
    if path == "identity":  # the photo's own pixels would stand in for it
        changed["detail"] = 0.0
    weights = engine.weights(**changed)
    yield from drawn(cases, partial(engine.draw, weights=weights))


def drawn(cases: Sequence[Case], draw: Callable[[Clip, int], Frames]) -> Iterator[Row]:
    """Measure every case as it is drawn from a clip and a seed."""
    whom = gallery(cases)
    for number, case in enumerate(cases):
        yield _row(case, WHOLE, draw(case.clip(mouth=False), number), whom)


def gallery(cases: Sequence[Case]) -> dict[str, NDArray[np.float32]]:
    """Return the embedding of the photo of every held-out person of the cases' set, by name."""
    everybody = shards(cases[0].shard.folder.parent, HELD_OUT)
    return {each.about.identity: np.array(each.array("embeddings")[0]) for each in everybody}


def _row(case: Case, way: str, frames: Frames, whom: dict[str, NDArray]) -> Row:
    try:
        values = seen(case, frames).values()
    except VideoError:  # hardly a face to be seen: nothing of it can be right
        values = {"sync": 0.0, "identity": LOST}
    found = [nearest(frame, whom) == case.shard.about.identity for frame in frames[::_APART]]
    return Row(case.name, way, values | {"top1": float(np.mean(found))})


def nearest(frame: NDArray[np.uint8], whom: dict[str, NDArray]) -> str | None:
    """Return whose photo a frame is nearest to, or None where it shows no face."""
    large = enlarged(frame)
    face = landmarker().landmarks(large)
    if face is None:
        return None
    shown = embedder()(large, face)
    return min(whom, key=lambda name: distance(shown, whom[name]))


def mean(found: Sequence[Row], way: str, name: str) -> tuple[float, tuple[float, float]]:
    """Return the mean of a measure over clips drawn one way, and its interval."""
    return _summed(_of(found, way, name))


def change(
    found: Sequence[Row], way: str, name: str, whole: str = WHOLE
) -> tuple[float, tuple[float, float]]:
    """Return how a measure changes by switching something off, pair by pair."""
    with_it, without = (_pairs(found, each, name) for each in (whole, way))
    both = sorted(with_it.keys() & without.keys())
    return _summed(np.array([without[case] - with_it[case] for case in both]))


def ratio(found: Sequence[Row], name: str, way: str = WHOLE) -> tuple[float, tuple[float, float]]:
    """Return a measure of drawn clips over the truth's own, clips drawn with replacement."""
    drawn, true = (_pairs(found, each, name) for each in (way, "truth"))
    both = sorted(drawn.keys() & true.keys())
    one, other = (np.array([each[case] for case in both]) for each in (drawn, true))
    at = _draws(len(both))
    low, high = np.percentile(one[at].mean(1) / other[at].mean(1), [2.5, 97.5])
    return float(one.mean() / other.mean()), (float(low), float(high))


def _of(found: Sequence[Row], way: str, name: str) -> NDArray[np.float64]:
    return np.array(list(_pairs(found, way, name).values()), np.float64)


def _pairs(found: Sequence[Row], way: str, name: str) -> dict[str, float]:
    every = {row.case: row.values.get(name, np.nan) for row in found if row.way == way}
    return {case: value for case, value in every.items() if np.isfinite(value)}


def _summed(values: NDArray[np.float64]) -> tuple[float, tuple[float, float]]:
    if not values.size:
        return float("nan"), (float("nan"), float("nan"))
    low, high = np.percentile(values[_draws(values.size)].mean(1), [2.5, 97.5])
    return float(values.mean()), (float(low), float(high))


def _draws(count: int) -> NDArray[np.int64]:
    return np.random.default_rng(0).integers(0, count, (_DRAWS, count))
