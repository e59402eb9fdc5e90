"""What a witness answers (C2SP tlog-witness, ``add-checkpoint``), without HTTP."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus

from compliance.errors import InvalidInput, LedgerInvalid
from compliance.ledger import Checkpoint, LogTrust, NoteSigner, parse_note, verify_checkpoint
from compliance.ledger.tree import EMPTY_ROOT, verify_consistency
from compliance.ledger.witnessing import AddCheckpoint
from compliance.witness.memory import LogMemory, Memory

_TEXT = "text/plain; charset=utf-8"
_SIZE = "text/x.tlog.size"
_NOTHING = Checkpoint("", 0, EMPTY_ROOT)  # what every log grew from


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: HTTPStatus
    body: bytes = b""
    content_type: str = _TEXT


@dataclass(frozen=True)
class Witness:
    """Cosigns a checkpoint if it continues the one it cosigned last.

    Attributes:
        signer: its own name and key.
        logs: by origin, the keys of the logs it knows.
        memory: what it must not forget.
        now: seconds since the epoch.
    """

    signer: NoteSigner
    logs: dict[str, LogTrust]
    memory: Memory
    now: Callable[[], float] = field(default=time.time)

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer a request.

        1. It is an old size, a proof, and a checkpoint; else 400.
        2. The witness knows the log of that origin; else 404.
        3. A trusted key of that log signed the checkpoint; else 403.
        4. The old size is not larger than the new one; else 400.
        5. The old size is that of the checkpoint that was cosigned last; else 409 with that size.
        6. A tree of the same size has the same root; else 409.
        7. The proof holds from the old tree to the new one (RFC 9162, 2.1.4.2), and is empty if
           there is nothing to prove; else 422.
        8. The new checkpoint is on the disk, and only then cosigned.
        """
        try:  # 1
            request = AddCheckpoint.parse(body)
            stated = Checkpoint.parse(parse_note(request.checkpoint).text)
        except LedgerInvalid as error:
            return _refused(HTTPStatus.BAD_REQUEST, error)
        trust = self.logs.get(stated.origin)
        if trust is None:  # 2
            return Answer(HTTPStatus.NOT_FOUND, b"This log is not known here.\n")
        try:  # 3
            new = verify_checkpoint(request.checkpoint, trust).checkpoint
        except LedgerInvalid as error:
            return _refused(HTTPStatus.FORBIDDEN, error)
        if request.old > new.size:  # 4
            return Answer(HTTPStatus.BAD_REQUEST, b"The old size is larger than the new one.\n")
        with self.memory.log(new.origin) as log:
            return self._continued(log, request, new)

    def _continued(self, log: LogMemory, request: AddCheckpoint, new: Checkpoint) -> Answer:
        """Make steps 5 to 8, alone with the memory of this log."""
        old = log.latest() or _NOTHING
        same_size = request.old == new.size
        if request.old != old.size or (same_size and new.root != old.root):  # 5, 6
            return Answer(HTTPStatus.CONFLICT, b"%d\n" % old.size, _SIZE)
        if not verify_consistency(old.size, old.root, new.size, new.root, request.path):  # 7
            return Answer(HTTPStatus.UNPROCESSABLE_ENTITY, b"The proof does not hold.\n")
        log.remember(request.checkpoint)  # 8
        return Answer(HTTPStatus.OK, self.signer.sign(new.text, int(self.now())))


def logs_by_origin(trusts: Iterable[LogTrust]) -> dict[str, LogTrust]:
    """Return the logs a witness knows, by origin.

    Raises:
        InvalidInput: two are of one origin.
    """
    logs: dict[str, LogTrust] = {}
    for trust in trusts:
        if trust.origin_name in logs:
            raise InvalidInput(f"{trust.origin_name!r} is named twice.", code="log-twice")
        logs[trust.origin_name] = trust
    return logs


def _refused(status: HTTPStatus, error: LedgerInvalid) -> Answer:
    return Answer(status, f"{error}\n".encode())
