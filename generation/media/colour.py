"""RGB to the planes that H.264 stores, without drift.

swscale's default rounding shifts every channel by about one level at each round trip, which is
as much as the watermark's margin (docs/decisions/0030-audio-and-motion.md); with accurate
rounding and full chroma the mean error stays below 0.03 levels.
"""

import numpy as np
from av import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

BT709 = 1  # ITU-T H.273 code point for primaries, transfer and matrix
_ACCURATE = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


class PlaneConverter:
    """Turns (H, W, 3) RGB into (H*3/2, W) yuv420p planes, BT.709, limited range."""

    def __init__(self) -> None:
        """Keep one scaler, so that its tables are built once."""
        self._reformatter = VideoReformatter()

    def planes(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return new planes: Y, then U and V at half size, one below the other."""
        frame = self._reformatter.reformat(
            VideoFrame.from_numpy_buffer(np.ascontiguousarray(rgb), format="rgb24"),
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            interpolation=_ACCURATE,
        )
        return np.array(frame.to_ndarray(), dtype=np.uint8)
