"""OpenCV calls the engine needs, typed, with the borders and precision it needs.

Masks are float32 0..1. Polygons are drawn with sub-pixel precision: a lip line that snaps to whole
pixels flickers as the head moves.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from generation.faces.arrays import AnyArray, Floats, Image, Points

_SUBPIXEL_BITS = 4
Box = tuple[int, int, int, int]  # left, top, right, bottom; right and bottom are outside


def sample_picture(picture: Image, where: Floats) -> Image:
    """Return `picture` at positions (h, w, 2) px, bicubic, mirrored at its borders."""
    return np.asarray(_remap(picture, where, cv2.INTER_CUBIC, cv2.BORDER_REFLECT_101), np.uint8)


def sample_mask(mask: Image, where: Floats, *, outside_zero: bool = False) -> Image:
    """Return a mask (h, w) of bytes at positions (H, W, 2) px, bilinear."""
    border = cv2.BORDER_CONSTANT if outside_zero else cv2.BORDER_REPLICATE
    return np.asarray(_remap(mask, where, cv2.INTER_LINEAR, border), np.uint8)


def sample(values: Floats, where: Floats, *, outside_zero: bool = False) -> Floats:
    """Return float `values` (h, w[, c]) at positions (H, W, 2) px, bilinear."""
    border = cv2.BORDER_CONSTANT if outside_zero else cv2.BORDER_REPLICATE
    return np.asarray(_remap(values, where, cv2.INTER_LINEAR, border), np.float32)


def _remap(source: AnyArray, where: Floats, method: int, border: int) -> AnyArray:
    # The second map must be None: OpenCV's stubs do not allow it, but an empty array in its place
    # makes OpenCV 5 read memory that is not its own.
    out: AnyArray = cv2.remap(source, where, None, method, borderMode=border)  # type: ignore[call-overload]
    return out


def affine(values: Floats, matrix: Points, size: tuple[int, int], *, inverse: bool) -> Floats:
    """Return `values` moved by a (2, 3) matrix; `inverse` when it maps output to input.

    Args:
        values: (h, w[, c]).
        matrix: pixel coordinates, x then y.
        size: (width, height) of the result.
        inverse: the direction of the matrix.
    """
    flags = cv2.INTER_LINEAR | (cv2.WARP_INVERSE_MAP if inverse else 0)
    out = cv2.warpAffine(values, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.float32)


def enlarge(values: Floats, size: tuple[int, int]) -> Floats:
    """Return a field (h, w, c) of cells at every pixel of (width, height), bilinear.

    Cells are as wide as `size` over their number, their values in their middles.
    """
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_LINEAR), np.float32)


def blur(values: Floats, sigma: float) -> Floats:
    """Return `values` (h, w[, c]) smoothed by a Gaussian of `sigma` px."""
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.float32)


def polygon(shape: tuple[int, int], corners: Points) -> Floats:
    """Return an anti-aliased mask (h, w) of a filled polygon (n, 2) px."""
    mask = np.zeros(shape, np.float32)
    cv2.fillPoly(mask, [_fixed(corners)], (1.0,), cv2.LINE_AA, _SUBPIXEL_BITS)
    return mask


def line(shape: tuple[int, int], points: Points, thickness: int) -> Floats:
    """Return an anti-aliased mask (h, w) of an open line through (n, 2) px."""
    mask = np.zeros(shape, np.float32)
    cv2.polylines(mask, [_fixed(points)], False, (1.0,), thickness, cv2.LINE_AA, _SUBPIXEL_BITS)
    return mask


def mean_colour(picture: Image, mask: Floats) -> Points:
    """Return the mean RGB (3,) under a mask (h, w); mid-grey where the mask is empty."""
    total = float(mask.sum())
    if total < 1e-3:
        return np.full(3, 128.0)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    mean: Points = np.einsum("hwc,hw->c", picture[part].astype(np.float64), mask[part]) / total
    return mean


def luminance(colour: Points | Sequence[float]) -> float:
    """Return the BT.601 luma of an RGB colour."""
    return float(np.dot(colour, (0.299, 0.587, 0.114)))


def smoothstep(x: Points) -> Points:
    """Return 0 below 0, 1 above 1 and 3x^2 - 2x^3 between."""
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


def _fixed(points: Points) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    return np.round(points * (1 << _SUBPIXEL_BITS)).astype(np.int32)
