"""Productions that do not get on: what an operator sees of them, which is no content."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from compliance.permit import JobKind
from rakkan.dispatch.selectors import job_newest
from rakkan.productions.models import Production
from rakkan.productions.selectors import lips_job_waiting
from rakkan.productions.states import State

STUCK_AFTER = timedelta(minutes=10)  # without getting on


class Why(StrEnum):
    """What a stuck production waits for."""

    NO_WORKER = "no-worker"
    WORKER_SILENT = "worker-silent"
    NOT_SEALED = "not-sealed"
    LIPS_NOT_JUDGED = "lips-not-judged"


@dataclass(frozen=True, slots=True)
class Stuck:
    """A production that does not get on; neither title nor person: an operator sees no content."""

    production: Production
    why: Why
    since: datetime
    deliveries: int  # how often a worker had it
    error: str  # the code of its job's last failure


_WATCHED = (State.QUEUED, State.RENDERING, State.RENDERED, State.SEALED)


def productions_stuck(organisation_id: UUID) -> list[Stuck]:
    """Return what does not get on in an organisation, the longest first."""
    rows: QuerySet[Production] = Production.objects.filter(
        organisation=organisation_id, state__in=[state.value for state in _WATCHED]
    )
    found = (stuck(row) for row in rows.order_by("changed_at"))
    return [item for item in found if item is not None]


def stuck(production: Production) -> Stuck | None:
    """Return why a production does not get on, or None while it does."""
    now = timezone.now()
    job = job_newest(production.pk, JobKind.RENDER)
    since, why = production.changed_at, None
    if production.state == State.RENDERING:
        if job is not None and job.lease_until is not None:
            since, why = job.lease_until, Why.WORKER_SILENT
    elif production.state == State.QUEUED:
        why = Why.NO_WORKER
    elif production.state in (State.RENDERED, State.SEALED):
        why = Why.NOT_SEALED
        if production.state == State.SEALED and (asked := lips_job_waiting(production.pk)):
            job, why = asked, Why.LIPS_NOT_JUDGED
    if why is None or now - since < STUCK_AFTER:
        return None
    error = str((job.error or {}).get("code", "")) if job else ""
    return Stuck(production, why, since, job.deliveries if job else 0, error)
