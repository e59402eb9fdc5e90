"""A joint metric of our own: S space, T time, A audio, and their combination.

S and T are Frechet distances (Dowson and Landau 1982) between normal distributions fitted to the
face's shape and to how it moves, against a reference video; A is how well the lips follow what the
judge hears, less what they move in silence. It is no published metric and bears no name of one.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import sqrtm  # type: ignore[import-untyped]

from generation.evaluation.measures import DOWN, NEITHER, UP, Measure
from generation.evaluation.movement import head_jerk, head_points
from generation.evaluation.watched import Watched
from generation.faces import topology

_VERTICES = (
    *(61, 291, 13, 14, 0, 17, 78, 308, 81, 311, 178, 402),  # lips
    *(33, 133, 159, 145, 263, 362, 386, 374),  # eyes
    *(70, 105, 107, 300, 334, 336, topology.CHIN),  # brows, chin
)
_WINDOW = 5  # frames over which movement is taken
_RIDGE = 1e-4  # cm squared, on the covariances: short clips fill few directions
_SPACE, _TIME = 0.5, 1.0  # cm and cm/s at which a score has fallen to 1/e
_SILENCE = 4.0  # cm/s of the lips in silence at which A has fallen to 1/e


def joint(watched: Watched, reference: Watched | None, *, r: float, idle: float) -> list[Measure]:
    """Return S, T, A and their combination.

    Args:
        watched: the video.
        reference: another video of the same person or speech, real if there is one.
        r: best correlation of the opening with what the judge hears.
        idle: speed of the lips in silence, cm/s; NaN where there is none.
    """
    quiet = float(np.exp(-(idle if np.isfinite(idle) else 0.0) / _SILENCE))
    follows = max(0.0, r) * quiet
    audio = Measure("joint_A", follows, "0..1", UP, note="best r with the judge, times stillness")
    if reference is None:
        note = "needs a reference video (--reference)"
        missing = [Measure(name, np.nan, "", note=note) for name in ("joint_S", "joint_T", "joint")]
        return [*missing[:2], audio, missing[2]]
    space = frechet(_shapes(watched), _shapes(reference))
    time = frechet(_velocities(watched), _velocities(reference))
    ratio = _rms(head_jerk(watched)) / max(_rms(head_jerk(reference)), 1e-9)
    parts = (np.exp(-space / _SPACE), np.exp(-time / _TIME) / max(ratio, 1 / ratio), follows)
    whole = float(np.prod(parts) ** (1 / 3))
    return [
        Measure("joint_S", space, "cm", DOWN, note="Frechet distance of shapes to the reference"),
        Measure("joint_T", time, "cm/s", DOWN, note="Frechet distance of velocities"),
        Measure("jerk_ratio", ratio, "ratio", NEITHER, note="jerk to the reference's; 1 is alike"),
        audio,
        Measure("joint", whole, "0..1", UP, note="geometric mean of the three as scores"),
    ]


def frechet(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the Frechet distance of two samples (n, d), (m, d) as normal distributions."""
    means, spreads = [], []
    for sample in (one, other):
        means.append(sample.mean(0))
        spreads.append(np.cov(sample.T) + _RIDGE * np.eye(sample.shape[1]))
    root = np.real(sqrtm(spreads[0] @ spreads[1]))
    squared = ((means[0] - means[1]) ** 2).sum() + np.trace(spreads[0] + spreads[1] - 2 * root)
    return float(np.sqrt(max(squared, 0.0) / one.shape[1]))


def _shapes(watched: Watched) -> NDArray[np.float64]:
    """Return (n, 2 * vertices) cm, the head's place, tilt and size taken out."""
    points = head_points(watched, _VERTICES)
    return _rows(points)


def _velocities(watched: Watched) -> NDArray[np.float64]:
    """Return (n, 2 * vertices) cm/s over windows of a few frames."""
    points = head_points(watched, _VERTICES)
    return _rows((points[_WINDOW - 1 :] - points[: 1 - _WINDOW]) * watched.fps / (_WINDOW - 1))


def _rows(points: NDArray[np.float64]) -> NDArray[np.float64]:
    rows = points.reshape(len(points), -1)
    return rows[np.isfinite(rows).all(1)]


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.nanmean(values**2)))
