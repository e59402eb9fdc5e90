"""Which bit goes where: the secret layout, and the finished pattern of one asset."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from compliance.errors import InvalidInput
from compliance.watermark.draws import Draws
from compliance.watermark.key import WatermarkKey
from compliance.watermark.payload import CODED_BITS, coded_bits

GRID = 32  # blocks a side of the canonical picture
POSITIONS = GRID * GRID
CYCLES = 4  # layouts, so that a picture area that swallows bits does not swallow the same ones
# An encoder has to send every block again when the layout changes; detection needs no certain pace.
FRAMES_PER_CYCLE = 24
COMPANION_GRID = 64  # cells a side of the picture that the companion's signs lie in
COMPANION_PLACES = COMPANION_GRID * COMPANION_GRID
_PILOTS = POSITIONS // 4
_MAGIC = b"rakkanw2"
_BITS = CYCLES * POSITIONS


@dataclass(frozen=True)
class Layout:
    """Where pilots and data lie in each cycle; knowing it is knowing the key."""

    pilots: NDArray[np.float64]  # (4, 1024): +1 or -1 at a pilot, 0 elsewhere
    places: NDArray[np.int64]  # (4, 768): grid positions of data
    coded: NDArray[np.int64]  # (4, 768): which coded bit lies there
    signs: NDArray[np.int64]  # (4, 768): -1 where that bit is flipped

    @classmethod
    def of(cls, key: WatermarkKey) -> Self:
        """Draw the layout of ``key``."""
        draws = _draws(key)
        order = np.stack([draws.shuffle(f"places {c}", POSITIONS) for c in range(CYCLES)])
        pilots = np.zeros((CYCLES, POSITIONS))
        hidden = draws.coins("pilots", CYCLES * _PILOTS).reshape(CYCLES, _PILOTS)
        np.put_along_axis(pilots, order[:, :_PILOTS], hidden, axis=1)
        places = order[:, _PILOTS:]
        rounds = -(-places.size // CODED_BITS)  # every coded bit is sent about ten times
        sent = np.concatenate([draws.shuffle(f"code {r}", CODED_BITS) for r in range(rounds)])
        signs = draws.coins("signs", places.size).reshape(places.shape)
        return cls(pilots, places, sent[: places.size].reshape(places.shape), signs)


@dataclass(frozen=True, eq=False)
class Pattern:
    """The finished bits of one asset: enough to mark with, useless for any other asset.

    Attributes:
        bits: (4, 1024) zeros and ones for the chroma, one row a cycle.
        companion: (64, 64) of +1 and -1 for the luma.
    """

    bits: NDArray[np.uint8]
    companion: NDArray[np.int8]

    def of_frame(self, index: int) -> NDArray[np.uint8]:
        """Return the (1024,) bits of frame number ``index`` (from 0)."""
        row: NDArray[np.uint8] = self.bits[index // FRAMES_PER_CYCLE % CYCLES]
        return row

    def to_bytes(self) -> bytes:
        """Return 1,032 bytes."""
        signs = np.packbits(self.companion > 0)
        return _MAGIC + np.packbits(self.bits).tobytes() + signs.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what :meth:`to_bytes` wrote.

        Raises:
            InvalidInput: it is something else.
        """
        size = len(_MAGIC) + (_BITS + COMPANION_PLACES) // 8
        if len(data) != size or not data.startswith(_MAGIC):
            raise InvalidInput("Not a watermark pattern.", code="pattern-invalid")
        bits = np.unpackbits(np.frombuffer(data, np.uint8, offset=len(_MAGIC)))
        signs = 2 * bits[_BITS:].astype(np.int8) - 1
        return cls(
            bits[:_BITS].reshape(CYCLES, POSITIONS), signs.reshape(COMPANION_GRID, COMPANION_GRID)
        )


def expand(key: WatermarkKey, asset_id: str) -> Pattern:
    """Return the pattern that carries ``asset_id`` under ``key``.

    Raises:
        InvalidInput: the id is not 16 lower-case hexadecimal digits.
    """
    layout = Layout.of(key)
    bits = (layout.pilots > 0).astype(np.uint8)
    flipped = (layout.signs < 0).astype(np.uint8)
    np.put_along_axis(bits, layout.places, coded_bits(asset_id)[layout.coded] ^ flipped, axis=1)
    return Pattern(bits, companion_signs(key, asset_id))


def companion_signs(key: WatermarkKey, asset_id: str) -> NDArray[np.int8]:
    """Return the (64, 64) signs of one asset's companion under a key."""
    signs = _draws(key).coins(f"companion {asset_id}", COMPANION_PLACES).astype(np.int8)
    return signs.reshape(COMPANION_GRID, COMPANION_GRID)


def _draws(key: WatermarkKey) -> Draws:
    return Draws(b"rakkan watermark 1", key.secret)
