"""Tiles that were checked up to a known root before anything is read off them."""

from collections.abc import Callable, Iterable
from typing import Final

from compliance.errors import LedgerInvalid
from compliance.ledger.tiles import MAX_SIZE, WIDTH, TileName, edge_names, width_at
from compliance.ledger.tree import HASH_SIZE, pair_rows, row_root

ReadFile = Callable[[str], bytes | None]
"""Returns the file at an address below the log's prefix, or None if there is none."""


def edge_root(rows: Iterable[bytes | bytearray]) -> bytes:
    """Return the root of a tree, given of each level, from 0 up, the hashes in its partial tile."""
    rest = b""  # root of what lies right of the full subtrees of the level
    for row in rows:
        if row:
            rest = row_root(bytes(row) + rest)
    return rest or row_root(b"")


class VerifiedTiles:
    """The tiles of one tree; every hash handed out hangs under the root that was given.

    The checks, in order:

    1. The partial tiles of the right edge are there, as wide as the size says (tlog-tiles,
       "Partial Tiles"), and their hashes make the root (RFC 6962, 2.1).
    2. A full tile is 256 hashes, and its root stands at its place in the tile above, which was
       checked before.
    """

    def __init__(self, read: ReadFile, size: int, root: bytes) -> None:
        """Read and check the right edge.

        Args:
            read: where the files come from; it is not trusted.
            size: number of leaves.
            root: Merkle tree hash that a signed checkpoint states.

        Raises:
            LedgerInvalid: a tile of the edge is missing or malformed, or another root comes out.
        """
        if not 0 <= size <= MAX_SIZE:
            raise LedgerInvalid(f"A tree of {size} leaves is none.", code="tree-size")
        self.size: Final = size
        self.root: Final = root
        self._read = read
        # of each level the tile read last, and the rows above it
        self._last: dict[int, tuple[int, tuple[bytes, ...]]] = {}
        self.edge_rows: Final = [self._fetch(name) if name else b"" for name in edge_names(size)]
        if edge_root(self.edge_rows) != root:  # 1
            raise LedgerInvalid(
                f"The tiles at the right edge of the tree of {size} do not make its root.",
                code="tree-root",
            )

    def tile(self, level: int, index: int) -> bytes:
        """Return the hashes of a tile, partial or full.

        Raises:
            LedgerInvalid: it is missing or malformed, or is not the one under the root.
            IndexError: the tree has no such tile.
        """
        return self._rows(level, index)[0]

    def subtree(self, start: int, end: int) -> bytes:
        """Return MTH(D[start:end]) of a whole subtree.

        Its size is a power of two that divides ``start``.

        Raises:
            LedgerInvalid, IndexError: as :meth:`tile`.
        """
        level, count = 0, end - start
        while count >= WIDTH:
            level, count, start = level + 1, count // WIDTH, start // WIDTH
        index, within = divmod(start, WIDTH)
        at = within // count * HASH_SIZE
        return self._rows(level, index)[count.bit_length() - 1][at : at + HASH_SIZE]

    def _rows(self, level: int, index: int) -> tuple[bytes, ...]:
        """Return a tile and the rows of whole pairs above it."""
        width = width_at(self.size, level, index)
        if index < 0 or not width:
            raise IndexError(f"Tile {index} of level {level} in a tree of {self.size}.")
        known = self._last.get(level)
        if known and known[0] == index:
            return known[1]
        if width < WIDTH:
            rows = pair_rows(self.edge_rows[level])
        else:
            name, at = TileName(level, index), index % WIDTH * HASH_SIZE
            rows = pair_rows(self._fetch(name))
            if rows[-1] != self.tile(level + 1, index // WIDTH)[at : at + HASH_SIZE]:  # 2
                raise LedgerInvalid(
                    f"{name.path} is not the tile of this tree.", code="tile-replaced"
                )
        self._last[level] = (index, rows)
        return rows

    def _fetch(self, name: TileName) -> bytes:
        """Read a tile; a log may have replaced a partial tile by the full one since."""
        hashes = self._read(name.path)
        if hashes is None and name.width < WIDTH:
            hashes = self._read(TileName(name.level, name.index).path)
            hashes = None if hashes is None else hashes[: name.width * HASH_SIZE]
        if hashes is None:
            raise LedgerInvalid(f"{name.path} is missing.", code="tile-missing")
        if len(hashes) != name.width * HASH_SIZE:
            raise LedgerInvalid(
                f"{name.path} has {len(hashes)} bytes, not {name.width * HASH_SIZE}.",
                code="tile-malformed",
            )
        return hashes
