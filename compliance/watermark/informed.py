"""Ask of a copy whether it comes from one certain release.

Whoever keeps a small reference of the release lays the copy over it, which undoes any geometry, and
then asks for the marks of this one asset: for the bits of its id in the chroma, where a search no
longer finds or reads them, and for the companion's signs in the luma, which need no colour.

The p-value is a bound, not an estimate (``chance``): it rests on the asset's id and its companion's
signs being thrown at random, not on what the picture shows. What the key alone decides (pilots)
is free to be used: it tells how colour changed and which layout a frame has. Three questions are
asked (chroma, luma, both together), so the least of the three chances counts three times. Somebody
who asks for several releases multiplies it by their number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from compliance.watermark.blocks import (
    SIDE,
    Plane,
    Real,
    cb_plane,
    luma_plane,
    singular_values,
    to_band,
)
from compliance.watermark.chance import Said
from compliance.watermark.companion import cell_statistics
from compliance.watermark.decoder import Decoder, Sums, Values
from compliance.watermark.key import WatermarkKey
from compliance.watermark.layout import GRID, POSITIONS, companion_signs
from compliance.watermark.payload import decode_asset_id
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
_QUESTIONS = 3  # chroma, luma, both
_HALVED = np.array([[0.5, 0, -0.25], [0, 0.5, -0.25], [0, 0, 1]])  # from pixels to chroma samples


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
        p_value: at most this is the chance that a copy without this asset's marks looks as much as
            if it had them.
        likeness: how alike copy and release are, 0 if one could not be laid over the other.
        read: the asset id that the chroma says where the copy lies, its CRC-32 holding, or None.
    """

    state: InformedState
    p_value: float
    likeness: float
    read: str | None = None

    def one_of(self, tries: int) -> "Informed":
        """Return what it says if so many assets or keys were asked for."""
        return judged(tries * self.p_value, self.likeness, self.read)


def judged(p_value: float, likeness: float, read: str | None = None) -> Informed:
    """Return what a p-value says."""
    p_value, state = min(1.0, p_value), InformedState.NOT_FOUND
    if p_value < WEAKLY_BELOW:
        state = InformedState.FOUND if p_value < FOUND_BELOW else InformedState.WEAKLY
    return Informed(state, p_value, likeness, read)


NOT_LAID = judged(1.0, 0.0)


def informed(
    frames: Sequence[Plane], reference: Reference, key: WatermarkKey, asset_id: str
) -> Informed:
    """Ask whether frames of a copy carry the marks of one release.

    Args:
        frames: (H*3/2, W) uint8, planar yuv420p, all of one size, in a row: a few seconds or one.
        reference: kept of the release.
        key: it was marked with.
        asset_id: of the release.
    """
    laid = lay_over(frames, reference)
    return NOT_LAID if laid is None else laid.under(key).ask(asset_id)


@dataclass(frozen=True, eq=False)
class Overlay:
    """A copy laid over a release.

    Attributes:
        detail: (64, 64), what each cell of luma shows that its neighbours do not, weighted; 0 if
            unseen.
        values: (n, 1024), what the blocks of chroma say in each frame.
        seen: (1024,) 1 for each block that the copy shows, else 0.
        likeness: correlation of copy and release.
    """

    detail: NDArray[np.float64]
    values: Values
    seen: Values
    likeness: float

    def under(self, key: WatermarkKey) -> "Evidence":
        """Return what the copy says under one key."""
        decoder, sums = Decoder(key), Sums()
        decoder.add(self.values, decoder.tune(self.values, self.seen), sums, self.seen)
        return Evidence(key, Said(sums.coded, self.detail), self.likeness)


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a copy that was laid over a release says under one key, for whatever asset.

    Attributes:
        key: the key.
        said: by chroma and luma.
        likeness: correlation of copy and release.
    """

    key: WatermarkKey
    said: Said
    likeness: float

    def ask(self, asset_id: str) -> Informed:
        """Say whether the marks of one asset are there; not if another one's can be read."""
        read = decode_asset_id(self.said.soft)
        if read not in (None, asset_id):
            return judged(1.0, self.likeness, read)
        return judged(_QUESTIONS * min(self.chances(asset_id)), self.likeness, read)

    def chances(self, asset_id: str) -> tuple[float, float, float]:
        """Return the p-values of chroma, of luma and of both together."""
        return self.said.chances(asset_id, companion_signs(self.key, asset_id))


def lay_over(frames: Sequence[Plane], reference: Reference) -> Overlay | None:
    """Lay frames of a copy over a release; None if they do not show the same."""
    copies = [small(frame, _SEEN_AT) for frame in frames[:_FRAMES]]
    lumas = [luma_plane(copy) for copy in copies]
    laid = register(lumas, reference) if copies else None
    if laid is None:
        return None
    mean = np.asarray(np.stack(lumas).mean(axis=0), np.float32)
    to_copy = _to_copy(laid, reference, _SEEN_AT)
    picture, inside = _laid(mean, to_copy, _SEEN_AT), _laid(np.ones_like(mean), to_copy, _SEEN_AT)
    detail = _flat_detail(picture, cell_statistics(inside)[0] > _INSIDE)
    to_chroma = _HALVED @ _to_copy(laid, reference, SIDE)
    values = [_laid(cb_plane(copy).astype(np.float32), to_chroma, SIDE) for copy in copies]
    blocks = np.stack([singular_values(to_band(cb)).reshape(POSITIONS) for cb in values])
    seen = cv2.resize(inside, (GRID, GRID), interpolation=cv2.INTER_AREA) > _INSIDE
    return Overlay(detail, blocks, seen.astype(np.float32).reshape(POSITIONS), laid.likeness)


def _laid(plane: Real, to_copy: Matrix, side: int) -> Real:
    """Return a square picture of the release as the copy shows it."""
    how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpPerspective(plane, to_copy, (side, side), flags=how), np.float32)


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
