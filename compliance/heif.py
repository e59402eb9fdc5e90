"""Telling photos of the HEIF family (HEIC, AVIF) by their first bytes, to refuse them by name.

Nothing of them is decoded here or anywhere else (docs/decisions/0091-audio-and-odd-files.md).
"""

HEAD = 12  # bytes that tell
_BRANDS = frozenset(  # ISO/IEC 23008-12, annex B, and AV1 Image File Format, section 6
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"}
)


def is_heif(head: bytes) -> bool:
    """Say whether a file that begins so (12 bytes at least) is a HEIC, HEIF or AVIF photo."""
    return head[4:8] == b"ftyp" and head[8:HEAD] in _BRANDS
