"""Put a job on its queue: the message is sent after commit and carries the id only."""

from uuid import UUID

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from compliance.permit import JobKind, JobSpec
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, system
from rakkan.dispatch.models import Job
from rakkan.likenesses.models import Person

TASK = "generation.run"
# The lower is handed out first (Redis; RabbitMQ hands out in order): for a measurement of seconds
# people wait before a form, or a finished video before the gate; it does not stand behind drawings.
_PRIORITIES = {JobKind.MEASURE.value: 0, JobKind.PREVIEW.value: 3, JobKind.RENDER.value: 6}


def job_create(*, spec: JobSpec, subject_id: UUID, person: Person, **about: str) -> Job:
    """Create a job in the caller's transaction and send its message once that has committed.

    Args:
        spec: what is to be done.
        subject_id: what it is about (a production, a likeness).
        person: whose data it holds.
        **about: ``request_digest`` and ``asset_id`` of a render job.
    """
    job = Job.objects.create(
        kind=spec.kind.value,
        queue=settings.RAKKAN_ENGINE_QUEUES.get(spec.engine, "cpu"),
        subject_id=subject_id,
        person=person,
        organisation_id=person.organisation_id,
        spec=spec.to_dict(),
        request_digest=about.get("request_digest") or spec.digest(),
        asset_id=about.get("asset_id", ""),
        sent_at=timezone.now(),
    )
    event_record(
        EventName.JOB_QUEUED,
        actor=system("dispatch", job.organisation_id),
        subject=Subject("job", str(job.pk)),
        data={"kind": job.kind, "subject": str(job.subject_id)},
        rows=[job],
    )
    job_send(job)
    return job


def job_send(job: Job) -> None:
    """Send the reminder for a job after the current transaction.

    A broker that is down loses nothing: the reconciler sends again what nobody claims.
    """
    transaction.on_commit(lambda: _send(job), robust=True)


def _send(job: Job) -> None:
    current_app.send_task(
        TASK,
        args=[str(job.pk)],
        queue=job.queue,
        priority=_PRIORITIES[job.kind],
        ignore_result=True,
    )
