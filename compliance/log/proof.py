"""Proof files: made from a log's files, and the numbered checks of one."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from compliance.errors import ComplianceError, InvalidInput
from compliance.ledger import LogProof, LogTrust, VerifiedCheckpoint, verify_checkpoint
from compliance.ledger.store import CHECKPOINT
from compliance.ledger.tiles import MAX_ENTRY
from compliance.ledger.tlogproof import MAX_PROOF, check_inclusion
from compliance.log.cosigners import cosigners
from compliance.log.events import canonical_event, numbered_events, summary
from compliance.log.files import LogFiles, open_files, read_limited
from compliance.verify.report import CannotCheck, Fails, Report, make_checks


def proof_make(log: Path, index: int, event: Path | None) -> bytes:
    """Return the proof file of one event, with the event in it if it can be had.

    Args:
        log: folder or zip with checkpoint and tiles; an export also has the events.
        index: number of the event.
        event: file with the event's bytes, if they are not in the log's files.

    Raises:
        InvalidInput: something cannot be read, or the log has no such event.
        LedgerInvalid: the tiles are not those of the checkpoint, or the event is not the one.
    """
    files = open_files(log)
    checkpoint = files.read(CHECKPOINT)
    if checkpoint is None:
        raise InvalidInput(f"{log} has no checkpoint.", code="export-unreadable")
    entry = read_limited(event, MAX_ENTRY) if event else _found(files, index)
    try:
        proof = LogProof.make(files.read, checkpoint, index, entry)
    except IndexError as error:
        raise InvalidInput(str(error), code="no-such-event") from error
    if entry is not None:
        check_inclusion(proof, entry)
    return proof.encode()


def _found(files: LogFiles, index: int) -> bytes | None:
    stream = files.events()
    if stream is None:
        return None
    with stream:
        try:
            return next((event for _, at, event in numbered_events(stream) if at == index), None)
        except Fails as error:
            raise InvalidInput(str(error), code="export-unreadable") from error


@dataclass(frozen=True)
class ProofCase:
    """A proof file, whom to trust, and the event if it is not in the file."""

    path: Path
    trust: LogTrust
    event: Path | None = None

    @cached_property
    def proof(self) -> LogProof:
        """The proof; raises ComplianceError if the file holds none."""
        return LogProof.parse(read_limited(self.path, MAX_PROOF))

    @cached_property
    def entry(self) -> bytes:
        """The event's bytes."""
        if self.event is not None:
            return read_limited(self.event, MAX_ENTRY)
        if self.proof.extra is None:
            raise InvalidInput("The event is not in the file: name it with --event.")
        return self.proof.extra

    @cached_property
    def verified(self) -> VerifiedCheckpoint:
        """The checkpoint; raises LedgerInvalid if it is not to be believed."""
        return verify_checkpoint(self.proof.checkpoint, self.trust)

    def need_verified(self) -> VerifiedCheckpoint:
        """Return the checkpoint, or say that it cannot be believed."""
        try:
            return self.verified
        except ComplianceError as error:
            raise CannotCheck("The checkpoint is not to be believed (check 2).") from error


def proof_verify(case: ProofCase) -> Report:
    """Return the report on a proof file.

    The checks, in order:

    1. ``readable``: it is a proof file (C2SP tlog-proof), and the event is there.
    2. ``checkpoint``: the pinned key of the log signed it, and it is of this log.
    3. ``event``: it is an object in canonical JSON (RFC 8785).
    4. ``included``: it stands in the log at the number the file says (RFC 9162, 2.1.3.2).
    5. ``witnesses``, if any are named: enough of them cosigned.
    """
    checks = [
        ("readable", _readable),
        ("checkpoint", _checkpoint),
        ("event", _event),
        ("included", _included),
    ]
    if case.trust.quorum:
        checks.append(("witnesses", _witnesses))
    return Report(str(case.path), None, make_checks(case, checks, "proof"))


def _readable(case: ProofCase) -> str:  # 1
    return f"A proof of event {case.proof.index}, {len(case.entry)} bytes."


def _checkpoint(case: ProofCase) -> str:  # 2
    stated = case.verified.checkpoint
    return f"{stated.origin} signed {stated.size} events, root {stated.root.hex()}."


def _event(case: ProofCase) -> str:  # 3
    canonical_event(case.proof.index, case.entry)
    return summary(case.entry)


def _included(case: ProofCase) -> str:  # 4
    size = case.need_verified().checkpoint.size
    check_inclusion(case.proof, case.entry)
    return f"Number {case.proof.index} of {size}."


def _witnesses(case: ProofCase) -> str:  # 5
    return cosigners(case.need_verified(), case.trust)
