"""Read jobs."""

from uuid import UUID

from compliance.permit import JobKind
from rakkan.dispatch.models import IssuedPermit, Job


def job_newest(subject_id: UUID, kind: JobKind) -> Job | None:
    """Return the newest job of a kind about a subject."""
    rows = Job.objects.filter(subject_id=subject_id, kind=kind.value)
    return rows.order_by("-created_at").first()


def permit_used(subject_id: UUID) -> IssuedPermit | None:
    """Return the permit under which a production was rendered."""
    return IssuedPermit.objects.filter(
        job__subject_id=subject_id, job__kind=JobKind.RENDER.value, use__isnull=False
    ).first()
