"""Make inclusion and consistency proofs from tiles; a proof reads O(log n) of them."""

from compliance.ledger.reading import VerifiedTiles
from compliance.ledger.tree import EMPTY_ROOT, node_hash


def inclusion_proof(tiles: VerifiedTiles, index: int) -> list[bytes]:
    """Return PATH(index, D[size]) of RFC 9162, 2.1.3.1: the siblings from the leaf upwards.

    Raises:
        IndexError: there is no such leaf.
        LedgerInvalid: a tile is missing or is not of this tree.
    """
    if not 0 <= index < tiles.size:
        raise IndexError(f"Leaf {index} of a tree with {tiles.size} leaves.")
    start, end, path = 0, tiles.size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_hash(tiles, middle, end))
            end = middle
        else:
            path.append(range_hash(tiles, start, middle))
            start = middle
    return path[::-1]


def consistency_proof(tiles: VerifiedTiles, old: int) -> list[bytes]:
    """Return PROOF(old, D[size]) of RFC 9162, 2.1.4.1; empty if there is nothing to prove.

    Raises:
        IndexError: the old tree is larger than this one.
        LedgerInvalid: a tile is missing or is not of this tree.
    """
    if not 0 <= old <= tiles.size:
        raise IndexError(f"A tree of {tiles.size} leaves had none of {old}.")
    if old in (0, tiles.size):
        return []
    start, end, path = 0, tiles.size, []
    while end != old:  # SUBPROOF: the old tree ends inside this range
        middle = start + _split(end - start)
        if old <= middle:
            path.append(range_hash(tiles, middle, end))
            end = middle
        else:
            path.append(range_hash(tiles, start, middle))
            start = middle
    if start:  # a subtree that is not the whole old tree, which the verifier holds already
        path.append(range_hash(tiles, start, end))
    return path[::-1]


def root_at(tiles: VerifiedTiles, size: int) -> bytes:
    """Return the root that the tree had when it was ``size`` leaves long.

    Raises:
        IndexError: the tree never was that long.
    """
    if not 0 <= size <= tiles.size:
        raise IndexError(f"A tree of {tiles.size} leaves had none of {size}.")
    return range_hash(tiles, 0, size) if size else EMPTY_ROOT


def range_hash(tiles: VerifiedTiles, start: int, end: int) -> bytes:
    """Return MTH(D[start:end]) (RFC 6962, 2.1) for a range that a split of the tree leaves."""
    parts: list[bytes] = []  # whole subtrees, each smaller than the one before
    while (end - start) & (end - start - 1):
        middle = start + _split(end - start)
        parts.append(tiles.subtree(start, middle))
        start = middle
    joined = tiles.subtree(start, end)
    for part in reversed(parts):
        joined = node_hash(part, joined)
    return joined


def _split(count: int) -> int:
    """Return the largest power of two smaller than ``count`` (at least 2)."""
    return 1 << (count - 1).bit_length() - 1
