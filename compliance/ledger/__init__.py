"""The log as a stranger checks it: Merkle tree (RFC 6962), tiles, proofs and signed checkpoints."""

from compliance.ledger.growing import GrowingTree, Tile
from compliance.ledger.proofs import consistency_proof, inclusion_proof, root_at
from compliance.ledger.reading import ReadFile, VerifiedTiles
from compliance.ledger.store import FolderStore, TileStore
from compliance.ledger.tiles import TileName, decode_bundle, encode_bundle
from compliance.ledger.tree import (
    EMPTY_ROOT,
    leaf_hash,
    node_hash,
    row_root,
    verify_consistency,
    verify_inclusion,
)

__all__ = [
    "EMPTY_ROOT",
    "FolderStore",
    "GrowingTree",
    "ReadFile",
    "Tile",
    "TileName",
    "TileStore",
    "VerifiedTiles",
    "consistency_proof",
    "decode_bundle",
    "encode_bundle",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "root_at",
    "row_root",
    "verify_consistency",
    "verify_inclusion",
]
