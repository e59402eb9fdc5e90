"""A trial of a photo: a second of speech is drawn and looked at as those of a finished video are.

Whether lips follow, whether the face is lost, how soft it is drawn and whether somebody who laughs
is still themself with lips that speak depends on the person as much as on the photo; looking at
frames says it, where numbers of the photo alone only guess. They never leave this process.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from compliance.permit import Finding
from generation.errors import PortraitError
from generation.evaluation.picture import blur
from generation.faces import Face
from generation.faces.arrays import Floats, Image
from generation.faces.embedding import distance
from generation.gate.findings import Limits
from generation.mesh import MeshEngine
from generation.motion import Curves
from generation.resident import embedder, landmarker

# Those of failure itself; lips are tried for less long than they are judged: docs/photo-gate.md.
_LOST = Limits("trial-face", "of the frames", warn=0.0, reject=0.1)
_LIPS = Limits("trial-lips", "correlation", warn=0.88, reject=0.84)
_BLURRED = Limits("trial-blur", "of 1", warn=0.73, reject=0.756)
_UNLIKE = Limits("trial-likeness", "distance", warn=0.345, reject=0.375)
TRIAL_LIMITS = (_LOST, _LIPS, _BLURRED, _UNLIKE)
# What the photo has lost of the face and what speaking changes of it add as squares do. Fitted to
# clips of sixteen portraits, made worse and drawn: docs/photo-gate.md.
_LOST_BEFORE, _CHANGED, _OFFSET = 1.26, 0.80, -0.047

SIDE = 512  # px, the frames' width and height
_SEEN = 0.5  # of the landmarks' score: as a finished video is judged
# Three mouths to look at closely (shut, wide open, open), and a second and a quarter of read
# English as engine 2.12 moved to it, head and all: why these is in decision 113.
_EXERCISE = Path(__file__).with_name("exercise.json")
_CLOSELY = 3  # frames, the first ones
_FEWEST = 5  # frames with a face: fewer say nothing of lips


@dataclass(frozen=True)
class Trial:
    """What was seen of the frames.

    Attributes:
        lost: part of them without a face, 0..1.
        follows: Pearson's r of the lips' gap with what was asked for, -1..1.
        blur: of the face, 0 sharp to 1, as :func:`generation.evaluation.picture.blur`.
        unlike: mean distance of the faces' embeddings from that of the photo's own face.
    """

    lost: float = 1.0
    follows: float = 0.0
    blur: float = 1.0
    unlike: float = 0.0


def tried(rgb: Image, face: Face, foretold: float) -> list[Finding]:
    """Judge a trial of a photo.

    Args:
        rgb: (H, W, 3) uint8.
        face: found in it.
        foretold: distance of a usual video's face from the person's, by the photo alone
            (:func:`generation.gate.likeness.foretell`).

    Raises:
        WeightsInvalid: the face networks are not the pinned ones.
    """
    seen = try_out(rgb, face)
    lost = _LOST.judge(seen.lost)
    if seen.lost == 1.0:  # nothing was seen of lips and sharpness
        return [lost]
    return [
        lost,
        _LIPS.judge(seen.follows),
        _BLURRED.judge(seen.blur),
        _UNLIKE.judge(apart(foretold, seen.unlike)),
    ]


def apart(foretold: float, unlike: float) -> float:
    """Return how far the face of this person's video would be from theirs.

    What is foretold knows photos and not how much this face changes when it speaks: one that laughs
    becomes another one with lips shut, which the trial shows.
    """
    squared = _LOST_BEFORE * foretold**2 + _CHANGED * unlike**2 + _OFFSET
    return float(np.sqrt(max(squared, 0.0)))


def try_out(rgb: Image, face: Face) -> Trial:
    """Draw a photo (H, W, 3) uint8 RGB of a face for a moment; all is lost where it cannot be.

    Raises:
        WeightsInvalid: the face networks are not the pinned ones.
    """
    curves = _exercise()
    try:
        drawing = MeshEngine(rgb, SIDE, SIDE, landmarker=landmarker())
    except PortraitError:
        return Trial()
    own, gaps = embedder()(rgb, face), np.full(len(curves), np.nan)
    close: list[tuple[float, float]] = []
    last = None
    for index, picture in enumerate(drawing.render(curves)):
        last = _find(picture, last)
        if last is not None:
            gaps[index] = last.mouth_gap()
            if index < _CLOSELY:
                far = distance(embedder()(picture, last), own)
                close.append((blur(picture, last)[0], far))
    soft, unlike = np.mean(close, 0) if close else (1.0, 0.0)
    return Trial(
        lost=float(np.isnan(gaps).mean()),
        follows=_followed(gaps[_CLOSELY:], curves.gap[_CLOSELY:]),
        blur=float(soft),
        unlike=float(unlike),
    )


@cache
def _exercise() -> Curves:
    moves = json.loads(_EXERCISE.read_text("utf-8"))
    values = {name: np.array(each, np.float32) for name, each in moves.items()}
    return Curves.rest(len(values["gap"])).with_(**values)


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
