"""A trial of a photo: a second of speech is drawn and looked at as those of a finished video are.

Whether lips follow, whether the face is lost and how soft it is drawn depends on the person as much
as on the photo; looking at frames says it, where numbers of the photo alone only guess. They never
leave this process.
"""

from dataclasses import dataclass

import numpy as np

from compliance.permit import Finding
from generation.errors import PortraitError
from generation.evaluation.picture import blur
from generation.faces import Face
from generation.faces.arrays import Floats, Image
from generation.gate.findings import Limits
from generation.mesh import MeshEngine
from generation.motion import Curves
from generation.resident import landmarker

# Those of failure itself.
_LOST = Limits("trial-face", "of the frames", warn=0.0, reject=0.1)
_LIPS = Limits("trial-lips", "correlation", warn=0.86, reject=0.8)
_BLURRED = Limits("trial-blur", "of 1", warn=0.73, reject=0.75)
TRIAL_LIMITS = (_LOST, _LIPS, _BLURRED)
# Where the chin is cut off a video's lips follow less than these do: docs/photo-gate.md.
_LIPS_CUT_OFF = Limits(_LIPS.check, _LIPS.unit, warn=0.95, reject=0.86)
_CUT_OFF = 0.2  # of the landmarks, beyond the picture's edge

SIDE = 512  # px, the frames' width and height
_CLOSE_LOOK = (3, 9, 17)  # frames: lips shut, wide open, open
_SEEN = 0.5  # of the landmarks' score: as a finished video is judged
# A second of read Spanish, as the engine moves to it. The jaw goes its own way, as in speech: where
# it followed the lips, microphones were taken for mouths that open (docs/photo-gate.md).
_EXERCISE = {
    "gap": (
        *(0.39, 0.27, 0.02, 0, 0, 0.57, 0.54, 0.59, 0.72, 0.73, 0.52, 0.32),
        *(0.23, 0.39, 0.54, 0.44, 0.35, 0.45, 0.67, 0.7, 0.52, 0.41, 0.38, 0.39),
    ),
    "jaw": (
        *(0.25, 0.19, 0.16, 0.19, 0.29, 0.37, 0.42, 0.46, 0.48, 0.46, 0.38, 0.3),
        *(0.27, 0.29, 0.32, 0.33, 0.34, 0.38, 0.43, 0.44, 0.4, 0.34, 0.31, 0.29),
    ),
    "close": (
        *(0, 0, 0.79, 1, 1, 0, 0, 0, 0, 0, 0, 0),
        *(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    ),
    "wide": (
        *(0.44, 0.39, 0.3, 0.22, 0.18, 0.17, 0.19, 0.23, 0.27, 0.28, 0.27, 0.26),
        *(0.26, 0.27, 0.27, 0.26, 0.26, 0.27, 0.29, 0.31, 0.3, 0.31, 0.34, 0.38),
    ),
    "round": (
        *(0.21, 0.27, 0.33, 0.38, 0.43, 0.43, 0.39, 0.31, 0.24, 0.18, 0.13, 0.09),
        *(0.06, 0.04, 0.03, 0.03, 0.02, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.23),
    ),
    "protrude": (
        *(0.17, 0.22, 0.27, 0.31, 0.36, 0.37, 0.34, 0.27, 0.21, 0.15, 0.11, 0.08),
        *(0.05, 0.04, 0.03, 0.02, 0.02, 0.02, 0.03, 0.04, 0.06, 0.09, 0.14, 0.21),
    ),
    "tongue": (
        *(0.09, 0.06, 0.05, 0.07, 0.12, 0.22, 0.35, 0.45, 0.41, 0.37, 0.43, 0.46),
        *(0.42, 0.34, 0.36, 0.47, 0.56, 0.57, 0.47, 0.42, 0.5, 0.58, 0.57, 0.43),
    ),
}
_FEWEST = 5  # frames with a face: fewer say nothing of lips


@dataclass(frozen=True)
class Trial:
    """What was seen of the frames.

    Attributes:
        lost: part of them without a face, 0..1.
        follows: Pearson's r of the lips' gap with what was asked for, -1..1.
        blur: of the face, 0 sharp to 1, as :func:`generation.evaluation.picture.blur`.
    """

    lost: float = 1.0
    follows: float = 0.0
    blur: float = 1.0


def tried(rgb: Image, outside: float = 0.0) -> list[Finding]:
    """Judge a trial of a photo.

    Args:
        rgb: (H, W, 3) uint8.
        outside: part of the face's landmarks that lie beyond its edge, 0..1.

    Raises:
        WeightsInvalid: the face networks are not the pinned ones.
    """
    seen = try_out(rgb)
    lost = _LOST.judge(seen.lost)
    if seen.lost == 1.0:  # nothing was seen of lips and sharpness
        return [lost]
    lips = _LIPS_CUT_OFF if outside > _CUT_OFF else _LIPS
    return [lost, lips.judge(seen.follows), _BLURRED.judge(seen.blur)]


def try_out(rgb: Image) -> Trial:
    """Draw a photo (H, W, 3) uint8 RGB for a moment; all is lost where it cannot be drawn.

    Raises:
        WeightsInvalid: the face networks are not the pinned ones.
    """
    size = len(_EXERCISE["gap"])
    moves = {name: np.array(values, np.float32) for name, values in _EXERCISE.items()}
    curves = Curves.rest(size).with_(**moves)
    try:
        drawing = MeshEngine(rgb, SIDE, SIDE, landmarker=landmarker())
    except PortraitError:
        return Trial()
    gaps, close, last = np.full(size, np.nan), [], None
    for index, picture in enumerate(drawing.render(curves)):
        last = _find(picture, last)
        if last is not None:
            gaps[index] = last.mouth_gap()
            if index in _CLOSE_LOOK:
                close.append(blur(picture, last)[0])
    return Trial(
        lost=float(np.isnan(gaps).mean()),
        follows=_followed(gaps, moves["gap"]),
        blur=float(np.mean(close)) if close else 1.0,
    )


def _find(picture: Image, last: Face | None) -> Face | None:
    """Follow the face, or search it anew where it was lost."""
    if last is not None:
        found = landmarker().track(picture, last.points)
        if found.score > _SEEN:
            return found
    return landmarker().landmarks(picture)


def _followed(gaps: Floats, asked: Floats) -> float:
    seen = np.isfinite(gaps)
    if seen.sum() < _FEWEST or np.std(gaps[seen]) < 1e-6:
        return 0.0
    return float(np.corrcoef(gaps[seen], asked[seen])[0, 1])
