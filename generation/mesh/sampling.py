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


class FinePicture:
    """A picture made ready to be looked at between its pixels, frame after frame.

    What lies half way between pixels is filtered once (Lanczos, eight taps); what is asked for
    lies between two of those, and a straight line is enough there: about as close to the truth as
    a bicubic look at the picture itself, in a fifth to two fifths of its time
    (docs/decisions/0112).
    """

    def __init__(
        self,
        picture: Image,
        cover: Image | None = None,
        *,
        beyond: int = 0,
        ends_at_top: bool = False,
    ) -> None:
        """Take a picture and go on beyond its borders: mirrored, its cover as at the border.

        Args:
            picture: (h, w, 3), at least 2 x 2.
            cover: (h, w) 0..255, how much of each pixel there is; all of it if None.
            beyond: px that it goes on for.
            ends_at_top: whether there is nothing above its top.
        """
        # Four bytes a pixel: OpenCV looks them up at once, three one by one.
        fine = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA), np.uint8)
        around = (beyond, beyond, beyond, beyond)
        fine = np.asarray(cv2.copyMakeBorder(fine, *around, cv2.BORDER_REFLECT_101), np.uint8)
        if cover is not None:
            fine[..., 3] = cv2.copyMakeBorder(cover, *around, cv2.BORDER_REPLICATE)
            fine[: beyond if ends_at_top else 0, :, 3] = 0
        for axis in (1, 0):
            fine = _with_halves(fine, axis)
        self._fine, self._beyond = fine, np.float32(2 * beyond)

    def at(self, where: Floats) -> Image:
        """Return it at positions (h, w, 2) px; exact at whole pixels."""
        return np.asarray(cv2.cvtColor(self.covered_at(where), cv2.COLOR_RGBA2RGB), np.uint8)

    def covered_at(self, where: Floats) -> Image:
        """Return the same with the cover as a fourth channel, (h, w, 4)."""
        fine = where * np.float32(2)
        fine += self._beyond
        return np.asarray(
            _remap(self._fine, fine, cv2.INTER_LINEAR, cv2.BORDER_REFLECT_101), np.uint8
        )


def _with_halves(picture: Image, axis: int) -> Image:
    """Return a picture (h, w, 4) with what is half way between each two pixels along an axis."""
    taps = np.arange(-3.5, 4)
    weights = np.sinc(taps) * np.sinc(taps / 4)
    row = weights / weights.sum() if axis else np.ones(1)
    column = np.ones(1) if axis else weights / weights.sum()
    anchor = (3, 0) if axis else (0, 3)
    halves = cv2.sepFilter2D(picture, -1, row, column, None, anchor, 0, cv2.BORDER_REFLECT_101)
    size = list(picture.shape)
    size[axis] = 2 * size[axis] - 1
    fine = np.empty(size, np.uint8)
    before = (slice(None),) * axis
    fine[(*before, np.s_[::2])] = picture
    fine[(*before, np.s_[1::2])] = halves[(*before, np.s_[:-1])]
    # A cover that swings to both sides of its edge would be a halo.
    cover = np.moveaxis(fine[..., 3], axis, 0)
    cover[1::2] = cv2.addWeighted(cover[:-1:2].copy(), 0.5, cover[2::2].copy(), 0.5, 0)
    return fine


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
