"""Proof files (C2SP tlog-proof): that one entry is in a log, provable offline for ever."""

from dataclasses import dataclass
from typing import Self

from compliance.errors import LedgerInvalid
from compliance.ledger.checkpoint import (
    Checkpoint,
    LogTrust,
    VerifiedCheckpoint,
    check_quorum,
    verify_checkpoint,
)
from compliance.ledger.note import MAX_NOTE, parse_note
from compliance.ledger.proofs import inclusion_proof
from compliance.ledger.reading import ReadFile, VerifiedTiles
from compliance.ledger.text import read_base64, read_hash, read_number, to_base64
from compliance.ledger.tiles import MAX_ENTRY
from compliance.ledger.tree import leaf_hash, verify_inclusion

_HEADER = "c2sp.org/tlog-proof@v1"
_MAX_PATH = 63  # hashes: a tree has at most 2^63 - 1 leaves
MAX_PROOF = MAX_NOTE + 2 * MAX_ENTRY  # bytes


@dataclass(frozen=True, slots=True)
class LogProof:
    """What a proof file holds: nothing in it is believed yet.

    Attributes:
        index: the number of the entry in the log.
        path: inclusion proof, from the leaf's sibling upwards.
        checkpoint: the signed note, as it stands.
        extra: opaque, not authenticated; Rakkan puts the entry itself there.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    @classmethod
    def make(
        cls, read: ReadFile, checkpoint: bytes, index: int, extra: bytes | None = None
    ) -> Self:
        """Make the proof of entry ``index`` from a log's tiles.

        Raises:
            LedgerInvalid: the tiles are not those of the checkpoint, whoever signed it.
            IndexError: the log has no such entry.
        """
        stated = Checkpoint.parse(parse_note(checkpoint).text)
        tiles = VerifiedTiles(read, stated.size, stated.root)
        return cls(index, tuple(inclusion_proof(tiles, index)), checkpoint, extra)

    def encode(self) -> bytes:
        """Return the file."""
        extra = [] if self.extra is None else [f"extra {to_base64(self.extra)}"]
        lines = [_HEADER, *extra, f"index {self.index}", *map(to_base64, self.path), "", ""]
        return "\n".join(lines).encode() + self.checkpoint

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a proof file (tlog-proof, "Format").

        Raises:
            LedgerInvalid: it is not one.
        """
        head, gap, checkpoint = data[: MAX_PROOF + 1].partition(b"\n\n")
        if len(data) > MAX_PROOF or not gap:
            raise _malformed("it is too large, or has no checkpoint")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise _malformed("it is not ASCII above the checkpoint") from error
        if lines.pop(0) != _HEADER:
            raise _malformed(f"it does not begin with {_HEADER}")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = read_base64(lines.pop(0).removeprefix("extra "), "extra data")
        if not lines or not lines[0].startswith("index "):
            raise _malformed("it has no index")
        index = read_number(lines.pop(0).removeprefix("index "), "index")
        if len(lines) > _MAX_PATH:
            raise _malformed(f"it has {len(lines)} hashes")
        return cls(index, tuple(read_hash(line, "hash") for line in lines), checkpoint, extra)


def verify_log_proof(proof: LogProof, entry: bytes, trust: LogTrust) -> VerifiedCheckpoint:
    """Make sure that a log holds ``entry`` at the place that the proof names.

    1. The checkpoint is signed by the pinned key of the log.
    2. Enough witnesses cosigned it.
    3. The entry's leaf hash (RFC 6962, 2.1) hangs at its index under the checkpoint's root
       (RFC 9162, 2.1.3.2).

    Raises:
        LedgerInvalid: one of them failed.
    """
    verified = verify_checkpoint(proof.checkpoint, trust)  # 1
    check_quorum(verified, trust)  # 2
    check_inclusion(proof, entry)  # 3
    return verified


def check_inclusion(proof: LogProof, entry: bytes) -> None:
    """Make the third step alone: is the entry in the tree of this checkpoint, whoever signed it?

    Raises:
        LedgerInvalid: it is not.
    """
    stated = Checkpoint.parse(parse_note(proof.checkpoint).text)
    leaf = leaf_hash(entry)
    if not verify_inclusion(leaf, proof.index, stated.size, proof.path, stated.root):
        raise LedgerInvalid(
            f"The log of {stated.size} entries does not hold this one at {proof.index}.",
            code="proof-invalid",
        )


def _malformed(why: str) -> LedgerInvalid:
    return LedgerInvalid(f"It is not a proof file: {why}.", code="proof-malformed")
