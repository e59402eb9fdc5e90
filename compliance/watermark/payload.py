"""Asset ids, and the bits that carry one: 64 bits of id and a CRC-32, convolutionally coded."""

import re
import zlib

import numpy as np
from numpy.typing import NDArray

from compliance.errors import InvalidInput
from compliance.watermark.convolution import coded_length, encode, viterbi

ID_BYTES = 8
# CRC-16 is too short for a search over many hypotheses; 32 bits let one in 4e9 wrong words pass
_CHECK_BYTES = 4
_WORD_BITS = 8 * (ID_BYTES + _CHECK_BYTES)
CODED_BITS = coded_length(_WORD_BITS)
ID_CODED_BITS = coded_length(8 * ID_BYTES) - coded_length(0)  # the first: no CRC has a say in them

_ASSET_ID = re.compile(r"[0-9a-f]{16}")


def asset_id_bytes(asset_id: str) -> bytes:
    """Return the 8 bytes of an asset id written as 16 lower-case hexadecimal digits.

    Raises:
        InvalidInput: it is written in another way.
    """
    if not _ASSET_ID.fullmatch(asset_id):
        raise InvalidInput(
            f"{asset_id!r} is not an asset id: 16 lower-case hexadecimal digits.",
            code="asset-id-invalid",
        )
    return bytes.fromhex(asset_id)


def coded_bits(asset_id: str) -> NDArray[np.uint8]:
    """Return the (306,) coded bits of an asset id.

    Raises:
        InvalidInput: it is not an asset id.
    """
    payload = asset_id_bytes(asset_id)
    word = payload + zlib.crc32(payload).to_bytes(_CHECK_BYTES, "big")
    return encode(np.unpackbits(np.frombuffer(word, np.uint8)))


def decode_asset_id(soft: NDArray[np.float64]) -> str | None:
    """Return the asset id in (306,) soft bits (positive means 1), or None if its CRC fails."""
    return decode_asset_ids(soft[None])[0]


def decode_asset_ids(soft: NDArray[np.float64]) -> list[str | None]:
    """Return what :func:`decode_asset_id` says of each row of (n, 306) soft bits."""
    return [_checked(word) for word in viterbi(soft, _WORD_BITS)]


def _checked(bits: NDArray[np.uint8]) -> str | None:
    word = np.packbits(bits).tobytes()
    payload, check = word[:ID_BYTES], word[ID_BYTES:]
    if zlib.crc32(payload).to_bytes(_CHECK_BYTES, "big") != check:
        return None
    return payload.hex()
