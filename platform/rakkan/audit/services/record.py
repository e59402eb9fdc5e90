"""Write an event: in the transaction of the act, or, for a refusal, after it was rolled back."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from compliance.canonical import canonical_json
from rakkan.audit.columns import told
from rakkan.audit.names import EventName
from rakkan.core.errors import Refused
from rakkan.core.requests import request_id

MAX_LABEL = 200
_INSERT = (
    "INSERT INTO audit_event (id, name, occurred_at, actor_id, actor_role, organisation_id,"
    " object_type, object_id, object_label, request_id, data, canonical) VALUES "
)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a user in a role, or a process of the platform."""

    id: str
    role: str
    organisation_id: str = ""


def system(process: str, organisation_id: object = "") -> Actor:
    """Return the actor for what a process of the platform does on its own."""
    return Actor(f"system:{process}", "system", str(organisation_id))


@dataclass(frozen=True, slots=True)
class Subject:
    """What an event is about; the label must not be personal."""

    type: str
    id: str
    label: str = ""


def event_record(
    name: EventName,
    *,
    actor: Actor,
    subject: Subject,
    data: dict[str, Any] | None = None,
    rows: Iterable[Model] = (),
) -> str:
    """Write one event inside the caller's transaction and return its id.

    Args:
        name: of the event.
        actor: who acts.
        subject: what it is about.
        data: ids, digests, codes and words of a vocabulary.
        rows: every row that the act wrote, as it is now; their told columns are added to the data
            (:mod:`rakkan.audit.columns`).

    Raises:
        RuntimeError: there is no transaction: act and event would not stand or fall together.
        ValueError: the name is not one of ours.
    """
    return events_record(name, actor=actor, about=[(subject, {**(data or {}), **told(rows)})])[0]


def events_record(
    name: EventName, *, actor: Actor, about: list[tuple[Subject, dict[str, Any]]]
) -> list[str]:
    """Write the same event about many things, in one statement; returns their ids.

    Raises:
        RuntimeError, ValueError: as :func:`event_record`.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{name} must be written in the transaction of its act.")
    now = timezone.now()
    entries = [_entry(EventName(name), actor, subject, data, now) for subject, data in about]
    if entries:
        # Every act pays for this statement: the ORM would take as long again to write it.
        values = [_values(entry) for entry in entries]
        rows = ", ".join([f"({', '.join(['%s'] * len(values[0]))})"] * len(values))
        with connection.cursor() as cursor:
            cursor.execute(_INSERT + rows, [value for row in values for value in row])
    return [entry["id"] for entry in entries]


def _values(entry: dict[str, Any]) -> list[str]:
    """Return an event's columns in the order of ``_INSERT``."""
    canonical = canonical_json(entry).decode()
    return [*({**entry, "data": json.dumps(entry["data"])}.values()), canonical]


def _entry(
    name: EventName, actor: Actor, subject: Subject, data: dict[str, Any], moment: datetime
) -> dict[str, Any]:
    return {  # in the order of _INSERT
        "id": str(uuid4()),
        "name": name.value,
        "occurred_at": moment.isoformat(),
        "actor_id": actor.id,
        "actor_role": actor.role,
        "organisation_id": actor.organisation_id,
        "object_type": subject.type,
        "object_id": subject.id,
        "object_label": subject.label[:MAX_LABEL],
        "request_id": request_id(),
        "data": data,
    }


@contextmanager
def refusal_recorded(
    name: EventName,
    *,
    actor: Actor,
    subject: Subject,
    data: dict[str, Any] | None = None,
    unless: str = "",
) -> Iterator[None]:
    """Run an act in a transaction; if it is refused, roll it back and write that it was refused.

    Args:
        name: of the event that tells the refusal.
        actor: who tried.
        subject: what it was about.
        data: more to tell; the code is added.
        unless: the code of a refusal that is no news.
    """
    try:
        with transaction.atomic():
            yield
    except Refused as refused:
        if unless and refused.code == unless:
            raise
        # The sentence may repeat what somebody typed; the code never does.
        reason = {"code": refused.code}
        with transaction.atomic():
            event_record(name, actor=actor, subject=subject, data={**(data or {}), **reason})
        raise
