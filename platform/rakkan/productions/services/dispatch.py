"""Claim: a worker asks for a job; consent and approval are asked again in the same transaction."""

import base64
from dataclasses import dataclass
from uuid import UUID

from compliance.canonical import digest
from compliance.permit import Capabilities, JobKind
from compliance.watermark import expand
from rakkan.approvals.selectors import check_approved
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, refusal_recorded, system
from rakkan.core.errors import NotFound, Refused
from rakkan.dispatch.models import Job
from rakkan.dispatch.services import (
    NOT_CLAIMABLE,
    Claim,
    check_claimable,
    job_lease,
    job_lock,
)
from rakkan.productions.models import Production
from rakkan.productions.services.covered import check_consents_cover
from rakkan.productions.services.stop import production_stop
from rakkan.productions.services.submit import request_document
from rakkan.productions.services.transition import move_silently, production_lock
from rakkan.productions.states import State
from rakkan.releases.keys import watermark_key


@dataclass(frozen=True, slots=True)
class Handed:
    """What the worker endpoint hands out after a claim."""

    claim: Claim
    watermark: str | None  # base64 of the finished pattern of this one job


def job_claim(*, job_id: UUID | str, worker: Capabilities) -> Handed:
    """Lease a job to a worker and mint its permit.

    Raises:
        Refused: not claimable, or consent or approval no longer hold; the production is stopped
            and the refusal is in the log.
    """
    job = Job.objects.filter(pk=job_id).first()
    if job is None:
        raise NotFound(f"There is no job {job_id}.")
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
        if job.kind == JobKind.RENDER and refused.code != NOT_CLAIMABLE:
            production_stop(production_id=job.subject_id, refused=refused)
        raise


def subject_of_job(job: Job) -> Subject:
    """Return what a job is about, as the subject of an event."""
    kind = "production" if job.kind == JobKind.RENDER else "measured object"
    return Subject(kind, str(job.subject_id), job.asset_id)


def _claim(found: Job, worker: Capabilities) -> Handed:
    # Lock order is production, then job, everywhere: a withdrawal takes the same way.
    production = production_lock(found.subject_id) if found.kind == JobKind.RENDER else None
    job = job_lock(found.pk)
    check_claimable(job, worker)
    if production is None:
        return Handed(job_lease(job, worker), None)
    check_may_render(production)
    check_job_is_the_request(job, production)
    handed = Handed(job_lease(job, worker), _pattern(production))
    if State(production.state) is State.QUEUED:
        move_silently(production, State.RENDERING)
    return handed


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


def _pattern(production: Production) -> str:
    pattern = expand(watermark_key(), production.asset_id)
    return base64.b64encode(pattern.to_bytes()).decode()


def check_may_render(production: Production) -> None:
    """Raise unless the request is what was approved and its consents are live and wide enough.

    Raises:
        Refused: request-changed, one of the consent codes, approval-missing, approval-expired or
            use-forbidden.
    """
    now = digest(request_document(production))
    if now != production.request_digest:
        raise Refused(
            "The inputs are not those that were approved.",
            code="request-changed",
            remedy="Make a new production and have it approved.",
            status=403,
        )
    check_consents_cover(production)
    check_approved(production.pk, production.request_digest)
