"""The Merkle tree of RFC 6962: how a stranger checks that an event is in the log."""

from compliance.ledger.tree import (
    EMPTY_ROOT,
    inclusion_path,
    leaf_hash,
    node_hash,
    tree_root,
    verify_inclusion,
)

__all__ = [
    "EMPTY_ROOT",
    "inclusion_path",
    "leaf_hash",
    "node_hash",
    "tree_root",
    "verify_inclusion",
]
