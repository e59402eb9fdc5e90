"""Put a pattern into frames."""

import numpy as np

from compliance.errors import InvalidInput
from compliance.watermark.blocks import (
    Plane,
    Real,
    add_to_plane,
    canonical,
    cb_plane,
    check_size,
    luma_plane,
    over_blocks,
    singular_values,
    step_for,
)
from compliance.watermark.companion import add_companion
from compliance.watermark.layout import GRID, Pattern


class Marker:
    """Marks the frames of one video. Holds no key: it can mark this asset and no other."""

    def __init__(self, pattern: Pattern, width: int, height: int) -> None:
        """Prepare for frames of one size.

        Args:
            pattern: from :func:`compliance.watermark.expand`.
            width: pixels, even, at least 256.
            height: pixels, even, at least 256.

        Raises:
            InvalidInput: the size cannot carry the mark.
        """
        check_size(width, height)
        self._pattern = pattern
        self._shape = (height * 3 // 2, width)
        self._step = np.float32(step_for(width, height))

    def mark(self, frame: Plane, index: int) -> None:
        """Mark one frame in place.

        Of its Cb plane a block changes by 1.9 levels at most (3.8 in a small picture), and flat
        parts of its luma by one level; Cr stays.

        Args:
            frame: (H*3/2, W) uint8, planar yuv420p in video range.
            index: number of the frame in the video, from 0.

        Raises:
            InvalidInput: the frame has another size or layout.
        """
        if frame.shape != self._shape:
            raise InvalidInput(
                f"A frame of shape {frame.shape} where {self._shape} was announced.",
                code="frame-layout",
            )
        cb = cb_plane(frame)
        band = canonical(cb)
        values = singular_values(band)
        target = self._target(values, self._pattern.of_frame(index).reshape(GRID, GRID))
        growth = target / np.maximum(values, 1) - 1
        band *= over_blocks(growth.astype(np.float32))
        add_to_plane(cb, band)
        add_companion(luma_plane(frame), self._pattern.companion)

    def _target(self, values: Real, bits: Plane) -> Real:
        """Return the nearest value that says each bit: 1/4 of a step means 0, 3/4 means 1.

        Quantisation index modulation (Chen and Wornell, 2001), read as invisible-watermark does.
        """
        offset = 0.25 + 0.5 * bits.astype(np.float32)
        cells = np.maximum(np.rint(values / self._step - offset), 0)
        target: Real = (cells + offset) * self._step
        return target
