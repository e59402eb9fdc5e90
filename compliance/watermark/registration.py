"""Lay a copy over the release that it may have come from.

Features (SIFT, Lowe 2004) matched over several moments give a homography by a robust estimate; the
correlation coefficient is then raised directly (ECC, Evangelidis and Psarakis 2008). Both see luma
alone, and only whether the pictures are alike: they know nothing of the mark.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from compliance.watermark.blocks import Plane, Real
from compliance.watermark.reference import Reference

_FEATURES = 1500
_RATIO = 0.8  # of the distances of the nearest and the second nearest feature
_LEAST = 12  # matches that a homography stands on
_NEAR = 3.0  # pixels of the copy within which a match agrees
_MOMENTS, _ORIGINALS = 3, 6  # pictures of each that are compared
_ALIKE = 0.5  # correlation from which two pictures show the same thing
_SURE = 0.9  # correlation at which nothing else is tried
_PASSES = 2  # of raising it: what agrees is known better after the first
_BLUR = 5  # pixels, of both pictures before their correlation is raised
_SHOWN = 0.2  # of the original has to be seen
_OUTLYING = 5.0  # times the median difference: something else lies there
_STEPS = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 50, 1e-5)

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Registration:
    """How a copy lies over a release.

    Attributes:
        homography: (3, 3), from pixels of the reference's pictures to those of the copy.
        likeness: correlation of both lumas where they overlap, 1 is the same.
    """

    homography: Matrix
    likeness: float


def register(lumas: Sequence[Plane], reference: Reference) -> Registration | None:
    """Return how a copy lies over the release, None if they do not show the same.

    Args:
        lumas: of the copy, (h, w) uint8 of one size, spread over it.
        reference: of the release.
    """
    width = lumas[0].shape[1]
    copies = [lumas[i] for i in _spread(len(lumas), _MOMENTS)]
    pictures = [reference.pictures[i] for i in _spread(len(reference.pictures), _ORIGINALS)]
    originals = [picture[: picture.shape[0] * 2 // 3] for picture in pictures]
    mirror = np.array([[-1.0, 0, width - 1], [0, 1, 0], [0, 0, 1]])
    best: Registration | None = None
    for mirrored in (False, True):
        seen = [np.ascontiguousarray(c[:, ::-1]) for c in copies] if mirrored else copies
        for start in _starts(originals, seen):
            found = _closely(start, originals, seen)
            if best is None or found.likeness > best.likeness:
                homography = mirror @ found.homography if mirrored else found.homography
                best = Registration(homography, found.likeness)
        if best is not None and best.likeness > _SURE:
            return best
    return best if best is not None and best.likeness > _ALIKE else None


def _spread(count: int, most: int) -> list[int]:
    places = np.linspace(0, count - 1, min(most, count))
    return [int(place) for place in places]


def _starts(originals: Sequence[Plane], copies: Sequence[Plane]) -> list[Matrix]:
    """Return where the whole picture would lie, and where its features lie."""
    across, down = np.array(copies[0].shape[::-1]) / originals[0].shape[::-1]
    whole = np.array([[across, 0, across / 2 - 0.5], [0, down, down / 2 - 0.5], [0, 0, 1]])
    found = _by_features(originals, copies)
    return [whole] if found is None else [found, whole]


def _by_features(originals: Sequence[Plane], copies: Sequence[Plane]) -> Matrix | None:
    """Return the homography that most matches of all moments agree on."""
    sift = cv2.SIFT.create(_FEATURES, contrastThreshold=0.01)
    there = [sift.detectAndCompute(plane, None) for plane in originals]
    here = [sift.detectAndCompute(plane, None) for plane in copies]
    pairs = [pair for one in here for pair in max((_matched(o, one) for o in there), key=len)]
    if len(pairs) < _LEAST:
        return None
    points = np.array(pairs, np.float32)
    homography, agree = cv2.findHomography(points[:, 0], points[:, 1], cv2.USAC_MAGSAC, _NEAR)
    if homography is None or int(agree.sum()) < _LEAST:
        return None
    return np.asarray(homography, np.float64)


def _matched(original: tuple, copy: tuple) -> list[tuple]:  # type: ignore[type-arg]
    """Return pairs of points whose features are near each other and near no other."""
    if original[1] is None or copy[1] is None or len(original[1]) < 2:
        return []
    pairs = []
    for near, *others in cv2.BFMatcher().knnMatch(copy[1], original[1], k=2):
        if others and near.distance < _RATIO * others[0].distance:
            pairs.append((original[0][near.trainIdx].pt, copy[0][near.queryIdx].pt))
    return pairs


def _closely(start: Matrix, originals: Sequence[Plane], copies: Sequence[Plane]) -> Registration:
    """Raise the correlation of the two pictures that are most alike: what moves moved least."""
    pairs = [(original, copy) for copy in copies for original in originals]
    compared = [_compare(start, *pair) for pair in pairs]
    nearest = max(range(len(pairs)), key=lambda i: compared[i][0])
    (original, copy), (likeness, agree) = pairs[nearest], compared[nearest]
    best = Registration(start, likeness)
    for _ in range(_PASSES):
        moved = _raised(best.homography, original, copy, agree)
        if moved is None:
            break
        likeness, agree = _compare(moved, original, copy)
        if likeness <= best.likeness:
            break
        best = Registration(moved, likeness)
    return best


def _raised(start: Matrix, original: Plane, copy: Plane, agree: NDArray[np.bool_]) -> Matrix | None:
    """Return the homography near ``start`` at which the agreeing parts correlate most."""
    size, motion = copy.shape[::-1], cv2.MOTION_HOMOGRAPHY
    mask = agree.astype(np.uint8) * 255
    shown = cv2.warpPerspective(mask, start, size, flags=cv2.INTER_NEAREST)
    try:
        first = start.astype(np.float32)
        moved = cv2.findTransformECC(original, copy, first, motion, _STEPS, shown, _BLUR)[1]
    except cv2.error:  # it did not converge
        return None
    return np.asarray(moved, np.float64)


def _compare(homography: Matrix, original: Plane, copy: Plane) -> tuple[float, NDArray[np.bool_]]:
    """Return how alike they are where they agree, and where that is: captions lie over copies."""
    size = original.shape[::-1]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpPerspective(copy, homography, size, flags=flags)
    shown: Real = np.asarray(warped).astype(np.float32)
    inside = cv2.warpPerspective(np.full_like(copy, 255), homography, size, flags=flags) > 250
    agree = inside & _agrees(original.astype(np.float32), shown, inside)
    if agree.mean() < _SHOWN:
        return 0.0, agree
    one, other = original[agree], shown[agree]
    if one.std() < 1 or other.std() < 1:
        return 0.0, agree
    return float(np.corrcoef(one, other)[0, 1] * np.sqrt(agree.mean())), agree


def _agrees(original: Real, shown: Real, inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say where a straight line from one luma to the other holds, apart from what stands out."""
    agree = inside
    for _ in range(3):
        if agree.mean() < _SHOWN or original[agree].std() < 1:
            break
        gain, shift = np.polyfit(original[agree], shown[agree], 1)
        off = np.abs(shown - gain * original - shift)
        agree = inside & (off < max(3.0, _OUTLYING * float(np.median(off[inside]))))
    return agree
