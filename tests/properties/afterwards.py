"""What must be true of what is kept, erased and told to others, asked of the rows themselves."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from rakkan.consents.models import Consent, Supersession, Withdrawal
from rakkan.core.blobs import Area, blob_check
from rakkan.core.errors import RakkanError
from rakkan.evidence.models import Pack, PackEnd, PackReady
from rakkan.identity.models import IdentityCheck
from rakkan.lifecycle.models import Disposal, Erasure, ErasureStep, LegalHold
from rakkan.productions.models import Production
from rakkan.releases.models import Release
from rakkan.vault.models import SubjectKey
from rakkan.webhooks.models import Attempt, EndpointEnd
from tests.properties.invariants import assert_consent_is_live, production_of, reads

_ENDED = ("cancelled", "rejected", "stopped", "failed", "revoked", "released")


def check_erasure(erasure: Erasure) -> None:
    """Nothing goes while a legal hold stands."""
    assert not _held(erasure.person_id, erasure.asked_at), "erased while a hold stood"


def check_disposal(disposal: Disposal) -> None:
    """Nothing is disposed of before its time, nor while a legal hold keeps it."""
    assert disposal.due_at <= disposal.disposed_at
    assert not _held(_person_of(disposal), disposal.disposed_at), "disposed of while a hold stood"


def check_attempt(attempt: Attempt) -> None:
    """Nobody is told anything who was ended before."""
    assert not EndpointEnd.objects.filter(endpoint=attempt.message.endpoint_id).exists()


@reads(Erasure, Consent, Withdrawal, Supersession)
def check_erased_consents() -> None:
    """Whoever asked to be erased consents to nothing any more."""
    erased = Erasure.objects.values("person")
    theirs = Q(likeness__person__in=erased) | Q(voice__person__in=erased)
    assert not Consent.objects.filter(theirs, withdrawal=None, supersession=None).exists()


@reads(ErasureStep, SubjectKey, Production, Pack, PackEnd)
def check_carried_out() -> None:
    """What was carried out is: the keys are gone for good, and nothing of the person goes on."""
    done = Erasure.objects.filter(steps__name="keys")
    for person_id, user_id in done.values_list("person_id", "person__user_id"):
        keys = SubjectKey.objects.filter(pk__in=[person_id, user_id])
        assert not keys.filter(destroyed_at=None).exists()
        theirs = Q(likeness__person=person_id) | Q(speaker__person=person_id)
        assert not Production.objects.filter(theirs).exclude(state__in=_ENDED).exists()
        packs = Q(production__likeness__person=person_id) | Q(production__speaker__person=person_id)
        assert not Pack.objects.filter(packs, end=None).exists(), "a pack of who was erased"


def check_pack(ready: PackReady) -> None:
    """A pack is of what was released, and of nobody who was erased; a video takes consents."""
    pack = ready.pack
    assert Release.objects.filter(subject_id=pack.production_id).exists()
    assert ready.file.pack_id == pack.pk
    assert pack.requested_at <= ready.ready_at < pack.expires_at
    production = production_of(pack.production_id)
    theirs = [production.likeness.person_id]
    theirs += [production.speaker.person_id] if production.speaker else []
    assert not Erasure.objects.filter(person__in=theirs, steps__name="keys").exists()
    if pack.with_video:
        assert_consent_is_live(production, ready.ready_at)


def check_pack_end(end: PackEnd) -> None:
    """What has ended has no file any more."""
    for file in end.pack.files.all():
        try:
            blob_check(Area.PACKS, file.file_sha256)
        except RakkanError:
            continue
        raise AssertionError(f"the file of a pack that has ended lies there: {end.pack_id}")


STANDING = (check_erased_consents, check_carried_out)


def _held(person_id: UUID, moment: datetime) -> bool:
    holds = LegalHold.objects.filter(person=person_id, end=None, set_at__lte=moment)
    return holds.filter(valid_until__gt=moment).exists()


def _person_of(disposal: Disposal) -> UUID:
    if disposal.kind == "evidence":
        return IdentityCheck.objects.get(pk=disposal.object_id).person_id
    subject = disposal.object_id
    if disposal.kind == "release":
        subject = Release.objects.get(pk=subject).subject_id
    return Production.objects.select_related("likeness").get(pk=subject).likeness.person_id
