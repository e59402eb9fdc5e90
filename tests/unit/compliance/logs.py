"""Logs made for the tests: entries, a tree of them, and its files in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from compliance.ledger import GrowingTree, Tile, VerifiedTiles, leaf_hash


@dataclass
class MemoryLog:
    """A log whose files lie in a dictionary, grown in batches as a sequencer grows it."""

    tree: GrowingTree = field(default_factory=GrowingTree)
    files: dict[str, bytes] = field(default_factory=dict)
    reads: int = 0

    def read(self, path: str) -> bytes | None:
        self.reads += 1
        return self.files.get(path)

    def append(self, entries: Sequence[bytes]) -> list[Tile]:
        """Adds a batch, stores its tiles and returns them."""
        tiles = self.tree.extend([leaf_hash(entry) for entry in entries])
        tiles += self.tree.edge()
        for tile in tiles:
            self.files[tile.name.path] = tile.hashes
        return tiles

    def tiles(self) -> VerifiedTiles:
        return VerifiedTiles(self.read, self.tree.size, self.tree.root)


def numbered(count: int, start: int = 0) -> list[bytes]:
    """Returns entries that differ."""
    return [f"entry {number}".encode() for number in range(start, start + count)]


def grown(entries: Sequence[bytes], batch: int = 1000) -> MemoryLog:
    """Returns a log of these entries."""
    log = MemoryLog()
    for start in range(0, len(entries), batch):
        log.append(entries[start : start + batch])
    return log
