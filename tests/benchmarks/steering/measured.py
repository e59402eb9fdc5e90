"""What is measured of some drawn frames: lips, likeness, smoothness, where the face stands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generation.evaluation.synchrony import moving, shifts
from generation.evaluation.watched import Watched, watch
from tests.benchmarks.steering.held_out import ENLARGED, Case, Frames, enlarged

FPS = 25.0


@dataclass(frozen=True)
class Seen:
    """Numbers of one clip.

    Attributes:
        sync: best correlation of the measured opening with the asked one, within 0.6 s.
        lag: frames at which it is best; positive: lips late.
        identity: mean distance of the faces' embeddings from the photo's.
        warping: what optical flow between neighbours does not explain, 1/1000.
        astray: mean distance of upper-face landmarks from where they were asked, % of face height.
    """

    sync: float
    lag: float
    identity: float
    warping: float
    astray: float

    def values(self) -> dict[str, float]:
        """Return the numbers by name."""
        return dict(vars(self))


_UPPER = (33, 133, 362, 263, 70, 105, 107, 336, 334, 300, 6, 4)  # eyes, brows, nose


def seen(case: Case, frames: Frames) -> Seen:
    """Measure frames of a case.

    Raises:
        VideoError: hardly one of them shows a face.
    """
    watched = watch(map(enlarged, frames), FPS, enlarged(case.photo))
    asked = case.opening[: len(frames)]
    found = shifts(moving(watched.gap), asked, FPS)
    best = int(np.argmax(found.r))
    return Seen(
        sync=float(found.r[best]),
        lag=found.lag,
        identity=float(watched.distances[:, 1].mean()),
        warping=1000 * float(np.nanmean(watched.warp)),
        astray=_astray(case, watched),
    )


def _astray(case: Case, watched: Watched) -> float:
    asked = case.shard.points[case.part.rows][: len(watched.points)].astype(np.float64)
    drawn = watched.points[:, :, :2].astype(np.float64) / ENLARGED
    apart = np.linalg.norm(asked[:, list(_UPPER)] - drawn[:, list(_UPPER)], axis=-1)
    height = np.linalg.norm(asked[:, 10] - asked[:, 152], axis=-1)
    return 100 * float(np.nanmean(apart.mean(1) / height))


def chance(cases: list[Case], openings: list[NDArray[np.float64]]) -> float:
    """Return the mean of what unrelated lips reach: each clip's against the next one's curve."""
    found = []
    for index, opening in enumerate(openings):
        other = cases[(index + 1) % len(cases)].opening[: opening.size]
        found.append(float(shifts(moving(opening[: other.size]), other, FPS).r.max()))
    return float(np.mean(found))
