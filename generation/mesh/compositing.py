"""Puts the moved person before the background that holds still."""

from dataclasses import dataclass

import cv2
import numpy as np

from generation.faces.arrays import Floats, Image
from generation.mesh.sampling import sample_mask, sample_picture

STRIP = 32  # rows
TOUCHING = 0.55  # face heights of hair at the photo's top edge: less is the very top of the head
LARGEST_MOVE = 0.10  # face heights that anything of the person may move


@dataclass(frozen=True)
class Strip:
    """Rows of the region with the columns in which the person may be."""

    rows: slice
    columns: slice
    edges: tuple[slice, ...]  # the columns in which something else may be as well

    @property
    def area(self) -> tuple[slice, slice]:
        """Index into an array of the region."""
        return self.rows, self.columns


class Cutout:
    """A region's person and background; draws only where the person may be."""

    def __init__(self, picture: Image, cover: Floats, behind: Image, face_height: float) -> None:
        """Take the region's layers.

        Args:
            picture: (h, w, 3) the person.
            cover: (h, w) 0..1.
            behind: (h, w, 3) what is shown where the person is not.
            face_height: px.
        """
        self._picture, self._behind = picture, behind
        self._cover = np.round(cover * 255).astype(np.uint8)
        self._ends = _ends_at_top(cover, face_height)
        # As large as the region: numpy takes ten times as long where it repeats a pair for each.
        height, width = cover.shape
        self._least = np.empty((height, width, 2), np.float32)
        self._least[:] = 0, -height
        self._most = np.empty_like(self._least)
        self._most[:] = width - 1, height - 1
        self._strips = _strips(cover, round(LARGEST_MOVE * face_height) + 2)

    def sample(self, source: Floats) -> Image:
        """Return the person (h, w, 3) sampled at `source` (h, w, 2) px; undefined elsewhere."""
        out = self._behind.copy()
        for strip in self._strips:
            out[strip.area] = sample_picture(self._picture, source[strip.area])
        return out

    def over(self, person: Image, source: Floats) -> None:
        """Put the background around a finished person (h, w, 3), in place."""
        for strip in self._strips:
            for columns in strip.edges:
                self._around(person, source, (strip.rows, columns))

    def _around(self, person: Image, source: Floats, area: tuple[slice, slice]) -> None:
        where = source[area]
        if self._ends:  # at the top only: at the other sides the person goes on
            where = np.minimum(np.maximum(where, self._least[area]), self._most[area])
        cover = sample_mask(self._cover, where, outside_zero=self._ends)
        if cover.min() == 255:
            return
        all_channels = cv2.merge([cover, cover, cover])
        inside = cv2.multiply(person[area], all_channels, scale=1 / 255)
        around = cv2.bitwise_not(all_channels)
        outside = cv2.multiply(self._behind[area], around, scale=1 / 255)
        person[area] = cv2.add(inside, outside)


def _ends_at_top(cover: Floats, face_height: float) -> bool:
    """Say whether the head hardly reaches the region's top, so that nothing of it is beyond."""
    return float(cover[0].sum()) < TOUCHING * face_height


def _strips(cover: Floats, margin: int) -> list[Strip]:
    """Return the strips that hold the person, who may move by `margin` px any way."""
    kernel = np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)
    maybe = cv2.dilate((cover > 0).astype(np.uint8), kernel)
    solid = (cover >= 1).astype(np.uint8)
    surely = cv2.erode(solid, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=(0,))
    found = []
    for top in range(0, cover.shape[0], STRIP):
        rows = slice(top, min(top + STRIP, cover.shape[0]))
        columns = np.flatnonzero(maybe[rows].any(0))
        if len(columns):
            span = slice(int(columns[0]), int(columns[-1]) + 1)
            found.append(Strip(rows, span, _edges(span, np.flatnonzero(surely[rows].all(0)))))
    return found


def _edges(span: slice, surely: np.ndarray[tuple[int], np.dtype[np.intp]]) -> tuple[slice, ...]:
    """Return the span without the longest run of columns that are surely the person."""
    if not len(surely):
        return (span,)
    runs = np.split(surely, np.flatnonzero(np.diff(surely) > 1) + 1)
    longest = max(runs, key=len)
    parts = slice(span.start, int(longest[0])), slice(int(longest[-1]) + 1, span.stop)
    return tuple(part for part in parts if part.stop > part.start)
