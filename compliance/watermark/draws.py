"""What a key throws: the permutations and coins that decide where a mark's bits go.

Everything is drawn from SHAKE-256 of the key, not from a library's random generator: a file marked
today must be readable by whatever version runs in ten years.
"""

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Draws:
    """Draws of one secret for one use.

    Attributes:
        use: tells the draws of one mark from those of another.
        secret: the key's bytes.
    """

    use: bytes
    secret: bytes = field(repr=False)

    def shuffle(self, label: str, size: int) -> NDArray[np.int64]:
        """Return a permutation of ``range(size)``."""
        draws = np.frombuffer(self._stream(label, 8 * size), ">u8")
        return np.argsort(draws, kind="stable")

    def coins(self, label: str, size: int) -> NDArray[np.int64]:
        """Return (size,) of +1 and -1."""
        bits = np.unpackbits(np.frombuffer(self._stream(label, -(-size // 8)), np.uint8))
        return 2 * bits[:size].astype(np.int64) - 1

    def _stream(self, label: str, size: int) -> bytes:
        seed = self.use + b"\0" + label.encode() + b"\0" + self.secret
        return hashlib.shake_256(seed).digest(size)
