"""Ask of a copy whether it comes from one certain release.

Whoever keeps a small reference of the release lays the copy over it, which undoes any geometry, and
then asks for the companion's signs of this one asset, which have to be there. That reaches further
than a blind search, and into greyscale copies; it needs no colour at all.

The p-value is a bound, not an estimate: the signs are coins that the key has thrown, so under "this
asset was not put into these frames" a weighted sum of them over the root of the sum of squared
weights exceeds t with at most exp(-t^2 / 2) (Hoeffding 1963), whatever the picture shows. Somebody
who asks for several releases multiplies it by their number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from compliance.watermark.blocks import Plane, Real
from compliance.watermark.companion import cell_statistics
from compliance.watermark.layout import Pattern
from compliance.watermark.reference import Reference, small
from compliance.watermark.registration import Matrix, Registration, register

FOUND_BELOW = 1e-6  # p-value
WEAKLY_BELOW = 1e-3
_FRAMES = 96  # that are looked at, at most
_SEEN_AT = 512  # pixels: short side of a copy, and both of the picture it is brought to
_INSIDE = 0.98  # of a cell has to be in the picture
_AROUND = 0.8  # cells: what their neighbours say, and how much they vary
_FLATTEST = 0.4  # of the cells; 0.3 bear a sign, and a copy blurs which
_NOISE = 0.1  # squared levels that are left in any copy


class InformedState(StrEnum):
    """Whether this asset's marks are in the copy."""

    FOUND = "found"
    WEAKLY = "found-weakly"
    NOT_FOUND = "not-found"


@dataclass(frozen=True, slots=True)
class Informed:
    """What was found.

    Attributes:
        state: found (p below 1e-6), found weakly (below 1e-3) or not found.
        p_value: at most this is the chance of such a correlation without this asset's companion.
        deviations: how far the signs stand out, in standard deviations of chance.
        likeness: how alike copy and release are, 0 if one could not be laid over the other.
    """

    state: InformedState
    p_value: float
    deviations: float
    likeness: float


def informed(frames: Sequence[Plane], reference: Reference, pattern: Pattern) -> Informed:
    """Ask whether frames of a copy carry the companion of one release.

    Args:
        frames: (H*3/2, W) uint8, planar yuv420p, all of one size, in a row: a few seconds or one.
        reference: kept of the release.
        pattern: of its asset, under the key it was marked with.
    """
    laid = lay_over(frames, reference)
    return judged(0.0, 0.0) if laid is None else laid.ask(pattern)


@dataclass(frozen=True, eq=False)
class Overlay:
    """A copy laid over a release.

    Attributes:
        detail: (64, 64), what each cell shows that its neighbours do not, weighted; 0 if unseen.
        likeness: correlation of copy and release.
    """

    detail: NDArray[np.float64]
    likeness: float

    def ask(self, pattern: Pattern) -> Informed:
        """Return how far the signs of one asset stand out, and with which p-value."""
        norm = float(np.sqrt((self.detail**2).sum()))
        deviations = float((self.detail * pattern.companion).sum()) / max(norm, 1e-9)
        return judged(deviations, self.likeness)


def judged(deviations: float, likeness: float, *, tries: int = 1) -> Informed:
    """Return what signs that stand out so far say, if that many assets or keys were asked for."""
    p_value = min(1.0, tries * float(np.exp(-(max(deviations, 0.0) ** 2) / 2)))
    state = InformedState.NOT_FOUND
    if p_value < WEAKLY_BELOW:
        state = InformedState.FOUND if p_value < FOUND_BELOW else InformedState.WEAKLY
    return Informed(state, p_value, deviations, likeness)


def lay_over(frames: Sequence[Plane], reference: Reference) -> Overlay | None:
    """Lay frames of a copy over a release; None if they do not show the same."""
    copies = [small(frame, _SEEN_AT) for frame in frames[:_FRAMES]]
    lumas = [copy[: copy.shape[0] * 2 // 3] for copy in copies]
    laid = register(lumas, reference) if copies else None
    if laid is None:
        return None
    mean = np.asarray(np.stack(lumas).mean(axis=0), np.float32)
    to_copy = _to_copy(laid, reference, _SEEN_AT)
    size, flags = (_SEEN_AT, _SEEN_AT), cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    picture = np.asarray(cv2.warpPerspective(mean, to_copy, size, flags=flags), np.float32)
    inside = cv2.warpPerspective(np.ones_like(mean), to_copy, size, flags=flags)
    seen = cell_statistics(inside)[0] > _INSIDE
    return Overlay(_flat_detail(picture, seen), laid.likeness)


def _to_copy(laid: Registration, reference: Reference, side: int) -> Matrix:
    """Return the homography from a square picture of the release to the copy's pixels."""
    rows, width = reference.pictures[0].shape
    across, down = width / side, rows * 2 / 3 / side
    square = np.array([[across, 0, across / 2 - 0.5], [0, down, down / 2 - 0.5], [0, 0, 1]])
    return np.asarray(laid.homography @ square, np.float64)


def _flat_detail(picture: Real, seen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return what of each flat cell its neighbours do not say, over what is usual around it."""
    cells, deviation = cell_statistics(picture)
    if not seen.any():
        return np.zeros(cells.shape)
    shown = seen.astype(np.float32)
    near = np.maximum(cv2.GaussianBlur(shown, (0, 0), _AROUND), 1e-3)
    detail = (cells - cv2.GaussianBlur(cells * shown, (0, 0), _AROUND) / near) * shown
    usual = cv2.GaussianBlur(detail * detail, (0, 0), _AROUND)
    flat = deviation <= np.quantile(deviation[seen], _FLATTEST)
    return np.asarray(detail * flat / (usual + _NOISE), np.float64)
