"""What a hash is of, and how far apart two are. Loads nothing: the web process names these."""

from dataclasses import dataclass
from enum import IntEnum

SIDE = 32  # pixels of the small grey pictures that everything here is made from
BITS = 64
# Parts of a picture that are hashed for a release, each around its middle, by the share of both
# sides that is left: a crop of the picture looks like one of them.
VIEWS = (1.0, 0.9, 0.75, 0.5)


class Kind(IntEnum):
    """What a hash was made from."""

    PICTURE = 1  # one frame, or one of its VIEWS
    ISCC_VIDEO = 2  # the first 64 bits of an ISCC Video-Code
    ISCC_AUDIO = 3  # of an Audio-Code
    ISCC_INSTANCE = 4  # of an Instance-Code: equal bytes


@dataclass(frozen=True, slots=True)
class PrintHash:
    """One hash and where it was taken.

    Attributes:
        kind: what it is of.
        view: index into VIEWS; 0 for everything but pictures.
        at_ms: milliseconds from the beginning.
        bits: the 64 bits as a number from 0.
    """

    kind: Kind
    view: int
    at_ms: int
    bits: int


def distance(one: int, other: int) -> int:
    """Return in how many of 64 bits two hashes differ."""
    return (one ^ other).bit_count()
