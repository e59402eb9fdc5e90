"""The square around a face that the networks see, and its way back into the photo.

The same for training data, for photos and for operators' videos: a face is always as large and in
the same place, so that a small network need not learn sizes.
"""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np

from generation.faces.arrays import Floats, Image, Points
from generation.faces.topology import CHIN, FACE_OVAL, FOREHEAD
from generation.mesh.framing import Crop, cut
from generation.mesh.sampling import smoothstep

SIDE = 128  # px of the networks' pictures
FACE = 0.60  # of the square's side from forehead to chin: the mouth large, clothes still seen
ABOVE = 0.40  # face heights over the forehead point: hair, and little beyond a tight photo
FEATHER = 0.06  # of the side, over which a drawn square fades into the photo


@dataclass(frozen=True)
class FaceCrop:
    """A square of a photo, and its pixels.

    Attributes:
        place: in the photo; it may reach outside, where the photo is continued.
        side: px of the cut.
    """

    place: Crop
    side: int

    @classmethod
    def around(cls, points: Points, side: int = SIDE) -> Self:
        """Lay the square around a face.

        Args:
            points: landmarks (478, >=2) px in the photo.
            side: px of the cut.
        """
        face = float(np.linalg.norm(points[FOREHEAD, :2] - points[CHIN, :2]))
        length = max(2, round(face / FACE))
        oval = points[list(FACE_OVAL), :2]
        centre = float(oval[:, 0].min() + oval[:, 0].max()) / 2
        top = float(min(points[FOREHEAD, 1], points[CHIN, 1])) - ABOVE * face
        return cls(Crop(round(centre - length / 2), round(top), length, length), side)

    @property
    def scale(self) -> float:
        """Pixels of the cut for one of the photo."""
        return self.side / self.place.width

    def cut(self, photo: Image) -> Image:
        """Return the square of a photo (H, W, 3) as (side, side, 3)."""
        return cut(photo, self.place, self.side, self.side)

    def to_crop(self, points: Points) -> Points:
        """Return points (n, 2) or (n, 3) px of the photo in the cut's pixels."""
        moved = points.astype(np.float64)
        moved[:, :2] = (moved[:, :2] + 0.5 - self._corner) * self.scale - 0.5
        moved[:, 2:] *= self.scale
        return moved

    def to_photo(self, points: Points) -> Points:
        """Return points (n, 2) or (n, 3) px of the cut in the photo's pixels."""
        moved = points.astype(np.float64)
        moved[:, :2] = (moved[:, :2] + 0.5) / self.scale + self._corner - 0.5
        moved[:, 2:] /= self.scale
        return moved

    def paste(self, photo: Image, drawn: Image, cover: Floats | None = None) -> Image:
        """Return the photo (H, W, 3) with a drawn square (side, side, 3) put back into it.

        Args:
            photo: the whole photo.
            drawn: what is to be seen in the square.
            cover: (side, side) 0..1, how much of each pixel is taken; fades at the square's
                border when not given.
        """
        size = (self.place.width, self.place.height)
        large = cv2.resize(drawn, size, interpolation=cv2.INTER_CUBIC)
        weight = border_fade(self.side) if cover is None else cover
        weight = np.asarray(cv2.resize(weight, size, interpolation=cv2.INTER_LINEAR), np.float32)
        height, width = photo.shape[:2]
        left, top = max(0, self.place.left), max(0, self.place.top)
        right = min(width, self.place.left + self.place.width)
        bottom = min(height, self.place.top + self.place.height)
        inside = np.s_[
            top - self.place.top : bottom - self.place.top,
            left - self.place.left : right - self.place.left,
        ]
        out = photo.copy()
        under = out[top:bottom, left:right].astype(np.float32)
        mixed = under + (large[inside] - under) * weight[inside][..., None]
        out[top:bottom, left:right] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)
        return out

    @property
    def _corner(self) -> Points:
        return np.array([self.place.left, self.place.top], np.float64)


def border_fade(side: int) -> Floats:
    """Return (side, side) 1 inside, 0 at the border."""
    away = np.minimum(np.arange(side) + 0.5, side - np.arange(side) - 0.5) / (FEATHER * side)
    ramp = smoothstep(away)
    return np.outer(ramp, ramp).astype(np.float32)
