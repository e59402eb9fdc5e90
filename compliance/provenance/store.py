"""A C2PA manifest store by itself: taken out of an MP4, and read beside one."""

from pathlib import Path
from typing import BinaryIO

from compliance.errors import InvalidInput

# ISO base media: the box that C2PA keeps its manifest store in (C2PA 2.4, embedding in BMFF)
_C2PA_BOX = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_PURPOSE = b"manifest\0"
_MOST = 64 << 20  # bytes of a manifest store
MEDIA_TYPE = "application/c2pa"


def manifest_store(path: Path) -> bytes:
    """Return the manifest store (JUMBF) that an MP4 carries.

    Raises:
        InvalidInput: there is none, or the file's boxes are broken.
    """
    try:
        with path.open("rb") as stream:
            content = _find(stream, path.stat().st_size)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error}.", code="file-unreadable") from error
    if content is None:
        raise InvalidInput(f"{path} carries no manifest store.", code="manifest-missing")
    return content


def _find(stream: BinaryIO, size: int) -> bytes | None:
    at = 0
    while at + 8 <= size:
        stream.seek(at)
        header = stream.read(16)
        length, kind, used = int.from_bytes(header[:4], "big"), header[4:8], 8
        if length == 1:
            length, used = int.from_bytes(header[8:16], "big"), 16
        length = length or size - at  # 0: to the end of the file
        if length < used or at + length > size:
            return None
        if kind == b"uuid":
            stream.seek(at + used)
            if length <= _MOST and stream.read(16) == _C2PA_BOX:
                return _store(stream.read(length - used - 16))
        at += length
    return None


def _store(content: bytes) -> bytes | None:
    """Return what follows version, flags, purpose and the offset to a Merkle box (8 bytes)."""
    start = 4 + len(_PURPOSE)
    if content[4:start] != _PURPOSE:
        return None
    jumbf = content[start + 8 :]
    length = int.from_bytes(jumbf[:4], "big")
    return jumbf[:length] if jumbf[4:8] == b"jumb" and 8 <= length <= len(jumbf) else None
