"""Hashes, roots and the verification of proofs: RFC 6962, section 2.1 (SHA-256).

Leaves and nodes are hashed with different prefixes, so that no inner node can ever be
shown as if it were an event (second-preimage resistance). Hashes are 32 bytes; a row of them
is one ``bytes`` object, as a tile holds it.
"""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()
_LEAF = b"\x00"
_NODE = b"\x01"
_PAIR = 2 * HASH_SIZE


def leaf_hash(entry: bytes) -> bytes:
    """Return the 32-byte hash of one log entry: SHA-256(0x00 || entry)."""
    return sha256(_LEAF + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the 32-byte hash of an inner node: SHA-256(0x01 || left || right)."""
    return sha256(_NODE + left + right).digest()


@lru_cache(maxsize=64)  # the right edge is asked for with every proof by the same checkpoint
def row_root(row: bytes) -> bytes:
    """Return the Merkle tree hash over a row of hashes (RFC 6962, 2.1).

    The hashes are leaves or whole subtrees of one size; the last may be a smaller subtree.
    Pairing upwards, where the last of an odd row rises alone, equals the RFC's splitting at the
    largest power of two.
    """
    if not row:
        return EMPTY_ROOT
    while len(row) > HASH_SIZE:
        rest = row[len(row) - len(row) % _PAIR :]
        row = _paired(row) + rest
    return row


@lru_cache(maxsize=256)  # 4 MB: one proof after another goes through the same tiles near the root
def pair_rows(row: bytes) -> tuple[bytes, ...]:
    """Return a row and above it the rows of the nodes over whole pairs, up to the last one."""
    rows = [row]
    while len(rows[-1]) >= _PAIR:
        rows.append(_paired(rows[-1]))
    return tuple(rows)


def _paired(row: bytes) -> bytes:
    even = len(row) - len(row) % _PAIR
    return b"".join([sha256(_NODE + row[at : at + _PAIR]).digest() for at in range(0, even, _PAIR)])


def verify_inclusion(
    leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes
) -> bool:
    """Say whether ``leaf`` (a leaf hash) is number ``index`` of ``size`` under ``root``.

    The numbered steps of RFC 9162, section 2.1.3.2:

    1. The index lies inside the tree.
    2. ``fn`` is the index, ``sn`` the last index.
    3. Start at the leaf.
    4. Each hash of the path joins on the left or on the right; none is left over when the top
       is reached.
    5. The top is reached and equals the root.
    """
    if not 0 <= index < size:  # 1
        return False
    fn, sn = index, size - 1  # 2
    value = leaf  # 3
    for sibling in path:  # 4
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            value = node_hash(sibling, value)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            value = node_hash(value, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and value == root  # 5


def verify_consistency(
    old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]
) -> bool:
    """Say whether a tree of ``new`` leaves begins with the tree of ``old`` leaves.

    The numbered steps of RFC 9162, section 2.1.4.2, and before them the cases it leaves out:

    0. Neither size is negative and the tree did not shrink. Trees of one size have one root and
       the empty tree begins every tree; then there is nothing to prove, and the path is empty.
    1. Otherwise an empty path proves nothing.
    2. If ``old`` is a power of two, its root is the first hash of the path.
    3. ``fn`` is the last index of the old tree, ``sn`` that of the new one.
    4. Go up while the old tree's last node is a right child.
    5. Start both roots, ``fr`` and ``sr``, at the first hash.
    6. Each further hash joins on the left of both, or on the right of the new one; none is left
       over when the top is reached.
    7. The top is reached; ``fr`` is the old root and ``sr`` the new one.
    """
    if not 0 <= old <= new:  # 0
        return False
    if old in (0, new):
        known = EMPTY_ROOT if old == 0 else new_root
        return not path and old_root == known and (new > 0 or new_root == EMPTY_ROOT)
    if not path:  # 1
        return False
    hashes = [old_root, *path] if old & (old - 1) == 0 else list(path)  # 2
    fn, sn = old - 1, new - 1  # 3
    while fn & 1:  # 4
        fn, sn = fn >> 1, sn >> 1
    fr = sr = hashes[0]  # 5
    for value in hashes[1:]:  # 6
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(value, fr), node_hash(value, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, value)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == old_root and sr == new_root  # 7
