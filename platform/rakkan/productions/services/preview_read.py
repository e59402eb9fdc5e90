"""Read a preview's marks back: nobody sees a preview before picture and sound have named it.

Loads the media libraries: imported by the seal worker only, which holds the key of the marks.
"""

import logging
import tempfile
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction

from compliance.errors import ComplianceError
from compliance.watermark.detector import Detection
from rakkan.audit.names import EventName
from rakkan.audit.services import event_record, system
from rakkan.core.blobs import Area, blob_fetch
from rakkan.core.errors import RakkanError, Unavailable
from rakkan.previews.models import Preview, PreviewFile
from rakkan.previews.selectors import files_unread
from rakkan.previews.services import preview_reading_note
from rakkan.productions.models import Production
from rakkan.productions.services.locks import seal_lock
from rakkan.productions.services.preview import preview_shape_of
from rakkan.productions.services.preview_end import preview_close
from rakkan.productions.services.transition import production_lock, subject_of
from rakkan.releases.services.picture import Picture, check_mark, check_picture, read_mark
from rakkan.releases.services.sound import check_sound_mark, read_sound_mark

log = logging.getLogger(__name__)
UNREADABLE = "preview-unreadable"  # the code where reading broke off


def preview_read(preview_id: UUID | str) -> None:
    """Detect the mark of a received preview; show the preview from then on, or end it.

    Safe to run twice: what was read, or has ended, is left as it is. A file without a mark of
    this very preview, or of another picture than asked for, ends it, and the file is deleted.

    Raises:
        Unavailable: the storage does not answer; the reconciler asks again.
    """
    with seal_lock(UUID(str(preview_id))) as held:
        file = files_unread().filter(preview__pk=preview_id).first()
        if not held or file is None:
            return
        picture = _picture_of(file.preview)
        try:
            detection = _detect(file, picture)
        except Unavailable:
            raise
        except (RakkanError, ComplianceError) as error:
            _refuse(file, error.code)
        except Exception:  # no library's complaint about a file makes it one to show
            log.exception("reading preview %s broke off", preview_id)
            _refuse(file, UNREADABLE)
        else:
            _keep(file, detection)


def _picture_of(preview: Preview) -> Picture:
    production = Production.objects.get(pk=preview.subject_id)
    return Picture(*preview_shape_of(production), settings.RAKKAN_PREVIEW_SECONDS)


def _detect(file: PreviewFile, picture: Picture) -> Detection:
    with tempfile.TemporaryDirectory(prefix="rakkan-preview-") as work:
        path = Path(work) / "preview.mp4"
        blob_fetch(Area.PREVIEWS, file.file_sha256, path)
        check_picture(path, picture)
        detection = read_mark(path, picture)
        heard = read_sound_mark(path, file.preview.asset_id, picture.max_seconds)
    check_mark(detection, file.preview.asset_id)
    check_sound_mark(heard, file.preview.asset_id)
    return detection


@transaction.atomic
def _keep(file: PreviewFile, detection: Detection) -> None:
    production_lock(file.preview.subject_id)
    if files_unread().filter(pk=file.pk).exists():  # it may have ended meanwhile
        preview_reading_note(file, frames=detection.frames, asset_frames=detection.asset_frames)


@transaction.atomic
def _refuse(file: PreviewFile, code: str) -> None:
    production = production_lock(file.preview.subject_id)
    found = files_unread().filter(pk=file.pk).first()
    if found is None:
        return
    actor = system("seal", production.organisation_id)
    event_record(
        EventName.PREVIEW_REFUSED,
        actor=actor,
        subject=subject_of(production),
        data={"preview": str(found.preview_id), "code": code},
    )
    preview_close(found.preview, reason=code, actor=actor)
