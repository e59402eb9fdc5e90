"""Give a stripped copy its manifest back (0082), where the release key is: with the seal's keys.

Loads c2pa: imported by the command alone, never by the web process.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from compliance.canonical import file_sha256
from compliance.provenance.recovery import RecoveryFacts, recover_file
from compliance.provenance.sealing import Sealer
from compliance.verify.asking import Answer
from compliance.verify.verdict import Verdict
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, system
from rakkan.core.errors import Refused
from rakkan.productions.services.addresses import status_url
from rakkan.releases.models import Fingerprint
from rakkan.releases.signers import release_signer
from rakkan.verification.bindings import manifest_of
from rakkan.verification.services.asking import ask

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was found for a copy."""

    fingerprint: Fingerprint
    store: bytes  # the manifest store of the release
    found_by: str  # "watermark" or "fingerprint"
    second: float | None  # of the original, at which the copy begins


def recovered(path: Path) -> Recovered:
    """Find the manifest of the release that a file is a copy of.

    Raises:
        Refused: it is the original itself, is altered, or nothing is known of it; or the release
            was called back.
    """
    with path.open("rb") as stream:
        answer = ask(iter(lambda: stream.read(_CHUNK), b""))
    known = answer.question.known
    if answer.verdict is not Verdict.COPY or known is None:
        raise _refused(answer)
    if answer.question.examination.kind == "sound":
        raise Refused(
            "A sound alone gets no manifest: that of its release is about pictures, too.",
            code="not-recoverable",
            remedy="Bring the video that it belongs to.",
        )
    fingerprint = Fingerprint.objects.select_related("release").get(
        release__asset_id=known.asset_id
    )
    found = answer.question.found
    placed = found.placement if found else None
    return Recovered(
        fingerprint,
        manifest_of(fingerprint.manifest_id),
        "watermark" if answer.question.marked else "fingerprint",
        placed.seconds if placed else None,
    )


def recovery_write(path: Path, destination: Path) -> Recovered:
    """Write a copy with a manifest that says it was recovered, and note that we signed it.

    It appears under its name when the event is committed: no file of ours without its event.

    Raises:
        Refused: as :func:`recovered`.
        ComplianceError: it cannot be signed.
    """
    found = recovered(path)
    release = found.fingerprint.release
    facts = RecoveryFacts(
        asset_id=release.asset_id,
        manifest_id=found.fingerprint.manifest_id,
        released_sha256=release.file_sha256,
        found_by=found.found_by,
        second=found.second,
        status_url=status_url(release.asset_id),
        recovered_at=timezone.now(),
    )
    sealer = Sealer(release_signer(), settings.TSA_URL, _media_type(path))
    with tempfile.TemporaryDirectory(dir=destination.parent, prefix=".recover-") as folder:
        signed = Path(folder, destination.name)
        recover_file(path, signed, found.store, facts, sealer)
        _event(found, path, signed)
        signed.replace(destination)
    return found


def _event(found: Recovered, copy: Path, signed: Path) -> None:
    """Write, in a transaction of its own, that a copy was signed."""
    release = found.fingerprint.release
    with transaction.atomic(durable=True):
        event_record(
            EventName.RELEASE_RECOVERED,
            actor=system("recovery", release.organisation_id),
            subject=Subject("release", str(release.pk), release.asset_id),
            data={
                "copy_sha256": file_sha256(copy),
                "file_sha256": file_sha256(signed),
                "found_by": found.found_by,
                "production": str(release.subject_id),
            },
        )


def _media_type(path: Path) -> str:
    with path.open("rb") as stream:
        head = stream.read(12)
    if head.startswith(b"\x89PNG"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    return "image/webp" if head[8:12] == b"WEBP" else "video/mp4"


def _refused(answer: Answer) -> Refused:
    said = {
        Verdict.UNCHANGED: "It is the released file and has its manifest.",
        Verdict.WITHDRAWN: "It was called back, or a consent has ended.",
        Verdict.ALTERED: "It claims to be ours but is altered.",
    }
    return Refused(
        said.get(answer.verdict, "No release of ours is like it."),
        code="not-recoverable",
        remedy="A manifest is given back to copies of releases that stand, and to nothing else.",
    )
