"""Seal: the trusted worker checks the mark of a rendered file, signs it and time-stamps it.

Loads the media libraries: imported by the seal worker only.
"""

from pathlib import Path

from django.conf import settings
from django.db import transaction

from compliance.canonical import sha256_hex
from compliance.label.place import MEDIA_TYPE
from compliance.provenance import InputFact, ManifestFacts
from rakkan.approvals.selectors import review_is_needed
from rakkan.audit.services import system
from rakkan.core.blobs import Area, blob_fetch
from rakkan.productions.models import Production
from rakkan.productions.services.addresses import receipt_url, status_url
from rakkan.productions.services.behind import background_of
from rakkan.productions.services.covered import check_consents_cover, pinned_consents
from rakkan.productions.services.labelling import label_place
from rakkan.productions.services.transition import move, production_lock
from rakkan.productions.states import State
from rakkan.releases.services.picture import Picture
from rakkan.releases.services.release import Marked, sealing_keep
from rakkan.releases.services.sealing import file_seal


def marked_of(production: Production) -> Marked:
    """Return what the releases app needs to know of a production."""
    return Marked(production.pk, production.asset_id, production.organisation_id)


def picture_of(production: Production) -> Picture:
    """Return the picture that was asked for."""
    longest = settings.RAKKAN_MAX_AUDIO_SECONDS
    return Picture(production.width, production.height, production.fps, longest)


def production_seal(production: Production, work: Path) -> None:
    """Turn the rendered file into a signed one and move the production to ``sealed``.

    Safe to run again after a crash at any point: the state moves with the row of the sealed file,
    in one transaction, and a second sealing of one production is refused by the database.

    Args:
        production: in state ``rendered``; the caller holds its seal lock.
        work: an empty directory for the files at work.

    Raises:
        Refused: a consent has ended, or the file will never do (not the picture asked for, no
            mark, another mark).
        Damaged: a stored file has changed.
        Unavailable: storage, signer or time-stamp authority do not answer: try again.
    """
    source, sealed_path = work / "rendered.mp4", work / "sealed.mp4"
    with transaction.atomic():
        check_consents_cover(production)  # nothing is signed for somebody who has said no
    blob_fetch(Area.QUARANTINE, production.rendering.file_sha256, source)
    facts = _facts(production, work)
    sealed = file_seal(source, sealed_path, facts, picture_of(production))
    with transaction.atomic():
        locked = production_lock(production.pk)
        check_consents_cover(locked)
        sealing = sealing_keep(
            marked_of(locked),
            source_sha256=production.rendering.file_sha256,
            path=sealed.path,
            watermark=sealed.watermark,
        )
        move(
            locked,
            State.SEALED,
            actor=system("seal", locked.organisation_id),
            data={"file_sha256": sealing.file_sha256, "watermark": sealed.watermark},
            rows=[sealing],
        )


def _facts(production: Production, work: Path) -> ManifestFacts:
    consents, rendering = pinned_consents(production), production.rendering
    likeness, result = production.likeness, rendering.result
    portrait, voice, label = work / "portrait", work / "voice", work / "label.png"
    blob_fetch(Area.INPUTS, likeness.portrait_sha256, portrait)
    blob_fetch(Area.INPUTS, production.voice_sha256, voice)
    blob_fetch(Area.INPUTS, production.label_sha256, label)
    behind = _background(production, work)
    return ManifestFacts(
        title=f"Rakkan {production.asset_id}",  # the production's own title may name people
        asset_id=production.asset_id,
        engine=result["engine"],
        engine_version=result["engine_version"],
        models=result["models"],
        portrait=InputFact(portrait, likeness.portrait_sha256, likeness.portrait_media_type),
        voice=InputFact(voice, production.voice_sha256, production.voice_media_type),
        consent_receipt_sha256=sha256_hex(consents.likeness.receipt.encode()),
        consent_receipt_url=receipt_url(consents.likeness.pk),
        voice_consent_receipt_sha256=sha256_hex(consents.voice.receipt.encode()),
        voice_consent_receipt_url=receipt_url(consents.voice.pk),
        voice_origin=production.voice_origin,
        voice_engine=production.voice_engine,
        request_digest=production.request_digest,
        permit_id=str(rendering.permit_id),
        status_url=status_url(production.asset_id),
        created_at=rendering.received_at,
        ai_label=consents.likeness.ai_label,
        cpu_seconds=result["cpu_seconds"],
        wall_seconds=result["wall_seconds"],
        watched=review_is_needed(production.pk),
        label=InputFact(label, production.label_sha256, MEDIA_TYPE),
        background=behind,
        label_place=label_place(production),
        captions_sha256=production.captions_sha256,
    )


def _background(production: Production, work: Path) -> InputFact | None:
    behind, path = background_of(production), work / "background"
    if behind is None:
        return None
    blob_fetch(Area.INPUTS, behind.sha256, path)
    return InputFact(path, behind.sha256, behind.media_type)
