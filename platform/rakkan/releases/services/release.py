"""Let a file out, hand it over, call it back."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.audit.names import EventName
from rakkan.audit.services import Actor, Subject, event_record, events_record, told
from rakkan.core.blobs import Area, blob_check, blob_put_file
from rakkan.core.errors import Refused
from rakkan.releases.checks import GateCheck, gate_document
from rakkan.releases.models import Delivery, GateReport, Release, Revocation, Sealing


@dataclass(frozen=True, slots=True)
class Marked:
    """What is sealed or released: ids of the production, its asset and its owner."""

    subject_id: UUID
    asset_id: str
    organisation_id: UUID


def sealing_keep(
    marked: Marked, *, source_sha256: str, path: Path, watermark: dict[str, Any]
) -> Sealing:
    """Put a sealed file into quarantine and write its row, in the caller's transaction."""
    blob = blob_put_file(Area.QUARANTINE, path, limit=settings.RAKKAN_MAX_OUTPUT_BYTES)
    return Sealing.objects.create(
        subject_id=marked.subject_id,
        asset_id=marked.asset_id,
        source_sha256=source_sha256,
        file_sha256=blob.sha256,
        size=blob.size,
        watermark=watermark,
        sealed_at=timezone.now(),
    )


def gate_report(marked: Marked, sealing: Sealing, checks: list[GateCheck]) -> GateReport:
    """Write what the gate found."""
    return GateReport.objects.create(
        subject_id=marked.subject_id,
        file_sha256=sealing.file_sha256,
        passed=bool(checks) and all(check.outcome == "pass" for check in checks),
        checks=gate_document(checks),
        checked_at=timezone.now(),
    )


def release_create(marked: Marked, sealing: Sealing, report: GateReport, path: Path) -> Release:
    """Release a sealed file in the caller's transaction.

    The database refuses it without a passed gate on these bytes and a used permit, and refuses a
    second one.
    """
    blob = blob_put_file(Area.RELEASES, path, limit=settings.RAKKAN_MAX_OUTPUT_BYTES)
    blob_check(Area.RELEASES, blob.sha256)  # what will be delivered, read back from where it lies
    return Release.objects.create(
        subject_id=marked.subject_id,
        asset_id=marked.asset_id,
        organisation_id=marked.organisation_id,
        gate=report,
        file_sha256=blob.sha256,
        size=sealing.size,
        released_at=timezone.now(),
    )


def delivery_record(release: Release, *, user: User, actor: Actor, file_sha256: str) -> Delivery:
    """Note, before the first byte, that somebody is given a file of a release.

    Args:
        release: whose.
        user: who gets it.
        actor: the same, in their role.
        file_sha256: of the video, or of its captions.

    Raises:
        Refused: the release was revoked.
    """
    if Revocation.objects.filter(release=release).exists():
        raise Refused(
            "The release was revoked.",
            code="release-revoked",
            remedy="Do not use copies you already have; the status page says why.",
            status=410,
        )
    delivery = Delivery.objects.create(release=release, user=user, delivered_at=timezone.now())
    event_record(
        EventName.RELEASE_DELIVERED,
        actor=actor,
        subject=Subject("release", str(release.pk), release.asset_id),
        data={"file_sha256": file_sha256, "production": str(release.subject_id)},
        rows=[delivery],
    )
    return delivery


def releases_revoke(subject_ids: list[UUID], *, reason: str, actor: Actor) -> None:
    """Call the releases of these productions back, in the caller's transaction.

    However many there are, it takes a handful of statements; those revoked before stay as they
    were and get no second event.
    """
    releases = list(Release.objects.filter(subject_id__in=subject_ids, revocation=None))
    now = timezone.now()
    revocations = Revocation.objects.bulk_create(
        Revocation(release=release, reason=reason[:80], revoked_at=now) for release in releases
    )
    events_record(
        EventName.RELEASE_REVOKED,
        actor=actor,
        about=[
            (
                Subject("release", str(release.pk), release.asset_id),
                {"reason": reason, "production": str(release.subject_id), **told([row])},
            )
            for release, row in zip(releases, revocations, strict=True)
        ],
    )
