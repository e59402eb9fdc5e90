"""Ask for a pack: it is built by the seal worker, which alone can sign one."""

from datetime import timedelta
from uuid import UUID

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from compliance.evidence.words import LANGUAGES
from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_actor
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, refusal_recorded
from rakkan.core.errors import BadInput, Refused
from rakkan.evidence.models import Pack
from rakkan.evidence.selectors import packs_of, packs_waiting
from rakkan.productions.selectors import production_get
from rakkan.productions.services.covered import check_release_consents_cover
from rakkan.productions.services.queue import SEAL_QUEUE
from rakkan.productions.services.transition import production_lock
from rakkan.releases.selectors import release_of
from rakkan.vault.services import Erased

PACK_TASK = "rakkan.evidence.pack"
MOST = 10  # packs of one production that have not ended: each holds a copy of it


def pack_request(*, user: User, production_id: UUID | str, language: str, with_video: bool) -> Pack:
    """Ask for the evidence pack of a released production.

    Args:
        user: may see the production.
        production_id: which.
        language: of the summary, "en" or "ja".
        with_video: whether the released file is in it; only while it may be delivered.

    Raises:
        NotFound: there is no such production for this user.
        BadInput: the language is none of ours.
        Refused: it is not released, there are too many, or the video may not be delivered now.
        Erased: the depicted person was erased.
    """
    subject = Subject("production", str(production_id))
    with refusal_recorded(EventName.PACK_REFUSED, actor=user_actor(user), subject=subject):
        production = production_lock(production_get(user, production_id).pk)
        if language not in LANGUAGES:
            raise BadInput(f"No summary is written in {language!r}.", code="language-unknown")
        if release_of(production.pk) is None:
            raise Refused(
                f"It is {production.state}; evidence is of released productions.",
                code="not-released",
                remedy="Wait until it is released, or look at why it ended.",
            )
        if production.request is None:
            raise Erased("The depicted person was erased: what proved the production is gone.")
        if with_video:
            check_release_consents_cover(production)
        if packs_of(production).filter(end=None).count() >= MOST:
            raise Refused(
                f"There are {MOST} packs of it already.",
                code="pack-limit",
                remedy="Download one of them; each ends by itself.",
            )
        now = timezone.now()
        pack = Pack.objects.create(
            production=production,
            organisation=production.organisation,
            requested_by=user,
            language=language,
            with_video=with_video,
            requested_at=now,
            expires_at=now + timedelta(days=settings.RAKKAN_PACK_DAYS),
        )
        event_record(
            EventName.PACK_REQUESTED,
            actor=user_actor(user),
            subject=pack_subject(pack),
            data={"production": str(production.pk), "with_video": with_video},
            rows=[pack],
        )
        transaction.on_commit(lambda: _send(pack.pk), robust=True)
    return pack


def pack_subject(pack: Pack) -> Subject:
    """Return what events about a pack are about: the pack, not what it proves."""
    return Subject("pack", str(pack.pk))


def packs_remind() -> None:
    """Ask the seal worker again for what a lost message or a dead process left behind."""
    for pack_id in packs_waiting().values_list("pk", flat=True):
        _send(pack_id)


def _send(pack_id: UUID) -> None:
    current_app.send_task(PACK_TASK, args=[str(pack_id)], queue=SEAL_QUEUE, ignore_result=True)
