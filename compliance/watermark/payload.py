"""Asset ids and the bits a frame carries: id, CRC-32 and a convolutional code around both."""

import re
import zlib

from compliance.errors import InvalidInput

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


def with_checksum(payload: bytes) -> bytes:
    """Return ``payload`` followed by its CRC-32 (big endian)."""
    return payload + zlib.crc32(payload).to_bytes(4, "big")
