"""A tree that grows: what a sequencer keeps in memory, a few kB whatever the size."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Self

from compliance.ledger.reading import ReadFile, VerifiedTiles, edge_root
from compliance.ledger.tiles import FULL_TILE, WIDTH, TileName
from compliance.ledger.tree import HASH_SIZE, row_root


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile and its hashes, ready to be stored."""

    name: TileName
    hashes: bytes


class GrowingTree:
    """Appends leaf hashes and hands out the tiles that come of it; keeps the right edge only.

    Store the tiles of :meth:`extend` and :meth:`edge` before you sign :attr:`root`: then a
    process killed at any point leaves a tree that :meth:`resume` can go on with.
    """

    def __init__(self) -> None:
        """Begin the empty tree."""
        self.size = 0
        self._edges: list[bytearray] = []  # of each level the hashes not yet in a full tile

    @classmethod
    def resume(cls, read: ReadFile, size: int, root: bytes) -> Self:
        """Go on with a stored tree whose signed root is known.

        Raises:
            LedgerInvalid: the stored tiles are not those of this root.
        """
        tree = cls()
        tree.size = size
        tree._edges = [bytearray(row) for row in VerifiedTiles(read, size, root).edge_rows]
        return tree

    def extend(self, leaves: Iterable[bytes]) -> list[Tile]:
        """Append leaf hashes and return the tiles that became full, in order.

        Raises:
            ValueError: one has not 32 bytes: an entry, perhaps, that was not hashed.
        """
        full: list[Tile] = []
        waiting = iter(leaves)
        edge = self._edge(0)
        while batch := list(islice(waiting, WIDTH - len(edge) // HASH_SIZE)):
            if any(len(leaf) != HASH_SIZE for leaf in batch):
                raise ValueError("A leaf hash has 32 bytes.")
            edge += b"".join(batch)
            self.size += len(batch)
            if len(edge) == FULL_TILE:
                self._close(0, full)
        return full

    def edge(self) -> list[Tile]:
        """Return the partial tiles of the tree as it is now."""
        return [
            Tile(
                TileName(level, (self.size >> 8 * level) // WIDTH, len(row) // HASH_SIZE),
                bytes(row),
            )
            for level, row in enumerate(self._edges)
            if row
        ]

    @property
    def root(self) -> bytes:
        """The Merkle tree hash of all leaves so far."""
        return edge_root(self._edges)

    def _edge(self, level: int) -> bytearray:
        if level == len(self._edges):
            self._edges.append(bytearray())
        return self._edges[level]

    def _close(self, level: int, full: list[Tile]) -> None:
        """Hand out a row that reached its width, and put its root into the level above."""
        row = self._edges[level]
        hashes = bytes(row)
        full.append(Tile(TileName(level, (self.size >> 8 * level) // WIDTH - 1), hashes))
        row.clear()
        above = self._edge(level + 1)
        above += row_root(hashes)
        if len(above) == FULL_TILE:
            self._close(level + 1, full)
