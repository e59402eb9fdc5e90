"""A drawn face square, put into a whole frame so that no seam is seen.

Around the square the frame moves by the same curves as the drawn face does, so that outlines meet;
what is left to do is colour. Along the square's border the difference between both is measured, and
carried inwards the more softly, the further away it is.
"""

from dataclasses import dataclass, field

import numpy as np

from generation.faces.arrays import Floats, Image
from generation.mesh.sampling import blur, smoothstep
from generation.portraittalk.cropping import FaceCrop

FADE = 0.10  # of the side, over which the drawn square becomes the frame
MATCHED = 48.0  # levels of 255 that a colour is moved by at most: a wrong picture stays wrong
_REACHES = (0.04, 0.12, 0.36)  # of the side: how far border colours are carried, nearest first
_SETTLES = 0.2  # of a frame's own correction that is taken: noise of single frames does not flicker


def cover(side: int) -> Floats:
    """Return (side, side) how much of each pixel is the drawn square's: 0 at its border."""
    away = (np.minimum(np.arange(side), np.arange(side)[::-1]) + 0.5) / (FADE * side)
    ramp = smoothstep(away)
    return np.outer(ramp, ramp).astype(np.float32)


@dataclass
class Paster:
    """Pastes the squares of one clip, in their order.

    Attributes:
        crop: where the square lies in the frame.
    """

    crop: FaceCrop
    _correction: Floats | None = field(default=None, init=False)

    def paste(self, frame: Image, drawn: Image) -> Image:
        """Return a frame (H, W, 3) with a drawn square (side, side, 3) in it."""
        around = self.crop.cut(frame).astype(np.float32)
        found = _carried(around - drawn)
        kept = self._correction
        self._correction = found if kept is None else kept + _SETTLES * (found - kept)
        matched = drawn + np.clip(self._correction, -MATCHED, MATCHED)
        square = np.clip(matched + 0.5, 0, 255).astype(np.uint8)
        return self.crop.paste(frame, square, cover(self.crop.side))


def _carried(difference: Floats) -> Floats:
    """Return a smooth field (side, side, 3) that is a difference's own along the border."""
    side = difference.shape[0]
    border = (1 - cover(side))[..., None]
    carried = np.zeros_like(difference)
    weight = np.zeros((side, side, 1), np.float32)
    for reach in _REACHES:  # what is near counts more wherever there is any
        sigma = max(0.5, reach * side)
        share = blur(border[..., 0], sigma)[..., None]
        found = blur(difference * border, sigma) / np.maximum(share, np.float32(1e-4))
        new = (1 - weight) * np.minimum(1, 4 * share)
        carried += new * found
        weight += new
    carried /= np.maximum(weight, np.float32(1e-4))
    return carried
