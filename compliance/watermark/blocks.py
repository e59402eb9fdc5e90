"""The signal: the top singular value of 8x8 blocks of the Cb plane, seen at 256x256.

This is the geometry of invisible-watermark's dwtDctSvd (channel U, scale 60, block 8, a
512x512 picture) written for the planes of yuv420p:

- one Haar step on a 512x512 U plane that was upsampled from Cb gives 2 * U at 256x256, so
  the subsampled plane itself is the LL band and no wavelet is needed;
- the library's DCT is orthonormal and leaves singular values alone, so it is left out;
- U is around 256 in this band and varies little within a block, so the root of the sum of squares
  is the top singular value but for 0.4 at a deviation of 5 and 6 at 20, of a step of 60: no
  decomposition is needed either, and multiplying a block multiplies its singular values.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from compliance.errors import InvalidInput
from compliance.watermark.layout import GRID, POSITIONS

BLOCK = 8
SIDE = GRID * BLOCK  # 256: the canonical Cb plane of a 512x512 picture
STEP = 60.0  # quantisation step of the singular value; 3.8 levels of Cb
# A small picture has few chroma samples a block, and an encoder at CRF 28 washes out a fine step.
SMALL_STEP = 120.0
SMALL_SIDE = 480  # pixels of luma; pictures with a shorter side get the coarse step
MINIMUM_SIDE = 256  # pixels of luma; below, too few chroma samples are left for a block
# OpenCV's U (what the library reads) per level of Cb in BT.601 video range: 0.492 * 1.772 * 255/224
U_PER_CB = 0.9923
NEUTRAL = 128.0
_LOWEST, _HIGHEST = 16, 240  # Cb in video range

Plane = NDArray[np.uint8]
Real = NDArray[np.float32]


def check_size(width: int, height: int) -> None:
    """Refuse frames that cannot carry the mark.

    Raises:
        InvalidInput: a side is odd or shorter than 256 pixels.
    """
    if width % 2 or height % 2 or min(width, height) < MINIMUM_SIDE:
        raise InvalidInput(
            f"A frame of {width}x{height} cannot carry the mark.",
            code="frame-size",
            remedy=f"Use even sides of at least {MINIMUM_SIDE} pixels.",
        )


def step_for(width: int, height: int) -> float:
    """Return the quantisation step for frames of a size."""
    return SMALL_STEP if min(width, height) < SMALL_SIDE else STEP


def luma_plane(frame: Plane) -> Plane:
    """Return an (H, W) view of the luma of a yuv420p frame of shape (H*3/2, W)."""
    return frame[: frame.shape[0] * 2 // 3]


def cb_plane(frame: Plane) -> Plane:
    """Return a (H/2, W/2) view of the Cb plane of a yuv420p frame of shape (H*3/2, W).

    Raises:
        InvalidInput: the array has another layout.
    """
    rows, width = frame.shape
    if frame.dtype != np.uint8 or not frame.flags.c_contiguous or rows % 3:
        raise InvalidInput(
            f"Not a planar yuv420p frame: {frame.shape} {frame.dtype}.", code="frame-layout"
        )
    height = rows // 3 * 2
    luma, chroma = height * width, height * width // 4
    return frame.reshape(-1)[luma : luma + chroma].reshape(height // 2, width // 2)


def cr_plane(frame: Plane) -> Plane:
    """Return a (H/2, W/2) view of the Cr plane of a yuv420p frame of shape (H*3/2, W)."""
    return frame.reshape(-1)[frame.size * 5 // 6 :].reshape(cb_plane(frame).shape)


def canonical(cb: Plane) -> Real:
    """Return a Cb plane of any size as the (256, 256) LL band of U."""
    values = cb.astype(np.float32)
    if cb.shape != (SIDE, SIDE):
        values = resized(values, SIDE, SIDE)
    return to_band(values)


def to_band(values: Real) -> Real:
    """Turn levels of Cb into the LL band of U, in place."""
    values *= 2 * U_PER_CB
    values += 2 * NEUTRAL * (1 - U_PER_CB)
    return values


def add_to_plane(cb: Plane, delta: Real) -> None:
    """Add a (256, 256) change of the LL band to a Cb plane of any size, in place."""
    change = delta * np.float32(1 / (2 * U_PER_CB))
    if cb.shape != (SIDE, SIDE):
        change = resized(change, cb.shape[1], cb.shape[0])
    np.rint(change + cb, out=change)
    np.clip(change, _LOWEST, _HIGHEST, out=change)
    cb[:] = change


def resized(values: Real, width: int, height: int) -> Real:
    """Return ``values`` in another size, averaging where it shrinks and interpolating where not."""
    for size in ((width, values.shape[0]), (width, height)):  # an axis may grow, the other shrink
        if size != values.shape[::-1]:
            shrinks = size[0] * size[1] < values.size
            how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            values = np.asarray(cv2.resize(values, size, interpolation=how), np.float32)
    return values


def singular_values(band: Real) -> Real:
    """Return the (32, 32) top singular values of the blocks of a (256, 256) band."""
    squares = cv2.resize(band * band, (GRID, GRID), interpolation=cv2.INTER_AREA)
    values: Real = BLOCK * np.sqrt(squares)
    return values


def over_blocks(values: Real) -> Real:
    """Return (32, 32) values, one a block, spread over a (256, 256) band."""
    spread = cv2.resize(values, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
    return np.asarray(spread, np.float32)


def read_values(cb: Plane) -> Real:
    """Return the (1024,) values that a Cb plane of any size says, as it lies."""
    return singular_values(canonical(cb)).reshape(POSITIONS)
