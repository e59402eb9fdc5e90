"""The watermark: the same frames encoded with and without it."""

from __future__ import annotations

from compliance.watermark import WatermarkKey, expand
from compliance.watermark.marker import Marker
from tests.benchmarks.harness import Figure, in_turn, repeated
from tests.benchmarks.samples import SIZE, Picture, encode, planes

FRAMES = 50
ROUNDS = 5
ASSET = "0123456789abcdef"


def measure() -> list[Figure]:
    """Marks and encodes the same frames in turn."""
    plain = planes(FRAMES)
    marker = Marker(expand(WatermarkKey.generate(), ASSET), SIZE, SIZE)

    def copy() -> list[Picture]:
        return [picture.copy() for picture in plain]

    def mark() -> list[Picture]:
        copies = copy()
        for index, picture in enumerate(copies):
            marker.mark(picture, index)
        return copies

    marked = mark()
    marking, unmarked, both = in_turn(
        [mark, lambda: encode(copy()), lambda: encode(mark())], ROUNDS
    )
    cost = repeated(
        "watermark_mark_ms_per_frame", "ms", "one 512x512 frame marked, one thread",
        [1000 * seconds / FRAMES for seconds in marking],
    )  # fmt: skip
    without = repeated("watermark_encode_plain_s", "s", f"{FRAMES} frames by libx264", unmarked)
    within = repeated("watermark_encode_marked_s", "s", "the same, marked on the way", both)
    return [
        cost,
        without,
        within,
        Figure("watermark_time_ratio", within.value / without.value, "ratio", "marked to plain"),
        Figure("watermark_size_ratio", encode(marked) / encode(plain), "ratio", "bytes, the same"),
    ]
