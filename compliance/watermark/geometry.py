"""Where the released picture lies in the picture at hand."""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from compliance.watermark.blocks import (
    BLOCK,
    SIDE,
    Plane,
    Real,
    resized,
    singular_values,
    to_band,
)
from compliance.watermark.decoder import Values
from compliance.watermark.layout import POSITIONS

_SEEN = 0.9  # a block counts that lies in the picture at hand by this share
_FINER = 1.5  # samples of the picture for one of the canonical plane, above which it is averaged


@dataclass(frozen=True, slots=True)
class Geometry:
    """A turn, a scale each way and a shift, after a mirror if there was one.

    Attributes:
        across: samples of the Cb plane at hand for one of the canonical 256x256 plane.
        down: the same, vertically.
        degrees: how far the picture was turned, counter-clockwise.
        left: where the canonical plane's top left corner lies, in samples of the plane at hand.
        top: the same, vertically.
        mirrored: left and right were exchanged (the numbers above are of the mirrored back plane).
    """

    across: float
    down: float
    degrees: float = 0.0
    left: float = 0.0
    top: float = 0.0
    mirrored: bool = False

    @classmethod
    def whole(cls, width: int, height: int, *, mirrored: bool = False) -> Self:
        """Return that of a Cb plane which shows the whole picture."""
        return cls(width / SIDE, height / SIDE, mirrored=mirrored)

    def matrix(self) -> NDArray[np.float64]:
        """Return the 2x3 matrix from samples of the canonical plane to those of the plane at hand.

        Samples are counted by their centres, corners lie half a sample before them.
        """
        turn = np.deg2rad(self.degrees)
        cosine, sine = np.cos(turn), np.sin(turn)
        linear = np.array([[cosine, sine], [-sine, cosine]]) * [self.across, self.down]
        shift = linear @ [0.5, 0.5] + [self.left - 0.5, self.top - 0.5]
        return np.column_stack([linear, shift])

    def band(self, cb: Plane | Real) -> Real:
        """Return the canonical (256, 256) band of a plane of any size."""
        values = np.asarray(cb[:, ::-1] if self.mirrored else cb, np.float32)
        matrix = self.matrix()
        scale = max(self.across, self.down)
        if scale > _FINER:  # a warp picks samples; noise of those between is to be averaged
            height, width = (max(1, round(side / scale)) for side in values.shape)
            ratio = np.array([width / values.shape[1], height / values.shape[0]])
            matrix[:, 2] = (matrix[:, 2] + 0.5) * ratio - 0.5
            matrix[:, :2] *= ratio[:, None]
            values = resized(values, width, height)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        warped = cv2.warpAffine(
            np.ascontiguousarray(values),
            matrix,
            (SIDE, SIDE),
            flags=flags,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return to_band(np.asarray(warped, np.float32))

    def seen(self, width: int, height: int) -> Values:
        """Return (1024,) 1 for each block that a plane of a size shows, else 0."""
        corners = np.arange(SIDE + 1, step=BLOCK) - 0.5
        x, y = np.meshgrid(corners, corners)
        points = np.stack([x, y], axis=-1) @ self.matrix()[:, :2].T + self.matrix()[:, 2]
        sizes = np.array([width, height])
        middle = (points[:-1, :-1] + points[1:, 1:]) / 2
        reach = np.abs(points[1:, 1:] - points[:-1, :-1]) * (_SEEN - 0.5)
        inside = (middle - reach > -1) & (middle + reach < sizes)
        return inside.all(axis=-1).astype(np.float32).reshape(POSITIONS)

    def read(self, cb: Plane | Real) -> Values:
        """Return the (1024,) values of the blocks in a plane."""
        return singular_values(self.band(cb)).reshape(POSITIONS)

    def in_words(self, width: int, height: int) -> dict[str, float | bool]:
        """Return what was done to the picture, as numbers people understand."""
        return {
            "mirrored": self.mirrored,
            "degrees": round(self.degrees, 2),
            "shown_across": round(width / (self.across * SIDE), 3),  # share of the original width
            "shown_down": round(height / (self.down * SIDE), 3),
            "from_left": round(-self.left / (self.across * SIDE), 3),
            "from_top": round(-self.top / (self.down * SIDE), 3),
        }
