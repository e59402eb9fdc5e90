"""Destroy the files of a video that was refused after it was sealed."""

import logging
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, system
from rakkan.core.blobs import Area, blob_delete
from rakkan.releases.models import Removal, Sealing

log = logging.getLogger(__name__)


@transaction.atomic
def files_remove(sealing: Sealing, organisation_id: UUID) -> None:
    """Delete the rendered and the sealed file; safe to run again and after a crash at any point.

    A legal hold keeps them: the database takes no row of their removal until it has ended.
    """
    if Removal.objects.filter(sealing=sealing).exists():
        return
    try:
        with transaction.atomic():
            removal = Removal.objects.create(sealing=sealing, removed_at=timezone.now())
    except IntegrityError as refusal:
        log.info("the files of %s stay for now: %s", sealing.subject_id, refusal)
        return
    for sha256 in (sealing.source_sha256, sealing.file_sha256):
        blob_delete(Area.QUARANTINE, sha256)
    event_record(
        EventName.FILES_DESTROYED,
        actor=system("releases", organisation_id),
        subject=Subject("production", str(sealing.subject_id), sealing.asset_id),
        data={"file_sha256": sealing.file_sha256, "source_sha256": sealing.source_sha256},
        rows=[removal],
    )


def sealings_kept() -> QuerySet[Sealing]:
    """Return the sealings whose files were not removed."""
    return Sealing.objects.filter(removal=None)
