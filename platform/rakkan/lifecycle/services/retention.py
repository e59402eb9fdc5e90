"""Dispose of what has been kept long enough; what, why and since when is known before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from rakkan.accounts.models import Organisation, User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, refusal_recorded, system
from rakkan.core.blobs import Area
from rakkan.core.errors import BadInput
from rakkan.identity.models import IdentityCheck
from rakkan.lifecycle.files import Held, file_delete
from rakkan.lifecycle.models import Disposal, Kind, RetentionPeriod
from rakkan.lifecycle.selectors import holds_live, period_days
from rakkan.productions.models import Production
from rakkan.productions.services.stop import end
from rakkan.productions.services.transition import production_lock
from rakkan.productions.states import FINAL, State
from rakkan.releases.models import Release, Sealing
from rakkan.releases.selectors import captions_of

LONGEST_DAYS = 3650
_OVERDUE = {
    "code": "retention",
    "title": "The draft was never submitted, and its time is over.",
    "detail": "",
    "remedy": "Make a new production.",
}


@dataclass(frozen=True, slots=True)
class Due:
    """Something whose period is over."""

    kind: Kind
    object_id: UUID
    organisation_id: UUID
    people: frozenset[UUID]  # who is seen or heard in it
    since: datetime  # when its period ended
    files: tuple[Held, ...]
    held: bool  # a legal hold on one of them keeps it


def retention_set(*, user: User, kind: Kind, days: int) -> RetentionPeriod:
    """Say how long the administrator's organisation keeps a kind of thing.

    Raises:
        NotPermitted: no administrator.
        BadInput: no number of days that makes sense.
    """
    subject = Subject("retention", str(user.organisation_id))
    with refusal_recorded(EventName.RETENTION_REFUSED, actor=user_actor(user), subject=subject):
        actor = check_user_has_role(user, Role.ADMINISTRATOR)
        if not 1 <= days <= LONGEST_DAYS:
            raise BadInput(
                f"A period has 1 to {LONGEST_DAYS} days.",
                code="period-invalid",
                remedy="Choose another number of days.",
            )
        period = RetentionPeriod.objects.create(
            organisation=user.organisation,
            kind=kind.value,
            days=days,
            set_by=user,
            set_at=timezone.now(),
        )
        event_record(
            EventName.RETENTION_SET,
            actor=actor,
            subject=subject,
            data={"kind": kind.value, "days": days},
            rows=[period],
        )
    return period


def retention_report() -> list[Due]:
    """Return everything whose period is over, also what a hold keeps; changes nothing."""
    return [due for organisation in Organisation.objects.all() for due in _report(organisation)]


def retention_report_of(user: User) -> list[Due]:
    """Return what of the user's organisation the next run disposes of, or a hold keeps from it.

    Raises:
        NotPermitted: neither an administrator nor an auditor.
    """
    check_user_has_role(user, Role.ADMINISTRATOR, Role.AUDITOR)
    return sorted(_report(user.organisation), key=lambda due: due.since)


def _report(organisation: Organisation) -> list[Due]:
    found: list[Due] = []
    for kind, rows in _KINDS.items():
        disposed = Disposal.objects.filter(organisation=organisation, kind=kind.value)
        done = set(disposed.values_list("object_id", flat=True))
        days = timedelta(days=period_days(organisation.pk, kind))
        found += [due for due in rows(organisation, days) if due.object_id not in done]
    return found


def retention_run() -> int:
    """Dispose of what is due and return how much that was; one transaction each."""
    due = [item for item in retention_report() if not item.held]
    return sum(_dispose(item) for item in due)


@transaction.atomic
def _dispose(item: Due) -> bool:
    if _is_held(item.people):
        return False
    row, made = Disposal.objects.get_or_create(
        kind=item.kind.value,
        object_id=item.object_id,
        defaults={
            "organisation_id": item.organisation_id,
            "due_at": item.since,
            "disposed_at": timezone.now(),
        },
    )
    if not made:
        return False
    actor = system("retention", item.organisation_id)
    if item.kind is Kind.DRAFT:
        production = production_lock(item.object_id)
        if State(production.state) is not State.DRAFT:
            raise RuntimeError("a draft that was submitted meanwhile is no draft")
        production.title = production.prompt = production.transcript = production.heard = ""
        production.save()
        end(production, State.CANCELLED, actor=actor, problem=_OVERDUE)
    gone = frozenset(file.row for file in item.files)
    for file in item.files:
        file_delete(file, gone)
    event_record(
        EventName.RETENTION_DISPOSED,
        actor=actor,
        subject=Subject(item.kind.value, str(item.object_id)),
        data={"kind": item.kind.value, "due_at": item.since.isoformat()},
        rows=[row],
    )
    return True


def _due(kind: Kind, row: UUID, production: Production, since: datetime, *files: Held) -> Due:
    people = production.seen_or_heard
    return Due(kind, row, production.organisation_id, people, since, files, _is_held(people))


def _is_held(people: frozenset[UUID]) -> bool:
    return holds_live().filter(person__in=people).exists()


def _drafts(organisation: Organisation, days: timedelta) -> Iterator[Due]:
    rows = Production.objects.filter(organisation=organisation, state=State.DRAFT.value)
    for row in rows.filter(changed_at__lte=timezone.now() - days).select_related(
        "likeness", "speaker"
    ):
        files = _held(row, row.voice_sha256, row.background_sha256)
        yield _due(Kind.DRAFT, row.pk, row, row.changed_at + days, *files)


def _held(row: Production, *names: str) -> list[Held]:
    return [Held(Area.INPUTS, name, row.pk, row.likeness.person_id) for name in names if name]


def _ended(organisation: Organisation, days: timedelta, *states: State) -> Iterator[Production]:
    rows = Production.objects.filter(
        organisation=organisation, state__in=[state.value for state in states]
    )
    yield from rows.filter(changed_at__lte=timezone.now() - days).select_related(
        "likeness", "speaker"
    )


def _inputs(organisation: Organisation, days: timedelta) -> Iterator[Due]:
    for row in _ended(organisation, days, *(FINAL - {State.REVOKED})):
        drawn = (row.label_sha256, row.captions_sha256)
        files = _held(row, row.voice_sha256, row.background_sha256, *drawn)
        yield _due(Kind.INPUT, row.pk, row, row.changed_at + days, *files)


def _renderings(organisation: Organisation, days: timedelta) -> Iterator[Due]:
    for row in _ended(organisation, days, *FINAL, State.RELEASED):
        rendering = getattr(row, "rendering", None)
        if rendering is None:
            continue
        person = row.likeness.person_id
        files = [Held(Area.QUARANTINE, rendering.file_sha256, row.pk, person)]
        for sealing in Sealing.objects.filter(subject_id=row.pk):
            files.append(Held(Area.QUARANTINE, sealing.file_sha256, row.pk, person))
        yield _due(Kind.RENDERING, row.pk, row, row.changed_at + days, *files)


def _evidence(organisation: Organisation, days: timedelta) -> Iterator[Due]:
    over = timezone.now() - days
    rows = IdentityCheck.objects.filter(
        person__organisation=organisation,
        decision__valid_until__lte=over,
        attempt=None,  # a recording ends with its purpose, which is earlier
        assurance=None,  # no file: what a provider vouched for lies sealed in its row
    )
    for row in rows.select_related("decision"):
        people, since = frozenset({row.person_id}), row.decision.valid_until + days
        file = Held(Area.INPUTS, row.evidence_sha256, row.pk, row.person_id)
        held = _is_held(people)
        yield Due(Kind.EVIDENCE, row.pk, organisation.pk, people, since, (file,), held)


def _releases(organisation: Organisation, days: timedelta) -> Iterator[Due]:
    over = timezone.now() - days
    rows = Release.objects.filter(organisation=organisation, revocation__revoked_at__lte=over)
    for row in rows.select_related("revocation"):
        production = Production.objects.select_related("likeness", "speaker").get(pk=row.subject_id)
        captions = captions_of(row)
        names = [row.file_sha256, *([captions.file_sha256] if captions else [])]
        person = production.likeness.person_id
        files = [Held(Area.RELEASES, name, row.pk, person) for name in names]
        yield _due(Kind.RELEASE, row.pk, production, row.revocation.revoked_at + days, *files)


_KINDS = {
    Kind.DRAFT: _drafts,
    Kind.INPUT: _inputs,
    Kind.RENDERING: _renderings,
    Kind.EVIDENCE: _evidence,
    Kind.RELEASE: _releases,
}
