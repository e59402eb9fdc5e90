"""Write what becomes of a preview. Whether it may, the productions say; the triggers ask again."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.audit.names import EventName
from rakkan.audit.services import Actor, Subject, event_record, system
from rakkan.consents.models import Consent
from rakkan.core.blobs import Area, blob_delete
from rakkan.core.errors import Refused
from rakkan.previews.models import (
    Preview,
    PreviewDestruction,
    PreviewEnd,
    PreviewFile,
    PreviewReading,
    PreviewUpload,
    PreviewViewing,
)
from rakkan.previews.selectors import MOST, preview_open, uploads_unanswered

_UPLOAD_LASTS = timedelta(minutes=10)  # longer than any request a worker can still be sending


@dataclass(frozen=True, slots=True)
class Seen:
    """What a preview is of."""

    subject_id: UUID
    subject_digest: str
    organisation_id: UUID
    consent: Consent


def preview_add(*, user: User, actor: Actor, seen: Seen) -> Preview:
    """Note that a preview was asked for; the caller has locked the production.

    Raises:
        Refused: there is one already, or there were too many.
    """
    if preview_open(seen.subject_id) is not None:
        raise Refused("There is a preview already.", code="preview-exists")
    if Preview.objects.filter(subject_id=seen.subject_id).count() >= MOST:
        raise Refused(
            f"A request has {MOST} previews at most.",
            code="preview-limit",
            remedy="Decide on what you have seen.",
        )
    now = timezone.now()
    preview = Preview.objects.create(
        subject_id=seen.subject_id,
        subject_digest=seen.subject_digest,
        organisation_id=seen.organisation_id,
        consent=seen.consent,
        requested_by=user,
        requested_at=now,
        expires_at=now + timedelta(hours=settings.RAKKAN_PREVIEW_HOURS),
    )
    data = {"preview": str(preview.pk), "preview_asset": preview.asset_id}
    _tell(EventName.PREVIEW_REQUESTED, preview, actor, data, preview)
    return preview


def preview_upload_note(preview: Preview, sha256: str) -> None:
    """Note that a file is about to be stored, in a transaction that commits before it is.

    Raises:
        Refused: these bytes are another file's.
    """
    if PreviewUpload.objects.filter(preview=preview, file_sha256=sha256).exists():
        return
    try:
        with transaction.atomic():
            PreviewUpload.objects.create(
                preview=preview, file_sha256=sha256, announced_at=timezone.now()
            )
    except IntegrityError as error:
        raise Refused("The file is not this preview's own.", code="preview-file-taken") from error


def preview_keep(preview: Preview, *, permit_id: UUID, result: dict[str, Any]) -> PreviewFile:
    """Keep an accepted result.

    Raises:
        Refused: the file was not uploaded as this preview's.
    """
    if not preview.uploads.filter(file_sha256=result["sha256"]).exists():
        raise Refused("The result names a file that was not uploaded.", code="result-invalid")
    file = PreviewFile.objects.create(
        preview=preview,
        permit_id=permit_id,
        file_sha256=result["sha256"],
        size=result["size"],
        result=result,
        received_at=timezone.now(),
    )
    data = {"preview": str(preview.pk), "permit": str(permit_id), "file_sha256": file.file_sha256}
    actor = system("receive", preview.organisation_id)
    _tell(EventName.PREVIEW_RECEIVED, preview, actor, data, file)
    return file


def preview_reading_note(file: PreviewFile, *, frames: int, asset_frames: int) -> None:
    """Note that the file's own pixels name its preview, in so many frames of all."""
    preview = file.preview
    reading = PreviewReading.objects.create(
        file=file,
        asset_id=preview.asset_id,
        frames=frames,
        asset_frames=asset_frames,
        read_at=timezone.now(),
    )
    data = {"preview": str(preview.pk), "frames": frames, "asset_frames": asset_frames}
    actor = system("seal", preview.organisation_id)
    _tell(EventName.PREVIEW_READ, preview, actor, data, reading)


def preview_view(preview: Preview, *, user: User, actor: Actor) -> None:
    """Note that somebody is shown a preview, before they are."""
    seen = PreviewViewing.objects.create(preview=preview, user=user, viewed_at=timezone.now())
    _tell(EventName.PREVIEW_VIEWED, preview, actor, {"preview": str(preview.pk)}, seen)


def preview_finish(preview: Preview, *, reason: str, actor: Actor) -> None:
    """End a preview in the caller's transaction; its files go once that has committed."""
    end = PreviewEnd.objects.create(preview=preview, reason=reason[:80], ended_at=timezone.now())
    data = {"preview": str(preview.pk), "code": reason}
    _tell(EventName.PREVIEW_ENDED, preview, actor, data, end)
    transaction.on_commit(lambda: preview_destroy(preview), robust=True)


@transaction.atomic
def preview_destroy(preview: Preview) -> None:
    """Delete every file of an ended preview; safe to run again and after a crash at any point.

    It is written as destroyed only when no upload can still be on its way.
    """
    locked = Preview.objects.select_for_update().get(pk=preview.pk)
    if PreviewDestruction.objects.filter(preview=locked).exists():
        return
    for upload in locked.uploads.all():
        blob_delete(Area.PREVIEWS, upload.file_sha256)
    now = timezone.now()
    if uploads_unanswered(locked) and now < locked.end.ended_at + _UPLOAD_LASTS:
        return
    gone = PreviewDestruction.objects.create(preview=locked, destroyed_at=now)
    actor = system("previews", locked.organisation_id)
    _tell(EventName.PREVIEW_DESTROYED, locked, actor, {"preview": str(locked.pk)}, gone)


def _tell(
    name: EventName, preview: Preview, actor: Actor, data: dict[str, Any], row: Model
) -> None:
    event_record(
        name,
        actor=actor,
        subject=Subject("production", str(preview.subject_id)),
        data=data,
        rows=[row],
    )
