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
from rakkan.consents.selectors import check_consent_covers
from rakkan.core.errors import Refused
from rakkan.dispatch.models import Job
from rakkan.dispatch.services import Claim, check_claimable, job_lease, job_lock
from rakkan.productions.models import Production
from rakkan.productions.services.stop import production_stop
from rakkan.productions.services.submit import request_document, use_of
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
    subject = Subject("job", str(job_id))
    kind = Job.objects.filter(pk=job_id).values_list("kind", "subject_id").first()
    try:
        with refusal_recorded(EventName.PERMIT_REFUSED, actor=system("dispatch"), subject=subject):
            return _claim(job_id, worker)
    except Refused as refused:
        if kind and kind[0] == JobKind.RENDER and refused.code != "job-not-claimable":
            production_stop(production_id=kind[1], refused=refused)
        raise


def _claim(job_id: UUID | str, worker: Capabilities) -> Handed:
    subject_id = Job.objects.filter(pk=job_id, kind=JobKind.RENDER).values_list(
        "subject_id", flat=True
    )
    # Lock order is production, then job, everywhere: a withdrawal takes the same way.
    production = production_lock(subject_id[0]) if subject_id else None
    job = job_lock(job_id)
    check_claimable(job, worker)
    if production is None:
        return Handed(job_lease(job, worker), None)
    check_may_render(production)
    handed = Handed(job_lease(job, worker), _pattern(production))
    if State(production.state) is State.QUEUED:
        move_silently(production, State.RENDERING)
    return handed


def _pattern(production: Production) -> str:
    pattern = expand(watermark_key(), production.asset_id)
    return base64.b64encode(pattern.to_bytes()).decode()


def check_may_render(production: Production) -> None:
    """Raise unless the request is what was approved and its consent is live and wide enough.

    Raises:
        Refused: request-changed, one of the consent codes, approval-missing, approval-expired or
            use-forbidden.
    """
    if production.consent is None:
        raise Refused("It has no consent.", code="consent-missing", status=403)
    now = digest(request_document(production, production.consent))
    if now != production.request_digest:
        raise Refused(
            "The inputs are not those that were approved.",
            code="request-changed",
            remedy="Make a new production and have it approved.",
            status=403,
        )
    check_consent_covers(production.consent, use_of(production))
    check_approved(production.pk, production.request_digest)
