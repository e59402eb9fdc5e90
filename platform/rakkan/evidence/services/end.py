"""End a pack: its file is deleted, and the row says when and why."""

from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from rakkan.audit.names import EventName
from rakkan.audit.services import event_record, system
from rakkan.core.blobs import Area, blob_delete
from rakkan.evidence.models import Pack, PackEnd
from rakkan.evidence.selectors import ERASED, EXPIRED, packs_expired
from rakkan.evidence.services.ask import pack_subject


@transaction.atomic
def pack_end(pack_id: UUID, *, reason: str) -> bool:
    """Delete the files of a pack and write its end; say whether it had not ended before.

    Files go first: a process killed in between leaves a pack that is ended again.

    Raises:
        Unavailable: the storage does not let a file go.
    """
    pack = Pack.objects.select_for_update().get(pk=pack_id)
    if PackEnd.objects.filter(pack=pack).exists():
        return False
    for file in pack.files.all():
        blob_delete(Area.PACKS, file.file_sha256)
    end = PackEnd.objects.create(pack=pack, reason=reason[:80], ended_at=timezone.now())
    event_record(
        EventName.PACK_ENDED,
        actor=system("evidence", pack.organisation_id),
        subject=pack_subject(pack),
        data={"code": reason[:80], "production": str(pack.production_id)},
        rows=[end],
    )
    return True


def packs_expire() -> int:
    """End the packs whose term is over; return how many."""
    ids = list(packs_expired().values_list("pk", flat=True))
    return sum(pack_end(pack_id, reason=EXPIRED) for pack_id in ids)


def packs_end_of(person_id: UUID) -> int:
    """End the packs of every production that a person is seen or heard in, as part of an erasure.

    What was asked for before and is being built meets the end's row: the database takes no file.
    """
    theirs = Q(production__likeness__person=person_id) | Q(production__speaker__person=person_id)
    ids = list(Pack.objects.filter(theirs, end=None).values_list("pk", flat=True))
    return sum(pack_end(pack_id, reason=ERASED) for pack_id in ids)
