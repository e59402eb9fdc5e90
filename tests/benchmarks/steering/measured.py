"""What is measured of some drawn frames: lips, likeness, smoothness, where the face stands."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from generation.evaluation.synchrony import moving, shifts
from generation.evaluation.watched import Watched, follow, watch
from generation.portraittalk.structure_drawing import region_masks
from generation.portraittalk.training.vae_check import ENLARGED, enlarged
from tests.benchmarks.steering.held_out import Case, Frames

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
        look: mean difference of colour from the truth beside the face (CIELAB), which is what the
            prompt says: background, clothes and light.
        mouth: the same where the lips are.
    """

    sync: float
    lag: float
    identity: float
    warping: float
    astray: float
    look: float
    mouth: float

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
        look=_colour(case, frames, "face", outside=True),
        mouth=_colour(case, frames, "lips"),
    )


def opening_of(frames: Frames) -> NDArray[np.float64]:
    """Return how far the mouth is open in each frame, cm of a standard head; NaN without a face."""
    last, found = None, []
    for frame in map(enlarged, frames):
        last = follow(frame, last)
        found.append(np.nan if last is None else last.mouth_gap())
    return np.array(found)


def _astray(case: Case, watched: Watched) -> float:
    asked = case.shard.points[case.part.rows][: len(watched.points)].astype(np.float64)
    drawn = watched.points[:, :, :2].astype(np.float64) / ENLARGED
    apart = np.linalg.norm(asked[:, list(_UPPER)] - drawn[:, list(_UPPER)], axis=-1)
    height = np.linalg.norm(asked[:, 10] - asked[:, 152], axis=-1)
    return 100 * float(np.nanmean(apart.mean(1) / height))


def _colour(case: Case, frames: Frames, region: str, *, outside: bool = False) -> float:
    """Return the mean difference of colour from the truth in a region, or beside it."""
    found = []
    points = case.shard.points[case.part.rows].astype(np.float64)
    for drawn, true, at in list(zip(frames, case.truth, points, strict=False))[::5]:
        one, other = (cv2.cvtColor(np.float32(f) / 255, cv2.COLOR_RGB2LAB) for f in (drawn, true))
        where = (region_masks(at, drawn.shape[0])[region] < 0.5) == outside
        found.append(float(np.linalg.norm(one - other, axis=-1)[where].mean()))
    return float(np.mean(found))


def chance(cases: list[Case], openings: list[NDArray[np.float64]]) -> float:
    """Return the mean of what unrelated lips reach: each clip's against the next one's curve."""
    found = []
    for index, opening in enumerate(openings):
        other = cases[(index + 1) % len(cases)].opening[: opening.size]
        found.append(float(shifts(moving(opening[: other.size]), other, FPS).r.max()))
    return float(np.mean(found))
