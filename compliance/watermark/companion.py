"""The companion of the mark: one level of luma, up or down, where the picture is flat.

Greyscale copies have no Cb. The companion is a pattern of 64x64 signs, drawn for one asset under
one key, that lies still in the luma; it says nothing to somebody who searches blindly, but whoever
asks for a certain asset finds it by correlation (``informed``). Only the flattest third of the
picture carries it: there nothing hides it from the correlation, and VMAF hardly notices.
"""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from compliance.watermark.blocks import Plane, Real
from compliance.watermark.layout import COMPANION_GRID, COMPANION_PLACES

_FLAT = 4.0  # levels of luma: standard deviation within a cell that counts as flat
_ENOUGH = 512  # samples a side: of a larger picture every second one, or fewer, are looked at
_SHARE = 0.3  # of the cells carry it at most; more costs quality and says little


def add_companion(luma: Plane, signs: NDArray[np.int8]) -> None:
    """Move the flat cells of an (H, W) luma plane by one level, in place.

    Args:
        luma: uint8, video range.
        signs: (64, 64) of +1 and -1.
    """
    deviation = cell_statistics(luma)[1]
    flattest = np.partition(deviation.ravel(), int(_SHARE * COMPANION_PLACES))
    limit = min(_FLAT, float(flattest[int(_SHARE * COMPANION_PLACES)]))
    flat = deviation < limit
    rows, columns = (_cells_of(length) for length in luma.shape)
    up, down = ((flat & (signs == sign)).view(np.uint8) for sign in (1, -1))
    cv2.add(luma, up.take(columns, 1).take(rows, 0), dst=luma)
    cv2.subtract(luma, down.take(columns, 1).take(rows, 0), dst=luma)


@cache
def _cells_of(length: int) -> NDArray[np.intp]:
    """Return the cell (length,) that each pixel of a side lies in, as OpenCV takes the nearest."""
    cells = np.arange(COMPANION_GRID, dtype=np.uint8)[None]
    return np.asarray(cv2.resize(cells, (length, 1), interpolation=cv2.INTER_NEAREST)[0], np.intp)


def cell_statistics(luma: NDArray[np.generic]) -> tuple[Real, Real]:
    """Return mean and standard deviation of the (64, 64) cells of a luma plane of any size."""
    apart = max(1, min(luma.shape) // _ENOUGH)
    values = luma[::apart, ::apart].astype(np.float32)
    size = (COMPANION_GRID, COMPANION_GRID)
    mean = np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)
    squares = cv2.resize(values * values, size, interpolation=cv2.INTER_AREA)
    return mean, np.sqrt(np.maximum(squares - mean * mean, 0))
