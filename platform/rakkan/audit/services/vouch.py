"""Have others vouch for the newest checkpoint: a time-stamp authority, and witnesses.

The log does not wait for them: who is away is asked again later, with growing pauses, and the
operations page and an event say since when.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from compliance.errors import ComplianceError
from compliance.ledger import (
    AddCheckpoint,
    VerifiedTiles,
    VerifierKey,
    consistency_proof,
    parse_note,
    verify_note,
)
from compliance.timestamps import REQUEST_TYPE, timestamp_request, timestamp_verify
from rakkan.audit.log import log_store
from rakkan.audit.models import Checkpoint, Cosignature, TimeStamp, Voucher
from rakkan.audit.names import EventName
from rakkan.audit.services.publish import newest_checkpoint
from rakkan.audit.services.record import Subject, event_record, system
from rakkan.core.calling import Answer, NotAnswered, post

log = logging.getLogger(__name__)
AUTHORITY = "time-stamp authority"  # the name of its row
_PAUSES = [timedelta(seconds=seconds) for seconds in (10, 30, 60, 300)]
_SIZE = "text/x.tlog.size"  # C2SP tlog-witness: what a conflict answers with


def checkpoint_vouch() -> int:
    """Ask whoever has not vouched for the newest checkpoint yet; return how many did."""
    newest = newest_checkpoint()
    if newest is None:
        return 0
    asked: list[tuple[str, Callable[[Checkpoint, Voucher], None]]] = [(AUTHORITY, _stamp)]
    for vkey, url in settings.RAKKAN_WITNESSES:
        key = VerifierKey.parse(vkey)
        asked.append((key.name, _Witness(key, url)))
    return sum(_ask(newest, name, act) for name, act in asked)


def _ask(newest: Checkpoint, name: str, act: Callable[[Checkpoint, Voucher], None]) -> bool:
    voucher, _ = Voucher.objects.get_or_create(name=name)
    now = timezone.now()
    if voucher.size >= newest.size or (voucher.retry_at and voucher.retry_at > now):
        return False
    try:
        act(newest, voucher)
    except (NotAnswered, ComplianceError) as error:
        _failed(voucher, error.code, now)
        return False
    _vouched(voucher, newest, now)
    return True


@transaction.atomic
def _failed(voucher: Voucher, code: str, now: datetime) -> None:
    first = voucher.failing_since is None
    voucher.failing_since = voucher.failing_since or now
    voucher.retry_at = now + _PAUSES[min(voucher.failures, len(_PAUSES) - 1)]
    voucher.failures += 1
    voucher.problem = code
    voucher.save()
    if first:
        log.error("%s does not vouch for the log: %s", voucher.name, code)
        _tell(EventName.VOUCHER_FAILED, voucher, {"code": code})


@transaction.atomic
def _vouched(voucher: Voucher, newest: Checkpoint, now: datetime) -> None:
    if voucher.failing_since is not None:
        _tell(EventName.VOUCHER_RESUMED, voucher, {"failing_since": str(voucher.failing_since)})
    voucher.size, voucher.vouched_at, voucher.problem = newest.size, now, ""
    voucher.failing_since = voucher.retry_at = None
    voucher.failures = 0
    voucher.save()


def _tell(name: EventName, voucher: Voucher, data: dict[str, str]) -> None:
    subject = Subject("voucher", voucher.name[:64])
    event_record(name, actor=system("clerk"), subject=subject, data=data)


def _stamp(newest: Checkpoint, _: Voucher) -> None:
    """Have the authority of TSA_URL stamp the note; the same that stamps what is sealed."""
    if TimeStamp.objects.filter(checkpoint=newest).exists():
        return
    note = newest.note.encode()
    answer = post(settings.TSA_URL, timestamp_request(note), REQUEST_TYPE)
    if answer.status != 200:
        raise NotAnswered(f"status-{answer.status}")
    try:
        roots = (Path(settings.RAKKAN_TRUST) / "tsa_root.pem").read_bytes()
    except OSError as error:
        raise NotAnswered("root-unreadable") from error
    moment = timestamp_verify(answer.body, note, roots)
    TimeStamp.objects.create(checkpoint=newest, token=answer.body, stamped_at=moment)


class _Witness:
    """Asks one witness (C2SP tlog-witness, ``add-checkpoint``)."""

    def __init__(self, key: VerifierKey, url: str) -> None:
        self._key = key
        self._url = f"{url.rstrip('/')}/add-checkpoint"

    def __call__(self, newest: Checkpoint, voucher: Voucher) -> None:
        """Have it cosign; where it remembers another size than we do, its word counts."""
        answer = self._send(newest, voucher.size)
        if answer.status == 409 and answer.content_type == _SIZE:
            seen = int(answer.body) if answer.body.strip().isdigit() else -1
            if not 0 <= seen <= newest.size:
                raise NotAnswered("witness-saw-a-longer-log")
            answer = self._send(newest, seen)
        if answer.status != 200:
            raise NotAnswered(f"status-{answer.status}")
        self._keep(newest, answer.body)

    def _send(self, newest: Checkpoint, old: int) -> Answer:
        tiles = VerifiedTiles(log_store().read, newest.size, bytes(newest.root_hash))
        path = tuple(consistency_proof(tiles, old))
        request = AddCheckpoint(old, path, newest.note.encode())
        return post(self._url, request.encode(), "text/plain")

    def _keep(self, newest: Checkpoint, line: bytes) -> None:
        signed = verify_note(parse_note(newest.note.encode() + line), [self._key])
        if len(signed) != 1 or line.count(b"\n") != 1:
            raise NotAnswered("no-cosignature")
        Cosignature.objects.get_or_create(
            checkpoint=newest,
            witness=self._key.name,
            defaults={
                "line": line.decode(),
                "witnessed_at": datetime.fromtimestamp(signed[0].time or 0, UTC),
            },
        )
