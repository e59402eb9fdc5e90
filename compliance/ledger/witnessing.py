"""The ``add-checkpoint`` request of the witness protocol (C2SP tlog-witness)."""

from dataclasses import dataclass
from typing import Self

from compliance.errors import LedgerInvalid
from compliance.ledger.note import MAX_NOTE
from compliance.ledger.text import read_hash, read_number, to_base64

MAX_REQUEST = MAX_NOTE + 4096  # bytes: 63 hashes of 45 bytes above a checkpoint
_MAX_PATH = 63


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """What a log asks a witness to cosign, and why the witness may.

    Attributes:
        old: size of the tree that the witness cosigned last, 0 if it never did.
        path: consistency proof from there to the new checkpoint.
        checkpoint: the signed note, as it stands.
    """

    old: int
    path: tuple[bytes, ...]
    checkpoint: bytes

    def encode(self) -> bytes:
        """Return the body of the request."""
        lines = [f"old {self.old}", *map(to_base64, self.path), "", ""]
        return "\n".join(lines).encode() + self.checkpoint

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read the body of a request: old size, proof lines, an empty line, the checkpoint.

        Raises:
            LedgerInvalid: it is not one.
        """
        head, gap, checkpoint = body[: MAX_REQUEST + 1].partition(b"\n\n")
        if len(body) > MAX_REQUEST or not gap:
            raise LedgerInvalid("It is not a request to cosign.", code="request-malformed")
        try:
            first, *hashes = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise LedgerInvalid("It is not ASCII.", code="request-malformed") from error
        if not first.startswith("old ") or len(hashes) > _MAX_PATH:
            raise LedgerInvalid("It is not a request to cosign.", code="request-malformed")
        old = read_number(first.removeprefix("old "), "old size")
        return cls(old, tuple(read_hash(line, "hash") for line in hashes), checkpoint)
