"""Hashes, roots and inclusion proofs of RFC 6962, section 2.1 (SHA-256).

Leaves and nodes are hashed with different prefixes, so that no inner node can ever be
shown as if it were an event (second-preimage resistance).
"""

import hashlib
from collections.abc import Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()
_LEAF = b"\x00"
_NODE = b"\x01"


def leaf_hash(entry: bytes) -> bytes:
    """Return the 32-byte hash of one log entry: SHA-256(0x00 || entry)."""
    return hashlib.sha256(_LEAF + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the 32-byte hash of an inner node: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(_NODE + left + right).digest()


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """Return the Merkle tree hash of leaf *hashes* in order (RFC 6962, 2.1)."""
    if not leaves:
        return EMPTY_ROOT
    level = list(leaves)
    while len(level) > 1:  # pairing upwards equals splitting at the largest power of two
        paired = [node_hash(*level[i : i + 2]) for i in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2 :]
    return level[0]


def inclusion_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the audit path of leaf ``index``, from the leaf upwards (RFC 6962, 2.1.1).

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"Leaf {index} of a tree with {len(leaves)} leaves.")
    path: list[bytes] = []
    level = list(leaves)
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):  # the last node of an odd level rises alone
            path.append(level[sibling])
        paired = [node_hash(*level[i : i + 2]) for i in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2 :]
        index //= 2
    return path


def verify_inclusion(
    leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes
) -> bool:
    """Say whether ``leaf`` (a leaf hash) is number ``index`` of ``size`` under ``root``.

    The numbered steps of RFC 9162, section 2.1.3.2:

    1. The index lies inside the tree.
    2. Start at the leaf: ``fn`` is the index, ``sn`` the last index.
    3. Each hash of the path joins on the left or on the right; none is left over when
       the top is reached.
    4. The top is reached and equals the root.
    """
    if not 0 <= index < size:  # 1
        return False
    fn, sn, value = index, size - 1, leaf  # 2
    for sibling in path:  # 3
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            value = node_hash(sibling, value)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            value = node_hash(value, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and value == root  # 4
