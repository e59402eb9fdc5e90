"""The visible mark of a preview: words across every frame, so that no crop of it lacks them."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from compliance.media import PREVIEW_NOTICE

_ROWS = 6  # lines of words in a frame
_OPACITY = 0.72  # legible on anything, and the face below can still be judged
_SMALLEST = 11  # pixels: the smallest letters that survive the encoder


class PreviewStamp:
    """Draws "PREVIEW - not for release" and the preview's own asset id over whole frames."""

    def __init__(self, width: int, height: int, asset_id: str) -> None:
        """Draw the words once, for frames of one size.

        Args:
            width: pixels.
            height: pixels.
            asset_id: of the preview, 16 hexadecimal digits.
        """
        self.notice = f"{PREVIEW_NOTICE}; asset {asset_id}"
        words = _words(width, height, asset_id)
        ink = np.asarray(words, np.float32)  # (H, W, 2): brightness and cover, 0..255
        self._paint = ink[..., :1] * (_OPACITY * ink[..., 1:] / 255)  # (H, W, 1)
        self._keep = 1 - _OPACITY * ink[..., 1:] / 255  # (H, W, 1)

    def apply(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return a frame (H, W, 3) with the words on it."""
        return np.rint(rgb * self._keep + self._paint).astype(np.uint8)


def _words(width: int, height: int, asset_id: str) -> Image.Image:
    """Return white letters with a black rim on nothing, in rows shifted against each other."""
    picture = Image.new("LA", (width, height), (0, 0))
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(max(_SMALLEST, width / 19))
    pitch = height / _ROWS
    for row in range(_ROWS):
        line = PREVIEW_NOTICE if row % 2 == 0 else f"PREVIEW {asset_id}"
        step = draw.textlength(line + "   ", font=font)
        x = -step * (row % 3) / 3
        while x < width:
            spot = (x, (row + 0.5) * pitch)
            draw.text(spot, line, (255, 255), font, "lm", stroke_width=1, stroke_fill=(0, 255))
            x += step
    return picture
