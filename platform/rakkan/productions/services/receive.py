"""What a worker sends while it works: heartbeats, files, results, failures."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from compliance.permit import JobKind, MeasureResult, RenderResult
from rakkan.audit.names import EventName
from rakkan.audit.services import refusal_recorded, system
from rakkan.core.blobs import Area, Blob, blob_open, blob_put
from rakkan.core.errors import NotFound, Refused
from rakkan.dispatch.models import Job
from rakkan.dispatch.services import (
    check_lease,
    deliveries_are_used_up,
    job_finish,
    job_heartbeat,
    job_lock,
    job_requeue,
    job_stop,
)
from rakkan.dispatch.states import JobState
from rakkan.productions.models import Production, Rendering
from rakkan.productions.services.dispatch import check_may_render, subject_of_job
from rakkan.productions.services.measure import measure_failed, measure_receive
from rakkan.productions.services.queue import seal_send
from rakkan.productions.services.stop import end, permission_ended, production_stop
from rakkan.productions.services.transition import move, move_silently, production_lock
from rakkan.productions.states import State

ALREADY_RECEIVED = "already-received"


def _locked(job_id: UUID | str) -> tuple[Production | None, Job]:
    """Return production (of a render job) and job, locked in this order."""
    subject = Job.objects.filter(pk=job_id, kind=JobKind.RENDER).values_list(
        "subject_id", flat=True
    )
    production = production_lock(subject[0]) if subject else None
    return production, job_lock(job_id)


@transaction.atomic
def job_beat(*, job_id: UUID | str, lease: str, progress: float, stage: str) -> None:
    """Keep a lease alive.

    Raises:
        Refused: the lease is over: cancelled, stopped, or given to another worker.
    """
    job = job_lock(job_id)
    check_lease(job, lease)
    job_heartbeat(job, progress=progress, stage=stage)


def output_accept(*, job_id: UUID | str, lease: str, sha256: str, chunks: Iterable[bytes]) -> Blob:
    """Store a rendered file in quarantine.

    Raises:
        Refused: the lease is over, the job makes no file, or the bytes are not as announced.
    """
    with transaction.atomic():
        job = job_lock(job_id)
        check_lease(job, lease)
        if job.kind == JobKind.MEASURE:
            raise Refused("A measure job writes no file.", code="measure-writes-nothing")
    return blob_put(
        Area.QUARANTINE, chunks, limit=settings.RAKKAN_MAX_OUTPUT_BYTES, expected=sha256
    )


def job_result(*, job_id: UUID | str, lease: str, fence: int, result: dict[str, Any]) -> None:
    """Accept a worker's result.

    Raises:
        Refused: a late, forged or unapproved result; nothing of it is kept.
    """
    found = Job.objects.filter(pk=job_id).first()
    if found is None:
        raise NotFound(f"There is no job {job_id}.")
    try:
        with refusal_recorded(
            EventName.RENDERING_REFUSED,
            actor=system("receive", found.organisation_id),
            subject=subject_of_job(found),
            data={"job": str(found.pk)},
            unless=ALREADY_RECEIVED,  # the answer to the first delivery was lost: that is no news
        ):
            production, job = _locked(job_id)
            _check_is_news(production, job, result)
            check_lease(job, lease)
            if fence != job.fence:
                raise Refused("A newer lease exists.", code="lease-lost")
            if production is None:
                job_finish(job)
                measure_receive(job, MeasureResult.from_dict(result))
            else:
                _rendering_receive(production, job, RenderResult.from_dict(result))
    except Refused as refused:
        if permission_ended(refused):
            production_stop(production_id=found.subject_id, refused=refused)
        raise


def _check_is_news(production: Production | None, job: Job, result: dict[str, Any]) -> None:
    rendering = getattr(production, "rendering", None)
    if job.state != JobState.DONE or rendering is None:
        return
    if rendering.file_sha256 == result.get("sha256"):
        raise Refused("This result was accepted before.", code=ALREADY_RECEIVED)


def _rendering_receive(production: Production, job: Job, result: RenderResult) -> None:
    check_may_render(production)
    if result.engine != job.job_spec().engine:
        raise Refused("The result names another engine than the job.", code="result-invalid")
    with blob_open(Area.QUARANTINE, result.sha256) as stream:
        if stream.size != result.size:
            raise Refused("The result names another size than its file has.", code="result-invalid")
    permit = job_finish(job)
    Rendering.objects.create(
        production=production,
        permit=permit,
        file_sha256=result.sha256,
        size=result.size,
        result=result.to_dict(),
        received_at=timezone.now(),
    )
    production.seal_sent_at = timezone.now()
    move(
        production,
        State.RENDERED,
        actor=system("receive", production.organisation_id),
        data={"file_sha256": result.sha256, "permit": str(permit.pk), "job": str(job.pk)},
    )
    seal_send(production)


@transaction.atomic
def job_failure(*, job_id: UUID | str, lease: str, fence: int, error: dict[str, str]) -> None:
    """Note that a worker could not do a job; ``error["fault"]`` says whose fault it was.

    An input that cannot be used ends the production; a fault of the system is tried again until
    its deliveries are used up.

    Raises:
        Refused: the lease is over.
    """
    production, job = _locked(job_id)
    check_lease(job, lease)
    if fence != job.fence:
        raise Refused("A newer lease exists.", code="lease-lost")
    if error["fault"] != "input" and not deliveries_are_used_up(job):
        job_requeue(job, error["code"])
        if production is not None:
            move_silently(production, State.QUEUED)
        return
    problem = {
        "code": error["code"],
        "title": "The video could not be made.",
        "detail": error["detail"],
        "remedy": error["remedy"],
    }
    if production is None:
        job_stop(job, JobState.FAILED, problem)
        measure_failed(job, problem)
        return
    actor = system("receive", production.organisation_id)
    end(production, State.FAILED, actor=actor, problem=problem)


def lease_of_input(*, job_id: UUID | str, lease: str, sha256: str) -> Job:
    """Return the job if this lease may read this input.

    Raises:
        Refused: the lease is over, or the job has no such input.
    """
    with transaction.atomic():
        job = job_lock(job_id)
        check_lease(job, lease)
    if sha256 not in {item.sha256 for item in job.job_spec().inputs}:
        raise Refused("The job has no such input.", code="input-unknown", status=404)
    return job
