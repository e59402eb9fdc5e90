"""Build a pack, check it as an auditor would, keep it. Loads the media libraries: seal worker only.

A pack that our own verifier does not accept never leaves: it ends, and says which check failed.
"""

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from compliance.canonical import file_sha256
from compliance.errors import InvalidInput
from compliance.evidence.build import PackInput, pack_write
from compliance.evidence.case import PackCase
from compliance.evidence.checks import OPTIONAL, pack_verify
from compliance.evidence.document import render_summary
from compliance.evidence.stamps import StampUnavailable, ask_stamp
from compliance.provenance import SignerUnavailable, read_manifest
from compliance.provenance.certificates import PACKS, check_chain
from compliance.verify import journal
from compliance.verify.report import Outcome, Report
from rakkan.audit.models import Checkpoint, TimeStamp
from rakkan.audit.names import EventName
from rakkan.audit.services import (
    LogUnsound,
    checkpoint_note,
    event_proof,
    event_record,
    newest_checkpoint,
    system,
)
from rakkan.core.blobs import Area, blob_delete, blob_fetch, blob_put_file
from rakkan.core.errors import Damaged, Refused, Unavailable
from rakkan.evidence.cards import cards_of
from rakkan.evidence.models import Pack, PackEnd, PackFile, PackReady
from rakkan.evidence.selectors import packs_waiting
from rakkan.evidence.services.ask import pack_subject
from rakkan.evidence.services.bundle import event_entry, evidence_document, production_events
from rakkan.evidence.services.end import pack_end
from rakkan.evidence.signers import (
    evidence_signer,
    evidence_signer_forget,
    pack_trust,
    public_keys,
)
from rakkan.productions.models import Production
from rakkan.productions.services.covered import check_release_consents_cover
from rakkan.releases.keys import watermark_keys
from rakkan.releases.signers import trust_anchors
from rakkan.vault.services import Erased, subject_is_erased

log = logging.getLogger(__name__)

UNPROVABLE = "not-provable"
_PAPERS = 64 << 20  # bytes: all of a pack but its video
_LOCK = 0x9ACC  # any constant: the name space of these locks


def pack_build(pack_id: UUID | str) -> None:
    """Build a pack that was asked for; a second worker at the same one does nothing.

    Raises:
        Unavailable: its events are not all in a time-stamped checkpoint yet, or storage or
            time-stamp authority do not answer: it is asked for again.
    """
    with _alone(UUID(str(pack_id))) as held:
        rows = packs_waiting().select_related("production__likeness", "production__speaker")
        pack = rows.filter(pk=pack_id).first()
        if not held or pack is None:
            return
        try:
            with tempfile.TemporaryDirectory(prefix="rakkan-pack-") as work:
                _build(pack, Path(work))
        except StampUnavailable as error:
            raise Unavailable(str(error), code=error.code) from error
        except LogUnsound as error:
            raise Unavailable(str(error), code="log-unsound") from error
        except (Damaged, Refused) as error:
            pack_end(pack.pk, reason=error.code)


def _build(pack: Pack, work: Path) -> None:
    given, checkpoint = _given(pack, work)
    path = work / "pack.zip"
    _write(path, given)
    report = pack_verify(PackCase(path, pack_trust(), _film(work), watermark_keys(), work))
    if report.exit_status != 0:
        name = _first_failure(report)
        log.error("the pack of %s was not kept: %s", pack.production_id, report.to_dict())
        raise Damaged(f"Check {name} of the pack does not hold.", code=f"{UNPROVABLE}-{name}")
    _keep(pack, path, checkpoint)


def _write(path: Path, given: PackInput) -> None:
    """Write the signed pack.

    Raises:
        Unavailable: key or certificate cannot be used now; it is looked at anew the next time.
    """
    try:
        signer = evidence_signer()
        check_chain(signer.chain_pem, timezone.now(), PACKS)  # we may outlive the certificate
        pack_write(path, given, signer, render_summary)
    except (InvalidInput, SignerUnavailable) as error:
        evidence_signer_forget()
        raise Unavailable(
            f"The pack could not be signed: {error}", code=error.code, remedy=error.remedy
        ) from error


def _given(pack: Pack, work: Path) -> tuple[PackInput, Checkpoint]:
    production, film = pack.production, _film(work)
    if pack.with_video:
        with transaction.atomic():
            check_release_consents_cover(production)
    evidence, checkpoint = evidence_document(production), _checkpoint()
    proofs = _prove(production, evidence, checkpoint)
    blob_fetch(Area.RELEASES, evidence["release"]["file_sha256"], film)
    given = PackInput(
        evidence=evidence,
        credentials=read_manifest(film, trust_anchors()),
        checkpoint=checkpoint_note(checkpoint),
        stamp=_stamp(checkpoint),
        proofs=proofs,
        made_at=timezone.now(),
        language=pack.language,
        cards=cards_of(evidence["result"]["models"].values()),
        keys=public_keys(),
        video=film if pack.with_video else None,
    )
    return given, checkpoint


def _prove(
    production: Production, evidence: dict[str, Any], checkpoint: Checkpoint
) -> dict[int, bytes]:
    """Leave in the evidence what the checkpoint covers, and return the proof of each.

    Raises:
        Unavailable: an act that the release rests on is not covered yet.
    """
    proofs, entries = {}, []
    for event in production_events(production):
        proof = event_proof(event, checkpoint)
        if proof is not None:
            proofs[proof.index] = proof.encode()
            entries.append(event_entry(event))
    evidence["events"] = entries
    told = journal.placed_events(evidence)
    for needed in journal.needed_events(evidence):
        if not any(needed.is_told_by(event) for event in told):
            raise _not_yet(f"{needed.name} is not in a checkpoint")
    return proofs


def _checkpoint() -> Checkpoint:
    checkpoint = newest_checkpoint()
    if checkpoint is None:
        raise _not_yet("the log has no checkpoint")
    return checkpoint


def _stamp(checkpoint: Checkpoint) -> bytes:
    """Return the time-stamp that the log was given for a checkpoint, or ask for one."""
    kept = TimeStamp.objects.filter(checkpoint=checkpoint).first()
    if kept is not None:
        return bytes(kept.token)
    return ask_stamp(checkpoint.note.encode(), settings.TSA_URL)


def _not_yet(why: str) -> Unavailable:
    return Unavailable(f"It cannot be proven yet: {why}.", code="not-provable-yet")


def _film(work: Path) -> Path:
    return work / "released.mp4"


def _keep(pack: Pack, path: Path, checkpoint: Checkpoint) -> None:
    """Store a checked pack: its row first, so that a crash leaves no file that nobody knows.

    An erasure, or the end of the term, may have come in between: then the database takes neither
    row, and what was stored is deleted with the pack's other files.
    """
    try:
        with transaction.atomic():
            file = PackFile.objects.create(
                pack=pack, file_sha256=file_sha256(path), announced_at=timezone.now()
            )
        blob = blob_put_file(Area.PACKS, path, limit=settings.RAKKAN_MAX_OUTPUT_BYTES + _PAPERS)
        with transaction.atomic():
            Pack.objects.select_for_update().get(pk=pack.pk)
            _check_nobody_was_erased(pack.production)
            ready = PackReady.objects.create(
                pack=pack,
                file=file,
                size=blob.size,
                tree_size=checkpoint.size,
                ready_at=timezone.now(),
            )
            event_record(
                EventName.PACK_BUILT,
                actor=system("evidence", pack.organisation_id),
                subject=pack_subject(pack),
                data={
                    "production": str(pack.production_id),
                    "file_sha256": blob.sha256,
                    "tree_size": checkpoint.size,
                },
                rows=[ready],
            )
    except IntegrityError:
        if not PackEnd.objects.filter(pack=pack).exists():
            raise
        blob_delete(Area.PACKS, file_sha256(path))


def _check_nobody_was_erased(production: Production) -> None:
    people = [production.likeness.person_id]
    people += [production.speaker.person_id] if production.speaker else []
    if any(map(subject_is_erased, people)):
        raise Erased("Who is seen or heard was erased while the pack was built.")


def _first_failure(report: Report) -> str:
    """Return the check that does not hold, or could not be made though it has to be."""
    left = (c for c in report.checks if c.outcome is Outcome.NOT_MADE)
    failed = [check.name for check in report.checks if check.outcome is Outcome.FAIL]
    return (failed or [check.name for check in left if check.name not in OPTIONAL])[0]


@contextmanager
def _alone(pack_id: UUID) -> Iterator[bool]:
    """Hold the advisory lock of a pack; yields False where somebody else has it.

    The lock belongs to the database session: a killed worker's session ends and frees it.
    """
    key = pack_id.int & 0x7FFFFFFF
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK, key])
        held = bool(cursor.fetchone()[0])
        try:
            yield held
        finally:
            if held:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK, key])
