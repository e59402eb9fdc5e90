"""The small grey pictures of a video, ten a second, as a file: a header, then zlib."""

import zlib

import numpy as np
from numpy.typing import NDArray

from compliance.errors import InvalidInput
from compliance.fingerprint.kinds import SIDE

RATE = 10  # a second
_MAGIC = b"RKP1"
_MOST = 6000 * SIDE * SIDE  # bytes: ten minutes

SmallPictures = NDArray[np.uint8]  # (n, 32, 32)


def pack(pictures: SmallPictures) -> bytes:
    """Return (n, 32, 32) uint8 pictures as a file; about 0.6 kB each."""
    return _MAGIC + zlib.compress(pictures.tobytes(), 6)


def unpack(packed: bytes) -> SmallPictures:
    """Return the (n, 32, 32) pictures of a file that :func:`pack` made.

    Raises:
        InvalidInput: it is no such file.
    """
    try:
        if packed[:4] != _MAGIC:
            raise ValueError("another format")
        inflate = zlib.decompressobj()
        plain = inflate.decompress(packed[4:], _MOST)
        if not inflate.eof:
            raise ValueError("it breaks off")
        return np.frombuffer(plain, np.uint8).reshape(-1, SIDE, SIDE)
    except (ValueError, zlib.error) as error:
        raise InvalidInput(f"This is no print: {error}.", code="print-unreadable") from error
