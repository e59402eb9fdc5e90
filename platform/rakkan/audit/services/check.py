"""Look whether the log is what it says: rows, tiles, and every checkpoint that was ever signed."""

import random
from collections.abc import Iterator

from django.db import connection, transaction
from django.utils import timezone

from compliance.errors import LedgerInvalid, SignatureInvalid
from compliance.ledger import Checkpoint as SignedCheckpoint
from compliance.ledger import VerifiedTiles, leaf_hash, parse_note, root_at, verify_checkpoint
from compliance.ledger.store import CHECKPOINT
from compliance.ledger.tiles import WIDTH, width_at
from rakkan.audit.log import log_store, log_trust
from rakkan.audit.models import Checkpoint, SelfCheck
from rakkan.audit.names import EventName
from rakkan.audit.services.publish import ENTRIES, newest_checkpoint
from rakkan.audit.services.record import Subject, event_record, system

_CHECKPOINTS = 20  # that are compared each time; of the earlier ones as many by chance
_TILES = 4  # tiles of events that are compared with their rows: the newest, and others by chance
_KEPT = 24 * 3600  # seconds after which a look that found nothing new is noted anyway

# Written while the trigger was switched off; those of this moment may still be committing.
_UNSEEN = """
SELECT count(*) FROM audit_event e
WHERE e.occurred_at > now() - interval '2 days'
  AND NOT EXISTS (SELECT 1 FROM audit_leaf l WHERE l.event_id = e.id)
  AND NOT EXISTS (SELECT 1 FROM audit_waiting w WHERE w.event_id = e.id)
"""


def log_findings() -> list[str]:
    """Return what is not as it must be, a sentence each; nothing if all is well."""
    findings = list(_unseen())
    newest = newest_checkpoint()
    try:
        findings += _shown(newest)
        if newest is not None:
            tiles = VerifiedTiles(log_store().read, newest.size, bytes(newest.root_hash))
            findings += [*_checkpoints(tiles), *_entries(tiles)]
    except (LedgerInvalid, SignatureInvalid) as error:
        findings.append(f"The stored log is not the signed one: {error}")
    return findings


@transaction.atomic
def self_check_record(findings: list[str]) -> SelfCheck:
    """Keep what a look found, and say so where it is news."""
    last = SelfCheck.objects.order_by("-made_at").first()
    now = timezone.now()
    same = last is not None and last.findings == findings
    if last is not None and same and (now - last.made_at).total_seconds() < _KEPT:
        return last
    row = SelfCheck.objects.create(made_at=now, findings=findings)
    if not same and (findings or last is not None):
        name = EventName.SELF_CHECK_FAILED if findings else EventName.SELF_CHECK_PASSED
        told = {"findings": len(findings), "first": findings[0] if findings else ""}
        event_record(name, actor=system("clerk"), subject=Subject("log", str(row.pk)), data=told)
    return row


def _unseen() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(_UNSEEN)
        (count,) = cursor.fetchone()
    if count:
        yield f"{count} events of the last two days neither have a number nor wait for one."


def _shown(newest: Checkpoint | None) -> Iterator[str]:
    note = log_store().read(CHECKPOINT)
    if note is None:
        return
    shown = SignedCheckpoint.parse(parse_note(note).text)
    if not Checkpoint.objects.filter(size=shown.size, root_hash=shown.root).exists():
        known = newest.size if newest else 0
        yield (
            f"A checkpoint of {shown.size} events is on show that the database does not know; its "
            f"newest is of {known}: one of them was rolled back or replaced."
        )


def _checkpoints(tiles: VerifiedTiles) -> Iterator[str]:
    """Say which checkpoints are not signed, or not of the tree of the newest one."""
    rows = list(Checkpoint.objects.order_by("-size")[:_CHECKPOINTS])
    oldest, trust = rows[-1].size, log_trust()
    for _ in range(_CHECKPOINTS):
        size = random.randrange(oldest)  # noqa: S311  which ones to look at
        rows += Checkpoint.objects.filter(size__gte=size, size__lt=oldest).order_by("size")[:1]
    for row in rows:
        try:
            signed = verify_checkpoint(row.note.encode(), trust).checkpoint
        except LedgerInvalid as error:
            yield f"The checkpoint of {row.size} events does not hold: {error}"
            continue
        if (signed.size, signed.root) != (row.size, bytes(row.root_hash)):
            yield f"The checkpoint of {row.size} events says something else."
        elif root_at(tiles, row.size) != signed.root:
            yield f"The checkpoint of {row.size} events is of another history than the newest."


def _entries(tiles: VerifiedTiles) -> Iterator[str]:
    """Say which of some events, the newest among them, is not the one in the tiles."""
    last = (tiles.size - 1) // WIDTH
    others = random.sample(range(last), min(last, _TILES - 1))
    for index in [last, *others]:
        width, first = width_at(tiles.size, 0, index), index * WIDTH
        hashes = tiles.tile(0, index)
        with connection.cursor() as cursor:
            cursor.execute(ENTRIES, [first, first + width])
            rows = {number: (bytes(held), text) for number, held, text in cursor.fetchall()}
        for number in range(first, first + width):
            stored, canonical = rows.get(number, (b"", None))
            signed = hashes[(number - first) * 32 : (number - first) * 32 + 32]
            if canonical is None or leaf_hash(canonical.encode()) != signed or stored != signed:
                yield f"Event {number} in the database is not the one that was signed."
                return
