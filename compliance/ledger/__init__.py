"""The log as a stranger checks it: Merkle tree (RFC 6962), tiles, proofs and signed checkpoints."""

from compliance.ledger.checkpoint import (
    Checkpoint,
    LogTrust,
    VerifiedCheckpoint,
    check_quorum,
    verify_checkpoint,
)
from compliance.ledger.growing import GrowingTree, Tile
from compliance.ledger.keys import KeyKind, NoteSigner, VerifierKey
from compliance.ledger.note import Note, Signature, Signed, parse_note, verify_note
from compliance.ledger.proofs import consistency_proof, inclusion_proof, root_at
from compliance.ledger.reading import ReadFile, VerifiedTiles
from compliance.ledger.store import FolderStore, TileStore
from compliance.ledger.tiles import TileName, decode_bundle, encode_bundle
from compliance.ledger.tlogproof import LogProof, verify_log_proof
from compliance.ledger.tree import (
    EMPTY_ROOT,
    leaf_hash,
    node_hash,
    row_root,
    verify_consistency,
    verify_inclusion,
)
from compliance.ledger.witnessing import AddCheckpoint

__all__ = [
    "EMPTY_ROOT",
    "AddCheckpoint",
    "Checkpoint",
    "FolderStore",
    "GrowingTree",
    "KeyKind",
    "LogProof",
    "LogTrust",
    "Note",
    "NoteSigner",
    "ReadFile",
    "Signature",
    "Signed",
    "Tile",
    "TileName",
    "TileStore",
    "VerifiedCheckpoint",
    "VerifiedTiles",
    "VerifierKey",
    "check_quorum",
    "consistency_proof",
    "decode_bundle",
    "encode_bundle",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "parse_note",
    "root_at",
    "row_root",
    "verify_checkpoint",
    "verify_consistency",
    "verify_inclusion",
    "verify_log_proof",
    "verify_note",
]
