"""Lay a clip beside its original: from which second on it is, and how alike the two are.

People who speak keep still: what tells one second from another is how little things move. So the
mean of each picture point over time is taken off, and the movements are correlated for every
offset at once (normalised cross-correlation; J. P. Lewis, 1995).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from compliance.fingerprint.kinds import SIDE, VIEWS
from compliance.fingerprint.pictures import RATE, SmallPictures

_STILL = 1e-3  # variance of movement below which there is none to compare
_LIKE = 0.8  # correlation of the pictures themselves: another portrait stays below
_MOVES_LIKE = 0.3  # correlation of the movements
_STILL_LEAST = 0.95  # of the picture, where there is no movement to go by

Moving = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a picture, in shares of its sides; below 0 or beyond 1 there is nothing."""

    left: float
    top: float
    across: float
    down: float

    @classmethod
    def middle(cls, share: float) -> Self:
        """Return the part around the middle that has this share of both sides."""
        return cls((1 - share) / 2, (1 - share) / 2, share, share)


WHOLE = Part(0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a clip lies in an original.

    Attributes:
        seconds: of the original, at which the clip begins (below 0 if it begins before it).
        likeness: correlation of the pictures, -1 to 1.
        movement: correlation of the movements, -1 to 1; None for a photo or a still clip.
        view: index into VIEWS: how much of the original's picture it shows.
        mirrored: it is the mirror image.
    """

    seconds: float
    likeness: float
    movement: float | None
    view: int
    mirrored: bool

    @property
    def holds(self) -> bool:
        """Say whether this is enough to name the original."""
        if self.movement is None:
            return self.likeness >= _STILL_LEAST
        return self.likeness >= _LIKE and self.movement >= _MOVES_LIKE

    @property
    def score(self) -> float:
        """Return how good a placement is beside others, 0 to 1."""
        return max(0.0, self.likeness) * max(0.0, 1.0 if self.movement is None else self.movement)


def place(
    clip: SmallPictures,
    original: SmallPictures,
    *,
    view: int = 0,
    part: Part | None = None,
    mirrored: bool = False,
) -> Placement:
    """Return the best place of a clip within an original.

    Args:
        clip: (n, 32, 32) small pictures, ten a second; one for a photo.
        original: (m, 32, 32), the same of the original.
        view: of VIEWS, what the clip shows of it: a part around the middle.
        part: what it shows of it, where that is known better.
        mirrored: compare with the mirror image.
    """
    seen = _cut(original, part or Part.middle(VIEWS[view]), mirrored)
    ours, theirs = _normal(clip), _normal(seen)
    if len(ours) == 1:
        return _photo(ours, theirs, view, mirrored)
    offset, movement = _offset(ours, theirs)
    start = max(0, offset)
    theirs_then = theirs[start : offset + len(ours)]
    ours_then = ours[start - offset : start - offset + len(theirs_then)]
    likeness = float(np.mean(np.sum(ours_then * theirs_then, axis=1)))
    return Placement(offset / RATE, likeness, movement, view, mirrored)


def _cut(pictures: SmallPictures, part: Part, mirrored: bool) -> SmallPictures:
    """Return what a crop and a mirror would have left of small pictures."""
    if part != WHOLE:
        rows, columns = _linear(part.top, part.down), _linear(part.left, part.across)
        seen = rows @ pictures.astype(np.float32) @ columns.T
        pictures = np.asarray(np.rint(seen), np.uint8)
    return pictures[:, :, ::-1] if mirrored else pictures


def _linear(start: float, share: float) -> NDArray[np.float32]:
    """Return the (32, 32) weights that stretch a part of a line to the whole of it."""
    places = SIDE * start + (np.arange(SIDE) + 0.5) * share - 0.5
    weights = np.maximum(0, 1 - np.abs(places[:, None] - np.arange(SIDE)))
    return np.asarray(weights, np.float32)


def _normal(pictures: SmallPictures) -> Moving:
    """Return (n, 1024) pictures of mean 0 and length 1: light and contrast are taken off."""
    flat = pictures.reshape(len(pictures), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    return np.asarray(flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), _STILL))


def _photo(ours: Moving, theirs: Moving, view: int, mirrored: bool) -> Placement:
    likeness = theirs @ ours[0]
    at = int(likeness.argmax())
    return Placement(at / RATE, float(likeness[at]), None, view, mirrored)


def _offset(ours: Moving, theirs: Moving) -> tuple[int, float | None]:
    """Return the offset at which movements correlate best, and how well; half may hang over."""
    a, b = ours - ours.mean(axis=0), theirs - theirs.mean(axis=0)
    if float(np.sum(a * a)) < _STILL or float(np.sum(b * b)) < _STILL:
        return _offset_still(ours, theirs), None
    least = -(-len(ours) // 2)
    offsets = range(least - len(ours), max(len(theirs) - least, 0) + 1)
    together = a @ b.T  # (n, m): every picture of the clip with every one of the original
    own, other = np.sum(a * a, axis=1), np.sum(b * b, axis=1)
    best, found = -2.0, 0
    for offset in offsets:
        start, end = max(0, offset), min(len(theirs), offset + len(ours))
        first = start - offset
        count = end - start
        product = float(np.trace(together[first : first + count, start:end]))
        norm = float(own[first : first + count].sum() * other[start:end].sum()) ** 0.5
        value = product / max(norm, _STILL)
        if value > best:
            best, found = value, offset
    return found, best


def _offset_still(ours: Moving, theirs: Moving) -> int:
    return int((theirs @ ours.mean(axis=0)).argmax())
