"""A trial of a photo: a dozen frames are drawn and looked at as those of a finished video are.

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

# Those of failure itself, but for lips: a dozen frames say a little less than forty.
_LOST = Limits("trial-face", "of the frames", warn=0.0, reject=0.1)
_LIPS = Limits("trial-lips", "correlation", warn=0.88, reject=0.84)
_BLURRED = Limits("trial-blur", "of 1", warn=0.73, reject=0.75)
TRIAL_LIMITS = (_LOST, _LIPS, _BLURRED)

SIDE = 512  # px, the frames' width and height
_CLOSE_LOOK = (1, 4, 9)  # frames: lips shut, wide open, open
_SEEN = 0.5  # of the landmarks' score: as a finished video is judged
# Pressed, spread, round and open, as speech mixes them. Units as in Curves.
_EXERCISE = {
    "gap": (0, 0, 0.15, 0.35, 0.5, 0.3, 0.1, 0, 0.25, 0.45, 0.35, 0.05),
    "jaw": (0.1, 0.1, 0.2, 0.3, 0.4, 0.3, 0.2, 0.1, 0.25, 0.35, 0.3, 0.15),
    "close": (1, 0.5, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0),
    "wide": (0.2, 0.2, 0.3, 0.4, 0.4, 0.2, 0.1, 0.1, 0.2, 0.3, 0.3, 0.2),
    "round": (0, 0, 0, 0, 0, 0.3, 0.5, 0.4, 0.2, 0, 0, 0),
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


def tried(rgb: Image) -> list[Finding]:
    """Judge a trial of a photo (H, W, 3) uint8 RGB.

    Raises:
        WeightsInvalid: the face networks are not the pinned ones.
    """
    seen = try_out(rgb)
    lost = _LOST.judge(seen.lost)
    if seen.lost == 1.0:  # nothing was seen of lips and sharpness
        return [lost]
    return [lost, _LIPS.judge(seen.follows), _BLURRED.judge(seen.blur)]


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
