"""64 bits that stay (nearly) the same when a picture is encoded again."""

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from compliance.fingerprint.kinds import BITS, SIDE, PrintHash, distance

Grey = NDArray[np.float32]


def _lowest() -> NDArray[np.intp]:
    """Return the (64, 2) places of the lowest frequencies of a DCT but the mean, lowest first."""
    places = [(row, column) for row in range(SIDE) for column in range(SIDE) if row or column]
    places.sort(key=lambda place: (place[0] + place[1], place[0]))
    return np.array(places[:BITS])


_PLACES = _lowest()
# What neighbours in frequency say goes to different bands of the index (16 bits each), so that
# each has its share of the certain bits and of the noisy ones.
_ORDER = np.arange(BITS).reshape(16, 4).T.ravel()
_ROWS, _COLUMNS = _PLACES[_ORDER].T
_WEIGHTS = 1 << np.arange(BITS - 1, -1, -1, dtype=np.uint64)


def picture_hash(grey: Grey) -> int:
    """Return the hash of a (32, 32) grey picture: the signs of its 64 lowest frequencies.

    More light or contrast changes no sign; the mean is left out.
    """
    return int(signs(low_frequencies(grey)))


def low_frequencies(grey: Grey) -> Grey:
    """Return the (64,) lowest frequencies of a (32, 32) grey picture, in the order of the hash."""
    return np.asarray(cv2.dct(np.ascontiguousarray(grey, np.float32))[_ROWS, _COLUMNS])


def signs(frequencies: NDArray[np.floating]) -> NDArray[np.uint64]:
    """Return (..., 64) frequencies as 64-bit hashes (...)."""
    return np.asarray(((frequencies > 0) * _WEIGHTS).sum(axis=-1), np.uint64)


def small(luma: NDArray[np.uint8], view: float = 1.0) -> Grey:
    """Return the middle of a (H, W) luma plane as a (32, 32) picture.

    Args:
        luma: the plane.
        view: share of both sides that is kept, above 0 and at most 1.
    """
    height, width = luma.shape
    up, left = round(height * (1 - view) / 2), round(width * (1 - view) / 2)
    part = luma[up : height - up, left : width - left]
    return cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)


def distinct(hashes: Iterable[PrintHash], apart: int) -> list[PrintHash]:
    """Return those hashes that differ from all kept ones of their view in ``apart`` bits or more.

    A face that keeps still gives the same hash many times over; once is enough to find it.
    """
    kept: list[PrintHash] = []
    for each in hashes:
        known = (k for k in kept if (k.kind, k.view) == (each.kind, each.view))
        if all(distance(each.bits, k.bits) >= apart for k in known):
            kept.append(each)
    return kept
