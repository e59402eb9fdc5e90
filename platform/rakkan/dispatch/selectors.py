"""Read jobs."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet

from compliance.permit import JobKind
from rakkan.dispatch.models import IssuedPermit, Job
from rakkan.dispatch.states import JobState

_OPEN = (JobState.QUEUED.value, JobState.LEASED.value)


def job_newest(subject_id: UUID, kind: JobKind) -> Job | None:
    """Return the newest job of a kind about a subject."""
    rows = Job.objects.filter(subject_id=subject_id, kind=kind.value)
    return rows.order_by("-created_at").first()


def permit_used(subject_id: UUID) -> IssuedPermit | None:
    """Return the permit under which a production was rendered."""
    return IssuedPermit.objects.filter(
        job__subject_id=subject_id, job__kind=JobKind.RENDER.value, use__isnull=False
    ).first()


@dataclass(frozen=True, slots=True)
class QueueState:
    """How much waits in a queue, and since when."""

    name: str
    waiting: int
    leased: int
    oldest: datetime | None  # of what waits


def queues_of(organisation_id: UUID) -> list[QueueState]:
    """Return the queues in which an organisation has open jobs."""
    waiting = Q(state=JobState.QUEUED.value)
    rows = (
        Job.objects.filter(organisation=organisation_id, state__in=_OPEN)
        .values("queue")
        .annotate(
            waiting=Count("pk", filter=waiting),
            leased=Count("pk", filter=~waiting),
            oldest=Min("created_at", filter=waiting),
        )
        .order_by("queue")
    )
    return [QueueState(r["queue"], r["waiting"], r["leased"], r["oldest"]) for r in rows]


def leases_of(organisation_id: UUID) -> QuerySet[Job]:
    """Return an organisation's jobs that workers hold, the one that runs out first first."""
    rows = Job.objects.filter(organisation=organisation_id, state=JobState.LEASED.value)
    return rows.order_by("lease_until")
