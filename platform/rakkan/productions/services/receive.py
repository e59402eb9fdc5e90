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
from rakkan.core.blobs import Area, Blob, blob_chunks, blob_delete, blob_open, blob_put
from rakkan.core.errors import NotFound, Refused
from rakkan.dispatch.models import Job
from rakkan.dispatch.services import (
    check_lease,
    deliveries_are_used_up,
    job_finish,
    job_heartbeat,
    job_lock,
    output_announce,
)
from rakkan.dispatch.states import JobState
from rakkan.identity.attempts import recording_open
from rakkan.identity.selectors import check_with_recording
from rakkan.previews.selectors import preview_has_file
from rakkan.previews.services import preview_keep, preview_upload_note
from rakkan.productions.models import Production, Rendering
from rakkan.productions.services.dispatch import (
    area_of,
    check_may_render,
    job_lock_in_order,
    stop_after_refusal,
    subject_of_job,
)
from rakkan.productions.services.giving import job_give_back, job_give_up
from rakkan.productions.services.lips import lips_ask, lips_receive
from rakkan.productions.services.measure import IDENTITY, check_may_measure, measure_receive
from rakkan.productions.services.preview import check_preview_goes_on, preview_of_job
from rakkan.productions.services.queue import read_send, seal_send
from rakkan.productions.services.stop import permission_ended
from rakkan.productions.services.transition import move
from rakkan.productions.services.wording import TRANSCRIPT, transcript_chunks
from rakkan.productions.states import State

ALREADY_RECEIVED = "already-received"
LEASE_LOST = "lease-lost"


def job_beat(*, job_id: UUID | str, lease: str, progress: float, stage: str) -> None:
    """Keep a lease alive; of a preview, the consent is asked each time.

    Raises:
        Refused: the lease is over: cancelled, stopped, or given to another worker.
    """
    try:
        with transaction.atomic():
            production, job = job_lock_in_order(job_id)
            check_lease(job, lease)
            if production is not None and job.kind == JobKind.PREVIEW:
                check_preview_goes_on(production, preview_of_job(job))
            job_heartbeat(job, progress=progress, stage=stage)
    except Refused as refused:
        if not permission_ended(refused):
            raise
        stop_after_refusal(job, refused)
        raise Refused("The preview may not be drawn any more.", code=LEASE_LOST) from refused


def output_accept(*, job_id: UUID | str, lease: str, sha256: str, chunks: Iterable[bytes]) -> Blob:
    """Store a rendered file in quarantine, or a preview among the previews.

    Raises:
        Refused: the lease is over, the job makes no file, or the bytes are not as announced.
    """
    with transaction.atomic():
        production, job = job_lock_in_order(job_id)
        check_lease(job, lease)
        if production is None or job.kind == JobKind.MEASURE:
            raise Refused("A measure job writes no file.", code="measure-writes-nothing")
        if job.kind == JobKind.PREVIEW:
            check_preview_goes_on(production, preview_of_job(job))
            preview_upload_note(preview_of_job(job), sha256)
        else:
            output_announce(job, sha256)
    area = Area.PREVIEWS if job.kind == JobKind.PREVIEW else Area.QUARANTINE
    blob = blob_put(area, chunks, limit=settings.RAKKAN_MAX_OUTPUT_BYTES, expected=sha256)
    if not _still_leased(job_id, lease):
        if job.kind == JobKind.PREVIEW or _has_ended(job_id):
            blob_delete(area, sha256)  # it came in while its job was ended: nobody will accept it
        raise Refused("The lease is over.", code=LEASE_LOST)
    return blob


@transaction.atomic
def _still_leased(job_id: UUID | str, lease: str) -> bool:
    try:
        check_lease(job_lock(job_id), lease)
    except Refused:
        return False
    return True


@transaction.atomic
def _has_ended(job_id: UUID | str) -> bool:
    return job_lock(job_id).state in (JobState.CANCELLED, JobState.FAILED)


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
            production, job = job_lock_in_order(job_id)
            _check_is_news(production, job, result)
            check_lease(job, lease)
            if fence != job.fence:
                raise Refused("A newer lease exists.", code=LEASE_LOST)
            if production is None:
                check_may_measure(job)
                job_finish(job)
                measure_receive(job, MeasureResult.from_dict(result))
            elif job.kind == JobKind.MEASURE:
                _lips_receive(production, job, MeasureResult.from_dict(result))
            elif job.kind == JobKind.PREVIEW:
                _preview_receive(production, job, RenderResult.from_dict(result))
            else:
                _rendering_receive(production, job, RenderResult.from_dict(result))
    except Refused as refused:
        if permission_ended(refused):
            stop_after_refusal(found, refused)
        raise


def _check_is_news(production: Production | None, job: Job, result: dict[str, Any]) -> None:
    preview = job.kind == JobKind.PREVIEW
    kept = getattr(preview_of_job(job), "file", None) if preview else None
    kept = kept or getattr(production, "rendering", None)
    if job.state != JobState.DONE or kept is None:
        return
    if kept.file_sha256 == result.get("sha256"):
        raise Refused("This result was accepted before.", code=ALREADY_RECEIVED)


def _lips_receive(production: Production, job: Job, result: MeasureResult) -> None:
    check_may_render(production)
    job_finish(job)
    lips_receive(production, job, result.facts)


def _check_file(area: Area, job: Job, result: RenderResult) -> None:
    if result.engine != job.job_spec().engine:
        raise Refused("The result names another engine than the job.", code="result-invalid")
    wanted = job.job_spec().weights
    if wanted and result.models.get(result.engine) != wanted:
        raise Refused("It was drawn with other weights than approved.", code="result-invalid")
    with blob_open(area, result.sha256) as stream:
        if stream.size != result.size:
            raise Refused("The result names another size than its file has.", code="result-invalid")


def _preview_receive(production: Production, job: Job, result: RenderResult) -> None:
    preview = preview_of_job(job)
    check_preview_goes_on(production, preview)
    _check_file(Area.PREVIEWS, job, result)
    permit = job_finish(job)
    preview_keep(preview, permit_id=permit.pk, result=result.to_dict())
    read_send(preview.pk)


def _rendering_receive(production: Production, job: Job, result: RenderResult) -> None:
    check_may_render(production)
    if preview_has_file(result.sha256):
        raise Refused("The result names the file of a preview.", code="result-invalid")
    _check_file(Area.QUARANTINE, job, result)
    permit = job_finish(job)
    rendering = Rendering.objects.create(
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
        rows=[rendering],
    )
    lips_ask(rendering)
    seal_send(production)


@transaction.atomic
def job_failure(*, job_id: UUID | str, lease: str, fence: int, error: dict[str, str]) -> None:
    """Note that a worker could not do a job; ``error["fault"]`` says whose fault it was.

    An input that cannot be used ends the production; a fault of the system is tried again until
    its deliveries are used up.

    Raises:
        Refused: the lease is over.
    """
    production, job = job_lock_in_order(job_id)
    check_lease(job, lease)
    if fence != job.fence:
        raise Refused("A newer lease exists.", code=LEASE_LOST)
    if error["fault"] != "input" and not deliveries_are_used_up(job):
        job_give_back(job, production, error["code"])
        return
    problem = {
        "code": error["code"],
        "title": "The video could not be made.",
        "detail": error["detail"],
        "remedy": error["remedy"],
    }
    job_give_up(job, production, problem, process="receive")


def input_chunks(*, job_id: UUID | str, lease: str, sha256: str) -> Iterable[bytes]:
    """Return the bytes of an input if this lease may read it; a recording is unsealed for it.

    Raises:
        Refused: the lease is over, or the job has no such input.
    """
    with transaction.atomic():
        job = job_lock(job_id)
        check_lease(job, lease)
    spec = job.job_spec()
    roles = {item.sha256: item.role for item in spec.inputs}
    if sha256 not in roles:
        raise Refused("The job has no such input.", code="input-unknown", status=404)
    if spec.engine == IDENTITY and roles[sha256] == "clip":
        check = check_with_recording(job.subject_id)
        return [recording_open(check)] if check else []
    if roles[sha256] == TRANSCRIPT:
        return transcript_chunks(job)
    return blob_chunks(area_of(roles[sha256]), sha256)
