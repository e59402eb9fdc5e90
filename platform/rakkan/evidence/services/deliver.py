"""Hand over a pack: noted before the first byte, and a video in it is a delivery of the video."""

from dataclasses import dataclass
from uuid import UUID

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_actor
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, refusal_recorded
from rakkan.core.blobs import Area, blob_check
from rakkan.core.errors import Refused
from rakkan.evidence.selectors import pack_get, pack_state
from rakkan.productions.services.release import release_deliver


@dataclass(frozen=True, slots=True)
class Packed:
    """A file to hand over."""

    sha256: str
    size: int  # bytes
    name: str


def pack_deliver(*, user: User, pack_id: UUID | str) -> Packed:
    """Return the file of a pack for the acting user, after noting that they get it.

    Raises:
        NotFound: there is no such pack for this user.
        Refused: it is not built yet or has ended; or the video in it may not be delivered any
            more, because it was revoked or a consent is not live.
        Damaged: the stored file is not the one that was built.
    """
    subject = Subject("pack", str(pack_id))
    told: dict[str, str] = {}
    with refusal_recorded(
        EventName.PACK_REFUSED, actor=user_actor(user), subject=subject, data=told
    ):
        pack = pack_get(user, pack_id)
        told["production"] = str(pack.production_id)
        state = pack_state(pack)
        if state == "waiting":
            raise Refused(
                "The pack is not built yet.", code="pack-waiting", remedy="Try again in a moment."
            )
        if state != "ready":
            raise Refused(
                "The pack has ended.", code="pack-ended", remedy="Ask for a new one.", status=410
            )
        if pack.with_video:
            release_deliver(user=user, production_id=pack.production_id)
        ready = pack.ready
        blob_check(Area.PACKS, ready.file.file_sha256)
        event_record(
            EventName.PACK_DELIVERED,
            actor=user_actor(user),
            subject=subject,
            data={**told, "file_sha256": ready.file.file_sha256},
        )
    name = f"rakkan-{pack.production.asset_id}.evidence.zip"
    return Packed(ready.file.file_sha256, ready.size, name)
