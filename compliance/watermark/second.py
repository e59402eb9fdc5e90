"""The word of the second mark: 32 secret bits an asset, which a neural network writes (rivaGan).

They are too few to name an asset among millions, so nobody searches for them: whoever holds a copy
and has been told which release it may be of asks whether that release's word is in it. The network
itself is with the workers (``generation.media.second_mark``); here is what needs the key.
"""

from math import comb

import numpy as np
from numpy.typing import NDArray

from compliance.watermark.draws import Draws
from compliance.watermark.key import WatermarkKey
from compliance.watermark.payload import asset_id_bytes

WORD_BITS = 32
WORD_BYTES = WORD_BITS // 8


def second_word(key: WatermarkKey, asset_id: str) -> bytes:
    """Return the 4 bytes that the second mark of an asset carries under a key.

    Raises:
        InvalidInput: the id is not 16 lower-case hexadecimal digits.
    """
    asset_id_bytes(asset_id)
    coins = Draws(b"rakkan second mark 1", key.secret).coins(asset_id, WORD_BITS)
    return np.packbits(coins > 0).tobytes()


def word_bits(word: bytes) -> NDArray[np.uint8]:
    """Return the (32,) zeros and ones of a word."""
    return np.unpackbits(np.frombuffer(word, np.uint8))


def chance_of(agreeing: int) -> float:
    """Return the chance that so many bits, or more, of a word agree with what knows nothing of it.

    Exact: the word's bits are coins of the key, whatever a picture shows.
    """
    return sum(comb(WORD_BITS, n) for n in range(agreeing, WORD_BITS + 1)) / 2.0**WORD_BITS
