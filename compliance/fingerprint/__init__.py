"""Fingerprints: what a video is known by when neither its bytes nor its marks are left.

Three kinds, each for its purpose: 64-bit hashes of pictures, which an index finds among millions; a
small grey picture of every tenth of a second, by which a clip is laid beside its original; and,
made by the platform, the ISCC (ISO 24138), which other people's systems know.

Here is what loads nothing. Whoever decodes files imports ``prints``, whoever compares ``placing``.
"""

from compliance.fingerprint.kinds import BITS, VIEWS, Kind, PrintHash, distance

__all__ = ["BITS", "VIEWS", "Kind", "PrintHash", "distance"]
