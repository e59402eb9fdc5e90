"""Puts the moved person before the background that holds still."""

import cv2
import numpy as np

from generation.faces.arrays import Floats, Image
from generation.mesh.sampling import FinePicture

STRIP = 24  # rows
TOUCHING = 0.55  # face heights of hair at the photo's top edge: less is the very top of the head
USUAL_MOVE = 0.10  # face heights beside the person in which it is looked for
FARTHEST_MOVE = 0.25  # face heights that what is seen may come from beyond the region's border

Strip = tuple[slice, slice]  # rows of the region, and the columns in which the person may be


class Cutout:
    """A region's person and background; draws only where the person may be.

    Attributes:
        picture: of the person, with its cover.
    """

    def __init__(self, picture: Image, cover: Floats, behind: Image, face_height: float) -> None:
        """Take the region's layers.

        Args:
            picture: (h, w, 3) the person.
            cover: (h, w) 0..1.
            behind: (h, w, 3) what is shown where the person is not.
            face_height: px.
        """
        # Where the head only touches the photo's top edge it ends there, elsewhere it goes on.
        ends = float(cover[0].sum()) < TOUCHING * face_height
        self.picture = FinePicture(
            picture,
            np.round(cover * 255).astype(np.uint8),
            beyond=round(FARTHEST_MOVE * face_height) + 2,
            ends_at_top=ends,
        )
        self._behind = behind
        self._strips = _strips(cover, round(USUAL_MOVE * face_height) + 2)

    def sample(self, source: Floats) -> tuple[Image, Image]:
        """Return the person (h, w, 3) at `source` (h, w, 2) px, and the cover (h, w), 0..255."""
        out, cover = self._behind.copy(), np.zeros(source.shape[:2], np.uint8)
        for area in self._strips:
            found = self.picture.covered_at(source[area])
            out[area] = cv2.cvtColor(found, cv2.COLOR_RGBA2RGB)
            cover[area] = cv2.extractChannel(found, 3)
        return out, cover

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


def _strips(cover: Floats, margin: int) -> list[Strip]:
    """Return the strips that hold the person, who may move by `margin` px any way."""
    kernel = np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)
    maybe = cv2.dilate((cover > 0).astype(np.uint8), kernel)
    found = []
    for top in range(0, cover.shape[0], STRIP):
        rows = slice(top, min(top + STRIP, cover.shape[0]))
        columns = np.flatnonzero(maybe[rows].any(0))
        if len(columns):
            found.append((rows, slice(int(columns[0]), int(columns[-1]) + 1)))
    return found
