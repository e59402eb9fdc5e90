"""Checkpoints (C2SP tlog-checkpoint): size and root of a log, signed by it and by witnesses."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from compliance.errors import InvalidInput, LedgerInvalid
from compliance.ledger.keys import KeyKind, NoteSigner, VerifierKey
from compliance.ledger.note import Note, Signed, parse_note, verify_note
from compliance.ledger.text import read_hash, read_number, to_base64
from compliance.ledger.tree import EMPTY_ROOT


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the text of a checkpoint says."""

    origin: str  # unique name of the log
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> bytes:
        """The text that is signed."""
        lines = [self.origin, str(self.size), to_base64(self.root), *self.extensions]
        return "".join(f"{line}\n" for line in lines).encode()

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Read the text of a note.

        1. The first line is the origin, not empty.
        2. The second is the size, a decimal without leading zeroes.
        3. The third is the root, 32 bytes in base64; of an empty tree the only root there is.
        4. Further lines are extensions, none of them empty.

        Raises:
            LedgerInvalid: it is not the text of a checkpoint.
        """
        lines = text.decode().split("\n")
        if len(lines) < 4 or lines[-1] or not all(lines[:-1]):  # 1, 4
            raise LedgerInvalid("The note is not a checkpoint.", code="checkpoint-malformed")
        size = read_number(lines[1], "size of the tree")  # 2
        root = read_hash(lines[2], "root of the tree")  # 3
        if not size and root != EMPTY_ROOT:
            raise LedgerInvalid("An empty tree has another root.", code="checkpoint-malformed")
        return cls(lines[0], size, root, tuple(lines[3:-1]))

    def sign(self, signers: Iterable[NoteSigner]) -> bytes:
        """Return the checkpoint as a note signed by the log's keys.

        Raises:
            InvalidInput: nobody signs, or a field has a line break or control character in it.
        """
        lines = b"".join(signer.sign(self.text) for signer in signers)
        note = self.text + b"\n" + lines
        try:
            if Checkpoint.parse(parse_note(note).text) == self:
                return note
        except LedgerInvalid as error:
            raise InvalidInput(
                f"It cannot be signed: {error}", code="checkpoint-unusable"
            ) from error
        raise InvalidInput("Its text would say something else.", code="checkpoint-unusable")


@dataclass(frozen=True)
class LogTrust:
    """Whom an auditor believes: the pinned key of a log, and witnesses of their choice.

    Attributes:
        logs: the log's keys; more than one only while it changes its key.
        witnesses: keys of witnesses.
        quorum: how many of them must have cosigned.
        origin: the log's name, if it is not that of its keys.
    """

    logs: tuple[VerifierKey, ...]
    witnesses: tuple[VerifierKey, ...] = ()
    quorum: int = 0
    origin: str | None = None

    @property
    def origin_name(self) -> str:
        """The origin that the log's checkpoints state."""
        return self.logs[0].name if self.origin is None else self.origin

    def __post_init__(self) -> None:
        """Refuse a trust that nothing, or anything, would satisfy."""
        if not self.logs or any(key.kind is not KeyKind.NOTE for key in self.logs):
            raise InvalidInput("A log's key that signs notes is needed.", code="trust-log-key")
        if len({key.name for key in self.logs}) > 1 and self.origin is None:
            raise InvalidInput("These are the keys of different logs.", code="trust-log-key")
        if any(key.kind is not KeyKind.COSIGNATURE for key in self.witnesses):
            raise InvalidInput("A witness has a key that cosigns.", code="trust-witness-key")
        if len({key.public for key in self.witnesses}) != len(self.witnesses):
            raise InvalidInput("A witness counts once, whatever it is called.", code="trust-quorum")
        if not 0 <= self.quorum <= len(self.witnesses):
            raise InvalidInput(
                f"{self.quorum} of {len(self.witnesses)} witnesses cannot be had.",
                code="trust-quorum",
            )


@dataclass(frozen=True, slots=True)
class VerifiedCheckpoint:
    """A checkpoint that the log signed."""

    checkpoint: Checkpoint
    cosignatures: tuple[Signed, ...]  # of known witnesses, with their times


def verify_checkpoint(data: bytes, trust: LogTrust) -> VerifiedCheckpoint:
    """Return what a log signed.

    1. It is a signed note, and no signature of a key we know fails.
    2. One of the log's pinned keys signed it.
    3. Its text is a checkpoint, of this log.

    Raises:
        LedgerInvalid: one of them failed.
    """
    note: Note = parse_note(data)  # 1
    held = verify_note(note, (*trust.logs, *trust.witnesses))
    if not any(signed.key in trust.logs for signed in held):  # 2
        raise LedgerInvalid(
            "The pinned key of the log did not sign it.", code="checkpoint-unsigned"
        )
    checkpoint = Checkpoint.parse(note.text)  # 3
    if checkpoint.origin != trust.origin_name:
        raise LedgerInvalid(
            f"It is a checkpoint of {checkpoint.origin[:80]!r}, not of {trust.origin_name!r}.",
            code="checkpoint-origin",
        )
    return VerifiedCheckpoint(checkpoint, tuple(s for s in held if s.key in trust.witnesses))


def check_quorum(verified: VerifiedCheckpoint, trust: LogTrust) -> None:
    """Make sure that as many witnesses cosigned as the auditor asks for.

    Raises:
        LedgerInvalid: fewer did.
    """
    if len(verified.cosignatures) < trust.quorum:
        raise LedgerInvalid(
            f"{len(verified.cosignatures)} of the needed {trust.quorum} witnesses cosigned it.",
            code="checkpoint-quorum",
        )
