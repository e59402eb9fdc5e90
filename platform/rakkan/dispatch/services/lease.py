"""Claim, heartbeat and result: who works on a job, with which fencing token and permit."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.utils import timezone

from compliance.permit import Capabilities, JobKind, Permit, permit_issue
from compliance.signing import KeyRole
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, system
from rakkan.core.errors import NotFound, Refused
from rakkan.core.keys import statement_signer
from rakkan.dispatch.models import IssuedPermit, Job, JobOutput, PermitUse
from rakkan.dispatch.states import JobState

NOT_CLAIMABLE = "job-not-claimable"
_MEASURED_BY_ALL = ("gate", "identity")  # engines of measure jobs that workers need not name
MAX_DELIVERIES = 5  # a job that kills its worker five times is not tried a sixth time


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker holds after a claim."""

    job: Job
    token: str  # the lease's secret, known to this worker only
    permit: str  # signed


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def job_lock(job_id: UUID | str) -> Job:
    """Return a job, locked for the transaction.

    Raises:
        NotFound: there is none.
    """
    job = Job.objects.select_for_update().filter(pk=job_id).first()
    if job is None:
        raise NotFound(f"There is no job {job_id}.")
    return job


def check_claimable(job: Job, worker: Capabilities) -> None:
    """Raise unless this worker may take this job now.

    Raises:
        Refused: taken, finished, or not what the worker can do.
    """
    now = timezone.now()
    expired = job.state == JobState.LEASED and job.lease_until is not None and job.lease_until < now
    if job.state != JobState.QUEUED and not expired:
        raise Refused(f"The job is {job.state}.", code=NOT_CLAIMABLE)
    if JobKind(job.kind) not in worker.kinds:
        raise Refused(f"The worker does no {job.kind} jobs.", code=NOT_CLAIMABLE)
    if job.spec["engine"] not in {*worker.engines, *_MEASURED_BY_ALL}:
        raise Refused(f"The worker lacks {job.spec['engine']}.", code=NOT_CLAIMABLE)
    if worker.weights.get(job.spec["engine"], "") != job.spec.get("weights", ""):
        raise Refused(
            f"The worker draws with other weights of {job.spec['engine']} than were approved.",
            code=NOT_CLAIMABLE,
        )


def job_lease(job: Job, worker: Capabilities) -> Claim:
    """Lease a claimable job and mint its permit; whoever held it before is fenced off."""
    now = timezone.now()
    token = secrets.token_urlsafe(32)
    job.state = JobState.LEASED.value
    job.fence += 1
    job.deliveries += 1
    job.worker = worker.worker[:120]
    job.lease_hash = _hash(token)
    job.lease_until = now + timedelta(seconds=settings.RAKKAN_LEASE_SECONDS)
    job.progress, job.stage = 0.0, "claimed"
    job.save()
    return Claim(job, token, _permit_mint(job))


def _permit_mint(job: Job) -> str:
    now, spec = timezone.now(), job.job_spec()
    permit = Permit(
        permit_id=str(uuid4()),
        kind=spec.kind,
        job_id=str(job.pk),
        subject_id=str(job.subject_id),
        request_digest=job.request_digest,
        spec=spec,
        spec_digest=spec.digest(),
        asset_id=job.asset_id,
        fence=job.fence,
        max_seconds=_longest(spec.kind),
        issued_at=now,
        expires_at=now + timedelta(seconds=settings.RAKKAN_PERMIT_SECONDS),
    )
    token = permit_issue(permit, statement_signer(KeyRole.PERMIT))
    issued = IssuedPermit.objects.create(
        id=permit.permit_id,
        job=job,
        fence=job.fence,
        token=token,
        issued_at=permit.issued_at,
        expires_at=permit.expires_at,
    )
    event_record(
        EventName.PERMIT_ISSUED,
        actor=system("dispatch", job.organisation_id),
        subject=Subject(subject_type(job), str(job.subject_id)),
        data={
            "permit": permit.permit_id,
            "job": str(job.pk),
            "kind": job.kind,
            "fence": job.fence,
            **({"weights": spec.weights} if spec.weights else {}),
        },
        rows=[job, issued],
    )
    return token


def _longest(kind: JobKind) -> float:
    """Return how many seconds of sound a worker may process: of a preview, the first few."""
    preview = kind is JobKind.PREVIEW
    return settings.RAKKAN_PREVIEW_SECONDS if preview else settings.RAKKAN_MAX_AUDIO_SECONDS


def subject_type(job: Job) -> str:
    """Return what kind of thing a job is about, as events say it."""
    kinds = {JobKind.RENDER.value: "production", JobKind.PREVIEW.value: "preview"}
    return kinds.get(job.kind, "measured object")


def check_lease(job: Job, token: str) -> None:
    """Raise unless ``token`` is the lease that holds now.

    Raises:
        Refused: the lease is another's, over, or its permit was revoked.
    """
    held = (
        job.state == JobState.LEASED
        and secrets.compare_digest(job.lease_hash, _hash(token))
        and job.lease_until is not None
        and job.lease_until >= timezone.now()
    )
    revoked = job.permits.filter(fence=job.fence, revocation__isnull=False).exists()
    if not held or revoked:
        raise Refused("The lease is over; the work is somebody else's now.", code="lease-lost")


def job_heartbeat(job: Job, *, progress: float, stage: str) -> None:
    """Extend a checked lease and note how far the work is."""
    job.lease_until = timezone.now() + timedelta(seconds=settings.RAKKAN_LEASE_SECONDS)
    job.progress = min(1.0, max(0.0, progress))
    job.stage = stage[:40]
    job.save(update_fields=["lease_until", "progress", "stage"])


def output_announce(job: Job, sha256: str) -> JobOutput:
    """Note that the holder of a checked lease is about to hand in a file."""
    return JobOutput.objects.create(job=job, sha256=sha256[:64], announced_at=timezone.now())


def job_finish(job: Job) -> IssuedPermit:
    """Close a job whose result was accepted and use up its permit.

    Raises:
        Refused: the permit of this lease has expired.
    """
    permit = job.permits.get(fence=job.fence)
    now = timezone.now()
    if now >= permit.expires_at:
        raise Refused("The permit has expired.", code="permit-expired")
    use = PermitUse.objects.create(permit=permit, used_at=now)
    _close(job, JobState.DONE)
    event_record(
        EventName.PERMIT_USED,
        actor=system("dispatch", job.organisation_id),
        subject=Subject("permit", str(permit.pk)),
        data={"job": str(job.pk)},
        rows=[use, job],
    )
    return permit


def _close(job: Job, state: JobState) -> None:
    job.state = state.value
    job.lease_hash, job.lease_until = "", None
    job.finished_at = timezone.now()
    job.save()
