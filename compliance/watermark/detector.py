"""Find the asset id in frames that show the picture as it was released, knowing the keys.

Any uniform or uneven scaling of the whole picture is fine; a cropped, turned or mirrored one is
searched for by ``finder``.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

import numpy as np

from compliance.watermark.blocks import Plane, cb_plane, read_values
from compliance.watermark.decoder import Decoder, Sums, Tuning, Values
from compliance.watermark.key import KeyRing, WatermarkKey
from compliance.watermark.payload import coded_bits, decode_asset_id

_BATCH = 96  # frames held at once: all four cycles, 400 kB
_MARKED = 5.0  # pilot score from which a frame counts as marked; 1 still picture in 1,000 has it


class DetectionState(StrEnum):
    """Whether a mark was found."""

    FOUND = "found"
    NOT_FOUND = "not-found"


@dataclass(frozen=True, slots=True)
class Detection:
    """What a detector saw.

    Attributes:
        state: whether an id was decoded whose CRC-32 holds.
        asset_id: 16 hexadecimal digits, None if nothing was found.
        frames: frames looked at.
        marked_frames: those whose pilots alone show a mark of this key, of whatever asset.
        asset_frames: those of them whose data agree with ``asset_id``; 0 if nothing was found.
        pilot_score: standard deviations of a frame's pilots above chance, mean of all frames.
        agreement: share of coded bits received as sent, 0.5 is chance; 0 if nothing was found.
        key_id: the key that it is about: the one that read it, or that came nearest.
    """

    state: DetectionState
    asset_id: str | None
    frames: int
    marked_frames: int
    asset_frames: int
    pilot_score: float
    agreement: float
    key_id: str


class Detector:
    """Reads marks made with any key of a ring."""

    def __init__(self, keys: WatermarkKey | KeyRing) -> None:
        """Draw the layouts of the keys."""
        self._decoders = [Decoder(key) for key in keys.keys]

    def detect(self, frames: Iterable[Plane]) -> Detection:
        """Return what the frames carry; 312 bytes of each are kept until the end, a key.

        Args:
            frames: (H*3/2, W) uint8 arrays, planar yuv420p, all of one size, in order. A second
                of them is enough, from anywhere in the video.

        Raises:
            InvalidInput: a frame has another layout.
        """
        tunings: list[Tuning] = []
        sums = [Sums() for _ in self._decoders]
        for values in _batches(frames):
            tunings = tunings or [decoder.tune(values) for decoder in self._decoders]
            for decoder, tuning, mine in zip(self._decoders, tunings, sums, strict=True):
                decoder.add(values, tuning, mine)
        found = [conclude(d, mine) for d, mine in zip(self._decoders, sums, strict=True)]
        return max(found, key=lambda one: (one.asset_id is not None, one.pilot_score))


def conclude(decoder: Decoder, sums: Sums) -> Detection:
    """Return what the frames summed up so far carry under one key."""
    scores = sums.scores
    marked = scores > _MARKED
    asset_id = decode_asset_id(sums.coded)
    agreement, own = 0.0, 0
    if asset_id is not None:
        agreement = float(np.mean((sums.coded > 0) == coded_bits(asset_id)))
        own = int((marked & decoder.agree(sums, asset_id)).sum())
    return Detection(
        DetectionState.FOUND if asset_id else DetectionState.NOT_FOUND,
        asset_id,
        frames=len(scores),
        marked_frames=int(marked.sum()),
        asset_frames=own,
        pilot_score=float(scores.mean()) if len(scores) else 0.0,
        agreement=agreement,
        key_id=decoder.key_id,
    )


def _batches(frames: Iterable[Plane]) -> Iterator[Values]:
    """Yield the (n, 1024) values of up to 96 frames at a time."""
    values = (read_values(cb_plane(frame)) for frame in frames)
    while batch := list(islice(values, _BATCH)):
        yield np.stack(batch)
