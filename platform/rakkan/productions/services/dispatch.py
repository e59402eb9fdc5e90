"""Claim: a worker asks for a job; consent and approval are asked again in the same transaction."""

import base64
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from compliance.carrier import Carrier
from compliance.permit import Capabilities, JobKind
from rakkan.approvals.selectors import check_approved
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, refusal_recorded, system
from rakkan.core.blobs import Area, blob_check
from rakkan.core.errors import Damaged, NotFound, Refused
from rakkan.dispatch.models import Job
from rakkan.dispatch.services import (
    NOT_CLAIMABLE,
    Claim,
    check_claimable,
    job_lease,
    job_lock,
    job_stop,
    subject_type,
)
from rakkan.dispatch.states import JobState
from rakkan.productions.models import Production
from rakkan.productions.services.covered import check_consents_cover
from rakkan.productions.services.giving import job_give_up
from rakkan.productions.services.lips import VIDEO, is_about_lips
from rakkan.productions.services.measure import check_may_measure, comparison_recheck
from rakkan.productions.services.preview import (
    check_preview_goes_on,
    preview_of_job,
    preview_stop,
    production_of_job,
)
from rakkan.productions.services.stop import production_stop
from rakkan.productions.services.submit import check_request_is_unchanged
from rakkan.productions.services.transition import move_silently, production_lock
from rakkan.productions.states import State
from rakkan.releases.keys import watermark_key


@dataclass(frozen=True, slots=True)
class Handed:
    """What the worker endpoint hands out after a claim."""

    claim: Claim
    watermark: str | None  # base64 of the finished carrier of this one job's marks


def job_claim(*, job_id: UUID | str, worker: Capabilities) -> Handed:
    """Lease a job to a worker and mint its permit.

    Raises:
        Refused: not claimable, or consent or approval no longer hold; the production is stopped
            and the refusal is in the log.
        Damaged: the storage holds other bytes than were approved.
        Unavailable: it does not hold them any more.
    """
    job = Job.objects.filter(pk=job_id).first()
    if job is None:
        raise NotFound(f"There is no job {job_id}.")
    comparison_recheck(job)
    try:
        with refusal_recorded(
            EventName.PERMIT_REFUSED,
            actor=system("dispatch", job.organisation_id),
            subject=subject_of_job(job),
            data={"job": str(job.pk)},
            unless=NOT_CLAIMABLE,  # a repeated message finds its job taken: that is no news
        ):
            return _claim(job, worker)
    except Refused as refused:
        if refused.code != NOT_CLAIMABLE:
            stop_after_refusal(job, refused)
        raise
    except Damaged as damaged:
        _give_up_damaged(job, damaged)
        raise


@transaction.atomic
def _give_up_damaged(found: Job, damaged: Damaged) -> None:
    """Fail what can never be made as approved: asking again would find the other bytes again."""
    production, job = job_lock_in_order(found.pk)
    if job.state != JobState.QUEUED:
        return
    problem = {
        "code": "input-mismatch",
        "title": "The video could not be made.",
        "detail": str(damaged),
        "remedy": damaged.remedy,
    }
    job_give_up(job, production, problem, process="dispatch")


def stop_after_refusal(job: Job, refused: Refused) -> None:
    """End what may not be made any more: a production, its preview, or a measurement."""
    if job.kind == JobKind.RENDER or is_about_lips(job):
        production_stop(production_id=str(production_of_job(job)), refused=refused)
    elif job.kind == JobKind.PREVIEW:
        preview_stop(job=job, refused=refused)
    else:
        with transaction.atomic():
            found = job_lock(job.pk)
            if found.state in (JobState.QUEUED, JobState.LEASED):
                job_stop(found, JobState.CANCELLED, {"code": refused.code})


def subject_of_job(job: Job) -> Subject:
    """Return what a job is about, as the subject of an event."""
    return Subject(subject_type(job), str(job.subject_id), job.asset_id)


def _claim(found: Job, worker: Capabilities) -> Handed:
    production, job = job_lock_in_order(found.pk)
    check_claimable(job, worker)
    if production is None:
        check_may_measure(job)
        return Handed(job_lease(job, worker), None)
    if job.kind == JobKind.PREVIEW:
        preview = preview_of_job(job)
        check_preview_goes_on(production, preview)
        _check_inputs_are_stored(job)
        return Handed(job_lease(job, worker), _carrier(preview.asset_id))
    check_may_render(production)
    if job.kind == JobKind.MEASURE:
        _check_inputs_are_stored(job)
        return Handed(job_lease(job, worker), None)
    check_job_is_the_request(job, production)
    _check_inputs_are_stored(job)
    handed = Handed(job_lease(job, worker), _carrier(production.asset_id))
    if State(production.state) is State.QUEUED:
        move_silently(production, State.RENDERING)
    return handed


def job_lock_in_order(job_id: UUID | str) -> tuple[Production | None, Job]:
    """Return a job and the production it is for, both locked; measured inputs are for none.

    Lock order is production, job, consent, everywhere: a withdrawal takes the same way.

    Raises:
        NotFound: there is no such job.
    """
    found = Job.objects.filter(pk=job_id).first()
    if found is None:
        raise NotFound(f"There is no job {job_id}.")
    production_id = production_of_job(found)
    production = production_lock(production_id) if production_id else None
    return production, job_lock(job_id)


def area_of(role: str) -> Area:
    """Return where an input of this role lies: what people gave, or what a worker handed in."""
    return Area.QUARANTINE if role == VIDEO else Area.INPUTS


def _check_inputs_are_stored(job: Job) -> None:
    """Raise unless the storage still holds the very bytes that the job names."""
    for item in job.job_spec().inputs:
        blob_check(area_of(item.role), item.sha256)


def check_job_is_the_request(job: Job, production: Production) -> None:
    """Raise unless a job asks for exactly what was approved.

    Raises:
        Refused: request-changed.
    """
    request = production.request or {}
    same = (
        job.job_spec().digest() == request.get("spec_digest")
        and job.request_digest == production.request_digest
        and job.asset_id == production.asset_id
    )
    if not same:
        raise Refused("The job is not what was approved.", code="request-changed", status=403)


def _carrier(asset_id: str) -> str:
    carrier = Carrier.of(watermark_key(), asset_id)
    return base64.b64encode(carrier.to_bytes()).decode()


def check_may_render(production: Production) -> None:
    """Raise unless the request is what was approved and its consents are live and wide enough.

    Raises:
        Refused: request-changed, one of the consent codes, approval-missing, approval-expired or
            use-forbidden.
    """
    check_request_is_unchanged(production)
    check_consents_cover(production)
    check_approved(production.pk, production.request_digest)
