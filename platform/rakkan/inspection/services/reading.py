"""Note who is shown whose personal data: once an hour for each reader and thing (0072, 0077)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.db import connection, transaction
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_actor
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, events_record
from rakkan.consents.models import Consent
from rakkan.identity.models import IdentityCheck
from rakkan.inspection.models import Shown
from rakkan.lifecycle.models import LegalHold
from rakkan.likenesses.guardians import persons_of
from rakkan.likenesses.models import Guardianship, Likeness, Voice
from rakkan.productions.models import Production

Personal = Consent | Guardianship | IdentityCheck | LegalHold | Likeness | Production | User | Voice

_TYPES: dict[type[Personal], str] = {
    Consent: "consent",
    Guardianship: "guardianship",
    IdentityCheck: "identity_check",
    LegalHold: "legal_hold",
    Likeness: "likeness",
    Production: "production",
    User: "user",
    Voice: "voice",
}
_FRESH = """
INSERT INTO inspection_shown (organisation_id, reader_id, object_id, hour)
SELECT %(organisation)s, %(reader)s, object_id, %(hour)s
FROM unnest(%(objects)s::uuid[]) AS object_id
ON CONFLICT DO NOTHING RETURNING object_id
"""
_KEPT = timedelta(hours=2)


@transaction.atomic
def reading_note(*, user: User, shown: Iterable[Personal]) -> None:
    """Write that ``user`` is about to be shown this; call it before the answer leaves.

    What is their own, or of somebody they act for, is no news. The event names the persons, so
    that each of them finds it.

    Args:
        user: who looks.
        shown: the rows whose personal content is shown.
    """
    own = {user.pk, *persons_of(user).values_list("pk", flat=True)}
    theirs = {thing.pk: (thing, _persons(thing, user) - own) for thing in shown}
    ids = [pk for pk, (_, persons) in theirs.items() if persons]
    if not ids:
        return
    about = []
    for pk in _fresh(user, ids):
        thing, persons = theirs[pk]
        subject = Subject(_TYPES[type(thing)], str(pk))
        about.append((subject, {"persons": sorted(str(one) for one in persons)}))
    if about:  # a page that is asked for again and again asks for nobody's roles
        events_record(EventName.PERSONAL_DATA_READ, actor=user_actor(user), about=about)


@transaction.atomic
def list_note(*, user: User, listed: str, shown: Iterable[Personal]) -> None:
    """Write that ``user`` is about to be shown a list; one event names everybody it shows.

    Whom the same list showed them in this hour already is no news, nor are they themself and
    those they act for (0077).

    Args:
        user: who looks.
        listed: which list.
        shown: its rows on this page, of which names, titles and states are shown.
    """
    own = {user.pk, *persons_of(user).values_list("pk", flat=True)}
    persons = set[UUID]().union(*(_persons(thing, user) for thing in shown)) - own
    marks = {uuid5(person, listed): person for person in sorted(persons)}
    fresh = [marks[mark] for mark in _fresh(user, list(marks))] if marks else []
    if fresh:
        event_record(
            EventName.PERSONAL_LIST_READ,
            actor=user_actor(user),
            subject=Subject("list", listed),
            data={"persons": sorted(map(str, fresh))},
        )


def readings_forget() -> int:
    """Delete what says that an hour long past was noted, and return how much it was."""
    return Shown.objects.filter(hour__lt=_hour(timezone.now()) - _KEPT).delete()[0]


def _fresh(user: User, ids: list[UUID]) -> list[UUID]:
    """Return those of these that the user was not shown in this hour; the database decides."""
    values: dict[str, Any] = {
        "organisation": user.organisation_id,
        "reader": user.pk,
        "hour": _hour(timezone.now()),
        "objects": ids,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FRESH, values)
        return [found for (found,) in cursor.fetchall()]


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _persons(thing: Personal, reader: User) -> set[UUID]:
    """Return whose personal data it is: persons, or an account."""
    if isinstance(thing, Guardianship) and thing.guardian_id == reader.pk:
        return set()  # what they handed in themself
    if isinstance(thing, User):
        return {thing.pk}
    if isinstance(thing, Production):
        speaker = thing.speaker
        return {thing.likeness.person_id, *([speaker.person_id] if speaker else [])}
    if isinstance(thing, Consent):
        return {thing.person.pk}
    return {thing.person_id}
