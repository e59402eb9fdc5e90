"""Everything that ends a job other than its result: failure, cancel, revocation, a dead worker."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from compliance.permit import JobKind
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, system
from rakkan.core.states import check_transition
from rakkan.dispatch.models import Job, PermitRevocation
from rakkan.dispatch.services.lease import MAX_DELIVERIES
from rakkan.dispatch.services.queue import job_send
from rakkan.dispatch.states import TRANSITIONS, JobState
from rakkan.likenesses.models import Person

_LONGEST_PATIENCE = timedelta(minutes=10)


def job_stop(job: Job, state: JobState, error: dict[str, Any]) -> None:
    """Close a job as failed or cancelled and call back a permit that is still out."""
    check_transition(TRANSITIONS, JobState(job.state), state)
    _revoke_permit(job, error["code"])
    job.state = state.value
    job.lease_hash, job.lease_until = "", None
    job.finished_at = timezone.now()
    job.error = error
    job.save()
    event_record(
        EventName.JOB_FAILED,
        actor=system("dispatch", job.organisation_id),
        subject=Subject("job", str(job.pk)),
        data={"state": state.value, "code": error["code"], "subject": str(job.subject_id)},
        rows=[job],
    )


def _revoke_permit(job: Job, reason: str) -> None:
    open_permits = job.permits.filter(use=None, revocation=None)
    for permit in open_permits:
        revocation = PermitRevocation.objects.create(
            permit=permit, reason=reason[:80], revoked_at=timezone.now()
        )
        event_record(
            EventName.PERMIT_REVOKED,
            actor=system("dispatch", job.organisation_id),
            subject=Subject("permit", str(permit.pk)),
            data={"job": str(job.pk), "reason": reason},
            rows=[revocation],
        )


def job_requeue(job: Job, why: str) -> None:
    """Give a job whose worker failed or fell silent back to the queue; its permit is void."""
    check_transition(TRANSITIONS, JobState(job.state), JobState.QUEUED)
    _revoke_permit(job, why)
    job.state = JobState.QUEUED.value
    job.lease_hash, job.lease_until = "", None
    job.progress, job.stage = 0.0, "queued again"
    job.sent_at = timezone.now()
    job.save()
    event_record(
        EventName.JOB_RECLAIMED,
        actor=system("dispatch", job.organisation_id),
        subject=Subject("job", str(job.pk)),
        data={"why": why, "deliveries": job.deliveries},
        rows=[job],
    )
    job_send(job)


def deliveries_are_used_up(job: Job) -> bool:
    """Say whether a job has had every try it gets."""
    return job.deliveries >= MAX_DELIVERIES


def jobs_of(subject_id: UUID, kind: JobKind) -> list[Job]:
    """Return the open jobs of a kind about a subject, locked."""
    rows = Job.objects.select_for_update().filter(
        subject_id=subject_id, kind=kind.value, state__in=[JobState.QUEUED, JobState.LEASED]
    )
    return list(rows)


@transaction.atomic
def jobs_stop_of(*, person: Person, error: dict[str, Any]) -> int:
    """Cancel every open job that holds data of a person and return how many there were."""
    rows = Job.objects.select_for_update().filter(
        person=person, state__in=[JobState.QUEUED, JobState.LEASED]
    )
    jobs = list(rows)
    for job in jobs:
        job_stop(job, JobState.CANCELLED, error)
    return len(jobs)


def jobs_silent() -> list[Job]:
    """Return, locked, the leased jobs whose lease ran out (rows others work on are skipped)."""
    rows = Job.objects.select_for_update(skip_locked=True)
    return list(rows.filter(state=JobState.LEASED, lease_until__lt=timezone.now()))


def jobs_unclaimed() -> list[Job]:
    """Return, locked, the queued jobs whose message seems lost.

    Each reminder waits twice as long as the one before, so that a long queue is not flooded.
    """
    now = timezone.now()
    first = now - timedelta(seconds=settings.RAKKAN_RESEND_SECONDS)
    rows = Job.objects.select_for_update(skip_locked=True)
    waiting = rows.filter(state=JobState.QUEUED, sent_at__lt=first)
    return [job for job in waiting if job.sent_at and now - job.sent_at >= _patience(job)]


def _patience(job: Job) -> timedelta:
    waited = (job.sent_at or job.created_at) - job.created_at
    return min(waited, _LONGEST_PATIENCE)


def job_resend(job: Job) -> None:
    """Send the reminder for a queued job once more."""
    job.sent_at = timezone.now()
    job.save(update_fields=["sent_at"])
    job_send(job)
