"""The numbered checks of an export of the log."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from compliance.errors import ComplianceError
from compliance.ledger import LogTrust, VerifiedCheckpoint, VerifiedTiles, verify_checkpoint
from compliance.ledger.store import CHECKPOINT
from compliance.log.consistency import check_continues
from compliance.log.cosigners import cosigners
from compliance.log.events import EventRun, walk
from compliance.log.files import EVENTS, LogFiles, open_files
from compliance.verify.report import CannotCheck, Fails, Report, make_checks


@dataclass(frozen=True)
class ExportCase:
    """An export, and what the auditor holds to judge it by.

    Attributes:
        path: folder or zip.
        trust: the log's pinned key, and witnesses.
        whole: whether every event of the log must be in it.
        tolerance: how much earlier than one before it an event may say that it happened.
        old: an earlier checkpoint of the same log, if the auditor holds one.
    """

    path: Path
    trust: LogTrust
    whole: bool = True
    tolerance: timedelta = timedelta(minutes=10)
    old: bytes | None = None

    @cached_property
    def files(self) -> LogFiles:
        """The files; raises InvalidInput if there are none."""
        return open_files(self.path)

    @cached_property
    def verified(self) -> VerifiedCheckpoint:
        """The checkpoint; raises LedgerInvalid if it is not to be believed."""
        return verify_checkpoint(self.files.read(CHECKPOINT) or b"", self.trust)

    def need_verified(self) -> VerifiedCheckpoint:
        """Return the checkpoint, or say that it cannot be believed."""
        try:
            return self.verified
        except ComplianceError as error:
            raise CannotCheck("The checkpoint is not to be believed (check 2).") from error

    @cached_property
    def tiles(self) -> VerifiedTiles:
        """The tree of the checkpoint; raises LedgerInvalid if the tiles are others."""
        stated = self.verified.checkpoint
        return VerifiedTiles(self.files.read, stated.size, stated.root)

    @cached_property
    def run(self) -> EventRun:
        """What a walk over the events found."""
        try:
            tiles = self.tiles
        except ComplianceError as error:
            raise CannotCheck("There is no tree to check against (checks 2, 3).") from error
        stream = self.files.events()
        if stream is None:
            raise Fails(f"There is no {EVENTS}.")
        with stream:
            return walk(stream, tiles, whole=self.whole, tolerance=self.tolerance)


def export_verify(case: ExportCase) -> Report:
    """Return the report on an export.

    The checks, in order:

    1. ``readable``: it is a folder or zip with a checkpoint and events.
    2. ``checkpoint``: the pinned key of the log signed it, and it is of this log
       (C2SP tlog-checkpoint).
    3. ``tree``: the tiles at the tree's right edge make the checkpoint's root (C2SP tlog-tiles).
    4. ``events``: each is canonical JSON (RFC 8785) and stands in the tree at its number
       (RFC 6962, 2.1); none is missing, unless a selection was asked for.
    5. ``times``: no event says that it happened long before one that stands before it, or after
       a witness saw the log.
    6. ``witnesses``, if any are named: enough of them cosigned (C2SP tlog-cosignature).
    7. ``earlier``, if a checkpoint is given: the log continues it (RFC 9162, 2.1.4.2).
    """
    checks = [
        ("readable", _readable),
        ("checkpoint", _checkpoint),
        ("tree", _tree),
        ("events", _events),
        ("times", _times),
    ]
    if case.trust.quorum:
        checks.append(("witnesses", _witnesses))
    if case.old is not None:
        checks.append(("earlier", _earlier))
    return Report(str(case.path), None, make_checks(case, checks, "export"))


def _readable(case: ExportCase) -> str:  # 1
    if case.files.read(CHECKPOINT) is None:
        raise Fails("There is no checkpoint in it.")
    stream = case.files.events()
    if stream is None:
        raise Fails(f"There is no {EVENTS} in it.")
    stream.close()
    return "A checkpoint and events."


def _checkpoint(case: ExportCase) -> str:  # 2
    stated = case.verified.checkpoint
    return f"{stated.origin} signed {stated.size} events, root {stated.root.hex()}."


def _tree(case: ExportCase) -> str:  # 3
    size = case.need_verified().checkpoint.size
    return f"The tiles are those of the tree of {size}, root {case.tiles.root.hex()[:16]}."


def _events(case: ExportCase) -> str:  # 4
    run = case.run
    if run.fault:
        raise Fails(run.fault)
    if not run.count:
        return "There are none."
    size = case.tiles.size
    if run.count == size:
        return f"All {size} events of the log."
    gap = "with gaps" if run.gap else "without a gap"
    return f"{run.count} of the log's {size} events, {run.first} to {run.last} {gap}."


def _times(case: ExportCase) -> str:  # 5
    run = case.run
    if run.late:
        raise Fails(run.late)
    if run.fault:
        raise CannotCheck("Not every event could be read (check 4).")
    if run.newest is None:
        return "There are no events."
    seen = [signed.time for signed in case.verified.cosignatures if signed.time is not None]
    if seen and (run.newest - case.tolerance).timestamp() > min(seen):
        when = datetime.fromtimestamp(min(seen), UTC).isoformat()
        raise Fails(
            f"Event {run.newest_index} says {run.newest.isoformat()}, "
            f"but a witness saw the log at {when}."
        )
    return f"In order, up to {run.newest.isoformat()}."


def _witnesses(case: ExportCase) -> str:  # 6
    return cosigners(case.need_verified(), case.trust)


def _earlier(case: ExportCase) -> str:  # 7
    old = verify_checkpoint(case.old or b"", case.trust)
    try:
        tiles = case.tiles
    except ComplianceError as error:
        raise CannotCheck("There is no tree to check against (checks 2, 3).") from error
    return check_continues(old.checkpoint, case.verified.checkpoint, tiles=tiles)
