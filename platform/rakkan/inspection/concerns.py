"""Whom and what an event concerns, read from the rows behind the ids that it names.

"A person's events" are those about them, about something of theirs (likeness, voice, consent,
check, a production that shows or voices them), and what they did.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model

from rakkan.accounts.models import User
from rakkan.approvals.models import Delegation, Workflow
from rakkan.audit.models import Event
from rakkan.audit.names import EventName as Name
from rakkan.consents.models import Consent
from rakkan.dispatch.models import IssuedPermit, Job
from rakkan.evidence.models import Pack
from rakkan.identity.models import BiometricConsent, IdentityChallenge, IdentityCheck
from rakkan.lifecycle.models import LegalHold
from rakkan.likenesses.models import Guardianship, Likeness, Person, Voice
from rakkan.previews.models import Preview
from rakkan.productions.models import Production
from rakkan.releases.models import Release

# Events that say that somebody was shown personal data, or took it away.
READINGS = frozenset(
    {
        *(Name.PERSONAL_DATA_READ, Name.PERSONAL_LIST_READ),
        *(Name.EVIDENCE_VIEWED, Name.PREVIEW_VIEWED),
        *(Name.REVIEW_WATCHED, Name.RELEASE_DELIVERED, Name.EVIDENCE_EXPORTED),
        *(Name.PACK_DELIVERED, Name.LOG_READ, Name.LOG_EXPORTED),
    }
)

# Each row leads to others; a table stands before those that it leads to.
_LEADS: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (IssuedPermit, ("job__subject_id", "job__person_id")),
    (Job, ("subject_id", "person_id")),
    (Release, ("subject_id",)),
    (Preview, ("subject_id",)),
    (Workflow, ("subject_id",)),
    (Pack, ("production_id",)),
    (Production, ("likeness__person_id", "speaker__person_id")),
    (Consent, ("likeness__person_id", "voice__person_id")),
    (IdentityChallenge, ("person_id",)),
    (IdentityCheck, ("person_id",)),
    (BiometricConsent, ("person_id",)),
    (Guardianship, ("person_id", "guardian_id")),
    (LegalHold, ("person_id",)),
    (Likeness, ("person_id",)),
    (Voice, ("person_id",)),
    (Delegation, ("from_user_id", "to_user_id")),
    (User, ("person__id",)),
    (Person, ("user_id",)),
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Concern:
    """What one event is about.

    Attributes:
        about: ids of the object, of what the event names and of all that these lead to, and of
            who acted.
        shown: ids of the persons among them whose data it showed to somebody else.
    """

    about: frozenset[UUID]
    shown: frozenset[UUID]


def concerns_of(events: list[Event]) -> list[Concern]:
    """Return what each event concerns, with one query a table for all of them."""
    named = [frozenset(_named(event)) for event in events]
    acting = [frozenset(_uuids(event.actor_id)) for event in events]
    links = _links(set().union(*named, *acting))
    persons = {found for found, kind in links.kinds.items() if kind is Person}
    concerns = []
    for event, ids, actor in zip(events, named, acting, strict=True):
        things, who = links.closure(ids), links.closure(actor)
        shown = (things & persons) - who if event.name in READINGS else frozenset()
        concerns.append(Concern(things | who, shown))
    return concerns


@dataclass(frozen=True, slots=True)
class _Links:
    to: dict[UUID, set[UUID]]
    kinds: dict[UUID, type[Model]]

    def closure(self, ids: Iterable[UUID]) -> frozenset[UUID]:
        """Return the ids and all that they lead to."""
        found, open_ = set(ids), list(ids)
        while open_:
            new = self.to.get(open_.pop(), set()) - found
            found |= new
            open_ += new
        return frozenset(found)


def _links(ids: set[UUID]) -> _Links:
    links = _Links({}, {})
    known = set(ids)
    for model, columns in _LEADS:
        for row, *targets in model.objects.filter(pk__in=known).values_list("pk", *columns):  # type: ignore[attr-defined]
            links.kinds[row] = model
            there = {target for target in targets if target is not None}
            links.to[row] = there
            known |= there
    # An account may have been reached after its table was asked: a person's leads to it anyway.
    return links


def _named(event: Event) -> Iterator[UUID]:
    yield from _uuids(event.object_id)
    yield from _inside(event.data)


def _inside(value: Any) -> Iterator[UUID]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _inside(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _inside(inner)
    elif isinstance(value, str):
        yield from _uuids(value)


def _uuids(text: str) -> Iterator[UUID]:
    if _UUID.fullmatch(text):
        yield UUID(text)
