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
    from_blocks,
    step_for,
    to_blocks,
    top_singular,
)
from compliance.watermark.layout import Pattern


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

        Only its Cb plane changes, a block by 2.3 levels at most (3.4 in a small picture).

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
        left, values, right = top_singular(to_blocks(canonical(cb)))
        change = self._target(values, self._pattern.of_frame(index)) - values
        blocks = change[:, None, None] * left[:, :, None] * right[:, None, :]
        add_to_plane(cb, from_blocks(blocks))

    def _target(self, values: Real, bits: Plane) -> Real:
        """Return the nearest value that says each bit: 1/4 of a step means 0, 3/4 means 1.

        Quantisation index modulation (Chen and Wornell, 2001), read as invisible-watermark does.
        """
        offset = 0.25 + 0.5 * bits.astype(np.float32)
        cells = np.maximum(np.rint(values / self._step - offset), 0)
        target: Real = (cells + offset) * self._step
        return target
