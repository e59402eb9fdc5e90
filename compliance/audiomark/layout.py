"""Which cell carries which bit: the secret layout, and the finished pattern of one asset.

A period of 1.79 s holds all 306 coded bits; it repeats to the end of the sound. Each of its seven
segments holds 44 data bits and 10 pilots, each in twelve cells spread over all bands, half of them
to be raised and half lowered. Everything is drawn from a key that is derived from the watermark
key, so that neither mark says anything about the other.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from numpy.typing import NDArray

from compliance.audiomark.grid import BANDS
from compliance.errors import InvalidInput
from compliance.watermark.draws import Draws
from compliance.watermark.key import WatermarkKey
from compliance.watermark.payload import CODED_BITS, coded_bits

SEGMENTS = 7  # a period
SEGMENT_CELLS = 8  # in time: 0.256 s
PERIOD_CELLS = SEGMENTS * SEGMENT_CELLS
GROUPS = 54  # bits a segment
PILOTS = 10  # of them
GROUP_CELLS = SEGMENT_CELLS * BANDS // GROUPS
_DATA = GROUPS - PILOTS
_MAGIC = b"rakkana1"
_USE = b"rakkan audio watermark 1"

Cells = NDArray[np.int8]


@dataclass(frozen=True)
class AudioLayout:
    """Where pilots and data lie; knowing it is knowing the key."""

    groups: NDArray[np.int64]  # (7, 8, BANDS): the group that a cell is of
    signs: Cells  # (7, 8, BANDS): +1 or -1, balanced in each group
    flips: Cells  # (7, 54): +1 or -1; a pilot's is its content
    order: NDArray[np.int64]  # (308,): the data group that a coded bit lies in; two are spare

    @classmethod
    def of(cls, key: WatermarkKey) -> Self:
        """Draw the layout of ``key``."""
        draws = _draws(key)
        drawn = [_segment(draws, number) for number in range(SEGMENTS)]
        flips = draws.coins("flips", SEGMENTS * GROUPS).reshape(SEGMENTS, GROUPS)
        order = draws.shuffle("order", SEGMENTS * _DATA)
        groups, signs = (np.stack(parts) for parts in zip(*drawn, strict=True))
        return cls(groups, signs.astype(np.int8), flips.astype(np.int8), order)

    def contents(self, bits: NDArray[np.uint8] | None) -> Cells:
        """Return what each group says (7, 54): +1 or -1; without bits only pilots, 0 elsewhere.

        Args:
            bits: (306,) coded bits.
        """
        data = np.zeros(SEGMENTS * _DATA, np.int8)
        if bits is not None:
            data += 1  # the spare ones
            data[self.order[:CODED_BITS]] = 2 * bits.astype(np.int8) - 1
        contents = self.flips.copy()
        contents[:, PILOTS:] *= data.reshape(SEGMENTS, _DATA)
        return contents

    def cells(self, contents: Cells) -> Cells:
        """Return what each cell of a period should do (56, BANDS): +1 rise, -1 fall, 0 nothing."""
        each = np.take_along_axis(contents[:, None, :], self.groups.reshape(SEGMENTS, 1, -1), 2)
        wanted: Cells = each.reshape(self.signs.shape) * self.signs
        return wanted.reshape(PERIOD_CELLS, BANDS)

    def soft_bits(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (306,) soft coded bits from the (7, 54) sums of the groups."""
        data = (sums * self.flips)[:, PILOTS:].reshape(-1)
        return data[self.order[:CODED_BITS]]


@dataclass(frozen=True, eq=False)
class AudioPattern:
    """The finished carrier of one asset id: enough to mark with, useless for any other asset.

    The numbers of the groups are shuffled anew for each asset and say nothing.

    Attributes:
        wanted: (56, BANDS) +1 where a cell should rise and -1 where it should fall.
        groups: (56, BANDS) number of the group, 0 to 53, within its segment of 8 rows.
    """

    wanted: Cells
    groups: NDArray[np.uint8]

    def to_bytes(self) -> bytes:
        """Return 5,111 bytes."""
        return _MAGIC + np.packbits(self.wanted > 0).tobytes() + self.groups.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what :meth:`to_bytes` wrote.

        Raises:
            InvalidInput: it is something else.
        """
        cells, start = PERIOD_CELLS * BANDS, len(_MAGIC)
        packed = -(-cells // 8)
        if len(data) != start + packed + cells or not data.startswith(_MAGIC):
            raise InvalidInput("Not an audio watermark pattern.", code="audio-pattern-invalid")
        rise = np.unpackbits(np.frombuffer(data, np.uint8, packed, start), count=cells)
        groups = np.frombuffer(data, np.uint8, cells, start + packed).reshape(PERIOD_CELLS, BANDS)
        if groups.max() >= GROUPS:
            raise InvalidInput("Not an audio watermark pattern.", code="audio-pattern-invalid")
        return cls((2 * rise.astype(np.int8) - 1).reshape(PERIOD_CELLS, BANDS), groups)


def expand_audio(key: WatermarkKey, asset_id: str) -> AudioPattern:
    """Return the pattern that carries ``asset_id`` in sound under ``key``.

    Raises:
        InvalidInput: the id is not 16 lower-case hexadecimal digits.
    """
    layout = AudioLayout.of(key)
    wanted = layout.cells(layout.contents(coded_bits(asset_id)))
    draws = Draws(_USE, key.secret)  # not the layout's: these only rename groups, for each asset
    names = [draws.shuffle(f"names {asset_id} {s}", GROUPS) for s in range(SEGMENTS)]
    groups = np.stack([name[each] for name, each in zip(names, layout.groups, strict=True)])
    return AudioPattern(wanted, groups.reshape(PERIOD_CELLS, BANDS).astype(np.uint8))


def _segment(draws: Draws, number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the groups and signs of a segment's cells, (8, BANDS) each.

    A group gets one cell of each layer of neighbouring bands: none is heard in the treble alone.
    """
    groups = np.empty((GROUP_CELLS, GROUPS), np.int64)
    signs = np.empty((GROUP_CELLS, GROUPS), np.int64)
    halves = np.repeat([1, -1], GROUP_CELLS // 2)
    for layer in range(GROUP_CELLS):
        groups[layer] = draws.shuffle(f"layer {number} {layer}", GROUPS)
    balanced = [halves[draws.shuffle(f"half {number} {g}", GROUP_CELLS)] for g in range(GROUPS)]
    signs = np.take_along_axis(np.stack(balanced, axis=1), groups, axis=1)
    shape = (BANDS, SEGMENT_CELLS)  # layers run through the bands, from low to high
    return groups.reshape(shape).T, signs.reshape(shape).T


def _draws(key: WatermarkKey) -> Draws:
    secret = HKDF(SHA256(), 32, salt=None, info=b"audio").derive(key.secret)
    return Draws(_USE, secret)
