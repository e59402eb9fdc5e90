"""The numbered checks of two checkpoints: did the log only grow in between?"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from compliance.errors import ComplianceError, InvalidInput, LedgerInvalid
from compliance.ledger import (
    Checkpoint,
    LogTrust,
    VerifiedCheckpoint,
    VerifiedTiles,
    consistency_proof,
    parse_note,
    verify_checkpoint,
    verify_consistency,
)
from compliance.ledger.text import read_hash
from compliance.log.cosigners import cosigners
from compliance.log.files import open_files, read_limited
from compliance.verify.report import CannotCheck, Fails, Report, make_checks

_MAX_PATH = 63  # hashes


@dataclass(frozen=True)
class ConsistencyCase:
    """Two checkpoints of a log, and tiles or a proof of what lies between them."""

    old_path: Path
    new_path: Path
    trust: LogTrust
    tiles: Path | None = None
    proof: Path | None = None

    @cached_property
    def old(self) -> bytes:
        """The earlier checkpoint's note; raises InvalidInput if it cannot be read."""
        return read_limited(self.old_path)

    @cached_property
    def new(self) -> bytes:
        """The later checkpoint's note; raises InvalidInput if it cannot be read."""
        return read_limited(self.new_path)

    @cached_property
    def verified_old(self) -> VerifiedCheckpoint:
        """The earlier checkpoint; raises LedgerInvalid if it is not to be believed."""
        return verify_checkpoint(self.old, self.trust)

    @cached_property
    def verified_new(self) -> VerifiedCheckpoint:
        """The later checkpoint; raises LedgerInvalid if it is not to be believed."""
        return verify_checkpoint(self.new, self.trust)


def consistency_verify(case: ConsistencyCase) -> Report:
    """Return the report on two checkpoints.

    The checks, in order:

    1. ``readable``: both are checkpoints, and there is what the third check needs.
    2. ``signatures``: the pinned key of the log signed both (C2SP tlog-checkpoint).
    3. ``consistent``: the later tree begins with the earlier one (RFC 9162, 2.1.4.2).
    4. ``witnesses``, if any are named: enough of them cosigned the later checkpoint.
    """
    checks = [("readable", _readable), ("signatures", _signatures), ("consistent", _consistent)]
    if case.trust.quorum:
        checks.append(("witnesses", _witnesses))
    file = f"{case.old_path} {case.new_path}"
    return Report(file, None, make_checks(case, checks, "checkpoint"))


def check_continues(
    old: Checkpoint,
    new: Checkpoint,
    *,
    tiles: VerifiedTiles | None,
    path: list[bytes] | None = None,
) -> str:
    """Make sure that a log only grew from one checkpoint to another.

    Raises:
        Fails: it shrank, or was forked or rewritten.
    """
    if new.size < old.size:
        raise Fails(f"The log was rolled back: it had {old.size} events and now has {new.size}.")
    if path is None:
        path = consistency_proof(tiles, old.size) if tiles else []
    if not verify_consistency(old.size, old.root, new.size, new.root, path):
        raise Fails(
            f"The log was rewritten or forked: its first {old.size} events are not those of the "
            f"earlier checkpoint."
        )
    return f"The log grew from {old.size} to {new.size} and kept what it had."


def read_path(path: Path) -> list[bytes]:
    """Read a consistency proof: a hash a line in base64, as a witness is sent it.

    Raises:
        LedgerInvalid: it is none.
    """
    try:
        lines = read_limited(path).decode("ascii").splitlines()
    except UnicodeDecodeError as error:
        raise LedgerInvalid(f"{path} is not a proof.", code="proof-malformed") from error
    if len(lines) > _MAX_PATH:
        raise LedgerInvalid(f"{path} has {len(lines)} lines.", code="proof-malformed")
    return [read_hash(line, "hash") for line in lines]


def _readable(case: ConsistencyCase) -> str:  # 1
    stated = [Checkpoint.parse(parse_note(note).text) for note in (case.old, case.new)]
    sizes = [checkpoint.size for checkpoint in stated]
    if 0 < sizes[0] < sizes[1] and case.tiles is None and case.proof is None:
        raise InvalidInput("A log that grew needs --tiles or --proof.", code="proof-needed")
    return f"Checkpoints of {sizes[0]} and {sizes[1]} events."


def _signatures(case: ConsistencyCase) -> str:  # 2
    for path, note in ((case.old_path, case.old), (case.new_path, case.new)):
        try:
            verify_checkpoint(note, case.trust)
        except LedgerInvalid as error:
            raise Fails(f"{path}: {error}") from error
    return f"{case.trust.origin_name} signed both."


def _consistent(case: ConsistencyCase) -> str:  # 3
    try:
        old, new = case.verified_old.checkpoint, case.verified_new.checkpoint
    except ComplianceError as error:
        raise CannotCheck("A checkpoint is not to be believed (check 2).") from error
    if new.size < old.size:
        return check_continues(old, new, tiles=None)
    if case.proof is not None:
        return check_continues(old, new, tiles=None, path=read_path(case.proof))
    if case.tiles is None:
        return check_continues(old, new, tiles=None)
    tiles = VerifiedTiles(open_files(case.tiles).read, new.size, new.root)
    return check_continues(old, new, tiles=tiles)


def _witnesses(case: ConsistencyCase) -> str:  # 4
    try:
        verified = case.verified_new
    except ComplianceError as error:
        raise CannotCheck("The later checkpoint is not to be believed (check 2).") from error
    return cosigners(verified, case.trust)
