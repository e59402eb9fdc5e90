"""Read previews."""

from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from rakkan.previews.models import Preview, PreviewFile, PreviewUpload

MOST = 5  # previews of one request: each costs a worker's time and shows a face


def preview_open(subject_id: UUID) -> Preview | None:
    """Return the preview of a production that has not ended."""
    rows = Preview.objects.select_related("file__reading").filter(subject_id=subject_id, end=None)
    return rows.first()


def preview_newest(subject_id: UUID) -> Preview | None:
    """Return the last preview of a production, ended or not."""
    rows = Preview.objects.select_related("file__reading", "end").filter(subject_id=subject_id)
    return rows.last()


def previews_of(subject_ids: list[UUID]) -> QuerySet[Preview]:
    """Return the previews of these productions, the oldest first."""
    return Preview.objects.select_related("file__reading", "end").filter(subject_id__in=subject_ids)


def preview_by_asset(asset_id: str) -> Preview | None:
    """Return the preview that bears an asset id."""
    return Preview.objects.filter(asset_id=asset_id).select_related("consent").first()


def preview_has_file(sha256: str) -> bool:
    """Say whether these bytes are, or were to be, those of a preview."""
    return PreviewUpload.objects.filter(file_sha256=sha256).exists()


def previews_lapsed() -> QuerySet[Preview]:
    """Return the previews whose term is over and that have not ended."""
    return Preview.objects.filter(end=None, expires_at__lte=timezone.now())


def preview_was_read(preview: Preview) -> bool:
    """Say whether the mark of a preview's file was read back: before that, nobody sees it."""
    return hasattr(preview, "file") and hasattr(preview.file, "reading")


def files_unread() -> QuerySet[PreviewFile]:
    """Return the files of open previews whose mark was not read back yet."""
    rows = PreviewFile.objects.select_related("preview__end")
    return rows.filter(preview__end=None, reading=None)


def previews_left_behind() -> QuerySet[Preview]:
    """Return the ended previews of which something may still be in the storage."""
    return Preview.objects.filter(end__isnull=False, destruction=None)


def uploads_unanswered(preview: Preview) -> bool:
    """Say whether a file was announced of which no result was accepted: it may be on its way."""
    own = Preview.objects.filter(file__file_sha256=OuterRef("file_sha256"), pk=preview.pk)
    rows = PreviewUpload.objects.filter(preview=preview).annotate(kept=Exists(own))
    return rows.filter(kept=False).exists()
