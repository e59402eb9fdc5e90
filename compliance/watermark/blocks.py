"""The signal: the top singular value of 8x8 blocks of the Cb plane, seen at 256x256.

This is the geometry of invisible-watermark's dwtDctSvd (channel U, scale 72, block 8, a
512x512 picture) written for the planes of yuv420p:

- one Haar step on a 512x512 U plane that was upsampled from Cb gives 2 * U at 256x256, so
  the subsampled plane itself is the LL band and no wavelet is needed;
- the library's DCT is orthonormal and leaves singular values alone, so it is left out.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from compliance.errors import InvalidInput
from compliance.watermark.layout import GRID, POSITIONS

BLOCK = 8
SIDE = GRID * BLOCK  # 256: the canonical Cb plane of a 512x512 picture
STEP = 72.0  # quantisation step of the singular value; 4.5 levels of Cb
# A small picture has few chroma samples a block, and an encoder at CRF 28 washes out a fine step.
SMALL_STEP = 108.0
SMALL_SIDE = 480  # pixels of luma; pictures with a shorter side get the coarse step
MINIMUM_SIDE = 256  # pixels of luma; below, too few chroma samples are left for a block
# OpenCV's U (what the library reads) per level of Cb in BT.601 video range: 0.492 * 1.772 * 255/224
_U_PER_CB = 0.9923
_NEUTRAL = 128.0
_LOWEST, _HIGHEST = 16, 240  # Cb in video range
_ITERATIONS = 3  # blocks are non-negative, so the power iteration starts next to its goal

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


def canonical(cb: Plane) -> Real:
    """Return a Cb plane of any size as the (256, 256) LL band of U."""
    values = cb.astype(np.float32)
    if cb.shape != (SIDE, SIDE):
        values = resized(values, SIDE, SIDE)
    values -= _NEUTRAL
    values *= 2 * _U_PER_CB
    values += 2 * _NEUTRAL
    return values


def add_to_plane(cb: Plane, delta: Real) -> None:
    """Add a (256, 256) change of the LL band to a Cb plane of any size, in place."""
    change = delta * np.float32(1 / (2 * _U_PER_CB))
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


def to_blocks(band: Real) -> Real:
    """Return a (256, 256) band as (1024, 8, 8) blocks, row by row."""
    parts = band.reshape(GRID, BLOCK, GRID, BLOCK).swapaxes(1, 2)
    return np.ascontiguousarray(parts).reshape(POSITIONS, BLOCK, BLOCK)


def from_blocks(blocks: Real) -> Real:
    """Return (1024, 8, 8) blocks as a (256, 256) band."""
    return blocks.reshape(GRID, GRID, BLOCK, BLOCK).swapaxes(1, 2).reshape(SIDE, SIDE)


def top_singular(blocks: Real) -> tuple[Real, Real, Real]:
    """Return the leading singular triples of (n, 8, 8) non-negative blocks by power iteration.

    Returns:
        Left vectors (n, 8), values (n,), right vectors (n, 8).
    """
    right = _unit(blocks.sum(axis=1))[0]
    for _ in range(_ITERATIONS):
        left = _unit(np.einsum("nij,nj->ni", blocks, right))[0]
        right, values = _unit(np.einsum("nij,ni->nj", blocks, left))
    return left, values, right


def _unit(vectors: Real) -> tuple[Real, Real]:
    lengths = np.sqrt(np.einsum("ni,ni->n", vectors, vectors))
    return vectors / np.maximum(lengths, np.float32(1e-6))[:, None], lengths
