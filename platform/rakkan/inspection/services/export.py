"""Export events as a stream: an auditor's selection, or the whole log for who runs the place."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from django.db import connection, transaction

from compliance.errors import LedgerInvalid
from compliance.ledger import TileName, decode_bundle
from compliance.ledger.tiles import WIDTH, width_at
from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.audit.log import log_store
from rakkan.audit.names import EventName
from rakkan.audit.services import (
    LogUnsound,
    Subject,
    checkpoint_note,
    event_record,
    newest_checkpoint,
    refusal_recorded,
    system,
)
from rakkan.core.errors import Refused
from rakkan.core.tenancy import as_organisation
from rakkan.inspection.filters import LogFilter
from rakkan.inspection.packing import Numbered, Published, csv_pieces, zip_pieces
from rakkan.inspection.services.read import told_of

STRIDE = 20_000  # numbers asked for at once
_LOCK = 0x52414B45  # with an organisation's hash: the name of its export's advisory lock

_EVENTS = """
SELECT l.sequence, e.canonical FROM inspection_range(
    %(organisation)s, %(terms)s::bigint[], %(since)s::timestamptz, %(until)s::timestamptz,
    %(first)s, %(end)s
) AS p (sequence)
JOIN audit_leaf l ON l.sequence = p.sequence
JOIN audit_event e ON e.id = l.event_id AND e.occurred_at = l.occurred_at
ORDER BY l.sequence
"""


class Form(StrEnum):
    """As what events are taken away."""

    ZIP = "zip"  # signed: what `python -m compliance log verify` checks
    CSV = "csv"  # for a spreadsheet; proves nothing

    @property
    def media_type(self) -> str:
        """What an answer calls it."""
        return "application/zip" if self is Form.ZIP else "text/csv; charset=utf-8"


def export_stream(*, user: User, asked: LogFilter, form: Form) -> Iterator[bytes]:
    """Return the pieces of an export of the acting auditor's organisation's events.

    That it was exported is in the log before the first piece. The pieces have to be taken in the
    thread that called, and to the end or closed: until then the organisation exports nothing else.

    Raises:
        NotPermitted: the acting user is no auditor.
        Refused: no checkpoint was signed yet, or an export of the organisation is under way.
    """
    subject = Subject("log", str(user.organisation_id))
    with refusal_recorded(EventName.INSPECTION_REFUSED, actor=user_actor(user), subject=subject):
        actor = check_user_has_role(user, Role.AUDITOR)
        published = _published()
        told = {"filters": told_of(asked), "form": form.value, "size": published.size}
        event_record(EventName.LOG_EXPORTED, actor=actor, subject=subject, data=told)
        _lock(actor.organisation_id)
    pieces = _pieces(actor.organisation_id, asked, form, published)
    next(pieces)  # begun: whoever closes it from now on gives the turn back
    return pieces


def whole_log_stream() -> Iterator[bytes]:
    """Return the pieces of the zip of every event of every organisation, for a process of ours.

    Raises:
        Refused: no checkpoint was signed yet.
        LogUnsound: a file of the log is missing or damaged.
    """
    published = _published()
    told = {"filters": {}, "form": Form.ZIP.value, "size": published.size}
    with transaction.atomic():
        subject = Subject("log", "")
        event_record(EventName.LOG_EXPORTED, actor=system("export"), subject=subject, data=told)
    return zip_pieces(_bundled(published), published)


def _published() -> Published:
    checkpoint = newest_checkpoint()
    if checkpoint is None:
        raise Refused(
            "The log has signed no checkpoint yet, so nothing could be checked.",
            code="log-not-signed",
            remedy="Try again in a minute; if it stays so, ask the operator for the clerk.",
        )
    return Published(checkpoint_note(checkpoint), log_store().read)


def _pieces(
    organisation_id: str, asked: LogFilter, form: Form, published: Published
) -> Iterator[bytes]:
    events = _selected(organisation_id, asked, published.size)
    try:
        yield b""
        yield from zip_pieces(events, published) if form is Form.ZIP else csv_pieces(events)
    finally:
        _unlock(organisation_id)


def _selected(organisation_id: str, asked: LogFilter, size: int) -> Iterator[Numbered]:
    """Yield the organisation's events below ``size`` that meet every condition, by number.

    The answer is sent after the request, and its scope, have ended: each question names its own.
    """
    values: dict[str, Any] = {
        "organisation": organisation_id,
        "terms": asked.terms(organisation_id),
        "since": asked.since or "-infinity",
        "until": asked.until or "infinity",
    }
    for first in range(0, size, STRIDE):
        values |= {"first": first, "end": min(first + STRIDE, size)}
        with as_organisation(organisation_id), connection.cursor() as cursor:
            cursor.execute(_EVENTS, values)
            rows = cursor.fetchall()
        for number, canonical in rows:
            yield number, canonical.encode()


def _bundled(published: Published) -> Iterator[Numbered]:
    """Yield every event from the log's entry bundles."""
    size = published.size
    for index in range(-(-size // WIDTH)):
        width = width_at(size, 0, index)
        name = TileName(None, index, width)
        content = published.read(name.path)
        if content is None and width < WIDTH:  # filled since, and the part dropped
            content = published.read(TileName(None, index).path)
            width = WIDTH
        if content is None:
            raise LogUnsound(f"{name.path} is missing.", remedy="Restore the log's files.")
        try:
            entries = decode_bundle(content, width)[: width_at(size, 0, index)]
        except LedgerInvalid as error:
            raise LogUnsound(f"{name.path}: {error}", remedy="Restore the log's files.") from error
        yield from enumerate(entries, start=index * WIDTH)


def _lock(organisation_id: str) -> None:
    """Take the organisation's turn, which lasts until :func:`_unlock` or the connection's end.

    Raises:
        Refused: somebody else has it.
    """
    if not _asked_of_lock("pg_try_advisory_lock", organisation_id):
        raise Refused(
            "An export of your organisation is under way.",
            code="export-running",
            remedy="Wait until it has ended.",
        )


def _unlock(organisation_id: str) -> None:
    _asked_of_lock("pg_advisory_unlock", organisation_id)


def _asked_of_lock(function: str, organisation_id: str) -> bool:
    digest = blake2b(organisation_id.encode(), digest_size=4).digest()
    number = int.from_bytes(digest, "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [_LOCK, number])
        return bool(cursor.fetchone()[0])
