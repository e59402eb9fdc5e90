"""Puts the moved person before the background that holds still."""

from dataclasses import dataclass

import cv2
import numpy as np

from generation.faces.arrays import Floats, Image
from generation.mesh.sampling import sample_mask, sample_picture

STRIP = 24  # rows
TOUCHING = 0.55  # face heights of hair at the photo's top edge: less is the very top of the head
LARGEST_MOVE = 0.10  # face heights that anything of the person may move


@dataclass(frozen=True)
class Strip:
    """Rows of the region with the columns in which the person may be."""

    rows: slice
    columns: slice
    edges: tuple[slice, ...]  # the columns in which something else may be as well


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
        self._margin = round(LARGEST_MOVE * face_height) + 2
        self._strips = _strips(cover, self._margin)
        self._surely = np.zeros(cover.shape, np.uint8)  # 255 where nothing else can be
        for strip in self._strips:
            self._surely[strip.rows, strip.columns] = 255
            for columns in strip.edges:
                self._surely[strip.rows, columns] = 0

    def cover(self, source: Floats) -> Image:
        """Return how much of each pixel (h, w) the person covers, sampled at (h, w, 2) px."""
        found = self._surely.copy()
        for strip in self._strips:
            for columns in strip.edges:
                area = strip.rows, columns
                where = source[area]
                if self._ends and self._near_a_side(area):  # at the top only: there it ends
                    where = np.minimum(np.maximum(where, self._least[area]), self._most[area])
                found[area] = sample_mask(self._cover, where, outside_zero=self._ends)
        return found

    def sample(self, source: Floats, cover: Image) -> Image:
        """Return the person (h, w, 3) sampled at `source` (h, w, 2) px; undefined without cover."""
        out = self._behind.copy()
        for strip in self._strips:
            left, _, width, _ = cv2.boundingRect(cover[strip.rows])
            if width:
                area = strip.rows, slice(left, left + width)
                out[area] = sample_picture(self._picture, source[area])
        return out

    def over(self, person: Image, cover: Image) -> None:
        """Put the background around a finished person (h, w, 3), in place."""
        cv2.copyTo(self._behind, (cover == 0).view(np.uint8), person)
        seam = np.flatnonzero(cover - np.uint8(1) < 254)  # where nothing is, 0 becomes 255
        if not len(seam):
            return
        covered = cover.reshape(-1).take(seam)
        weight = cv2.merge([covered, covered, covered]).reshape(-1, 3)
        pixels, behind = person.reshape(-1, 3), self._behind.reshape(-1, 3)
        inside = cv2.multiply(pixels.take(seam, 0), weight, scale=1 / 255)
        outside = cv2.multiply(behind.take(seam, 0), cv2.bitwise_not(weight), scale=1 / 255)
        pixels[seam] = cv2.add(inside, outside)

    def _near_a_side(self, area: tuple[slice, slice]) -> bool:
        """Say whether what is seen there may come from beyond another side than the top."""
        (height, width), (rows, columns) = self._cover.shape, area
        least, most = self._margin, self._margin + 1
        inside = columns.start >= least and columns.stop <= width - most
        return not (inside and rows.stop <= height - most)


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
