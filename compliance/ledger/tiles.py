"""The layout of a log in static files: tiles and entry bundles (C2SP tlog-tiles).

A tile is a row of 256 hashes: at level 0 leaf hashes, at each level above the roots of the full
tiles below. The last tile of a level may be *partial*; it grows under new names and is never
hashed into the level above.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from compliance.errors import LedgerInvalid
from compliance.ledger.tree import HASH_SIZE

WIDTH = 256  # hashes in a full tile; entries in a full bundle
FULL_TILE = WIDTH * HASH_SIZE  # bytes
MAX_ENTRY = (1 << 16) - 1  # bytes: bundles prefix each entry with its length in 16 bits
MAX_SIZE = (1 << 63) - 1  # leaves of a tree: sizes are signed 64-bit numbers elsewhere
_HEIGHT = 8
_ENTRIES = "entries"
_PATH = re.compile(
    r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True)
class TileName:
    """Which tile it is, or which entry bundle if ``level`` is None.

    Attributes:
        level: 0 to 63; None for a bundle of entries.
        index: its place within the level.
        width: how many hashes (entries) it holds, 1 to 256.
    """

    level: int | None
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Its address below the log's prefix, such as ``tile/0/x001/234.p/67``."""
        digits = f"{self.index:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        place = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{_ENTRIES if self.level is None else self.level}/{place}{partial}"

    @classmethod
    def parse(cls, path: str) -> "TileName":
        """Read an address; there is one way to write each.

        Raises:
            LedgerInvalid: it is not the address of a tile.
        """
        matched = _PATH.fullmatch(path)
        if matched:
            level, place, width = matched.groups()
            number = None if level == _ENTRIES else int(level)
            name = cls(number, int(re.sub("[x/]", "", place)), int(width or WIDTH))
            fits = (number or 0) < 64 and name.index <= MAX_SIZE and name.width <= WIDTH
            if fits and name.path == path:
                return name
        raise LedgerInvalid(f"{path[:80]!r} is not the address of a tile.", code="tile-address")


def width_at(size: int, level: int, index: int) -> int:
    """Return how many hashes tile ``index`` of ``level`` has in a tree of ``size``; 0 if none."""
    return max(0, min(WIDTH, (size >> _HEIGHT * level) - index * WIDTH))


def edge_names(size: int) -> list[TileName | None]:
    """Return the partial tile of each level of a tree, from level 0 up; None where there is none.

    "The partial tile at level l for a tree of size s has floor(s / 256**l) mod 256 entries."
    """
    names: list[TileName | None] = []
    level = 0
    while count := size >> _HEIGHT * level:
        width = count % WIDTH
        names.append(TileName(level, count // WIDTH, width) if width else None)
        level += 1
    return names


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Return an entry bundle: each entry after its length (big-endian, 16 bits).

    Raises:
        LedgerInvalid: an entry is longer than the format can say.
    """
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY:
            raise LedgerInvalid(
                f"An entry of {len(entry)} bytes does not fit a bundle.", code="entry-too-long"
            )
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def decode_bundle(bundle: bytes, width: int) -> list[bytes]:
    """Return the entries of a bundle that must hold ``width`` of them.

    Raises:
        LedgerInvalid: it holds more or fewer, or ends within one.
    """
    entries = list(_entries(bundle))
    if len(entries) != width:
        raise LedgerInvalid(
            f"A bundle holds {len(entries)} entries, not {width}.", code="bundle-malformed"
        )
    return entries


def _entries(bundle: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(bundle):
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        if at + 2 > len(bundle) or end > len(bundle):
            raise LedgerInvalid("A bundle ends within an entry.", code="bundle-malformed")
        yield bundle[at + 2 : end]
        at = end
