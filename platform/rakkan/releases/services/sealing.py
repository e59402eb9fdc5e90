"""Seal a rendered file: find its mark, sign it, time-stamp it. Runs in the seal worker only."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from compliance.errors import ComplianceError
from compliance.provenance import ManifestFacts, sign_file
from compliance.provenance.certificates import check_chain
from compliance.watermark.detector import Detection
from rakkan.core.errors import Refused, Unavailable
from rakkan.releases.content_codes import content_code
from rakkan.releases.services.picture import Picture, check_mark, check_picture, read_mark
from rakkan.releases.services.sound import check_sound_mark, read_sound_mark, sound_document
from rakkan.releases.signers import release_signer, signer_forget

_AT_ONCE = 2  # threads
# Ours to put right, and then it works: signer, authority, disk. Nothing else gets better.
_PASSING = frozenset({"tsa-missing", "signing-unavailable", "signing-refused", "disk-unavailable"})


@dataclass(frozen=True, slots=True)
class Sealed:
    """A signed file that is not released yet."""

    path: Path
    watermark: dict[str, Any]  # what the detectors measured


def file_seal(source: Path, destination: Path, facts: ManifestFacts, picture: Picture) -> Sealed:
    """Sign ``source`` into ``destination`` if its picture is the one and its marks name the asset.

    Raises:
        Refused: the file is no such video, lacks a mark, carries another asset's, or cannot carry
            a manifest: it will never be sealed.
        Unavailable: signing, time-stamping or FFmpeg does not work now: try again.
    """
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="seal") as pool:
        seen = pool.submit(read_mark, source, picture)
        heard = pool.submit(read_sound_mark, source, facts.asset_id, picture.max_seconds)
        code = pool.submit(content_code, source)
    try:
        check_picture(source, picture)
        detection, said = seen.result(), heard.result()
    except ComplianceError as error:
        raise Refused(str(error), code=error.code, remedy=error.remedy) from error
    check_mark(detection, facts.asset_id)
    check_sound_mark(said, facts.asset_id)
    facts = replace(facts, iscc=code.result().sequence)
    _sign(source, destination, facts)
    return Sealed(destination, mark_document(detection) | {"sound": sound_document(said)})


def _sign(source: Path, destination: Path, facts: ManifestFacts) -> None:
    try:
        signer = release_signer()
        check_chain(signer.chain_pem, datetime.now(UTC))  # this process may outlive the certificate
    except ComplianceError as error:  # a missing or expired key is not this file's fault
        signer_forget()
        raise _unavailable(error) from error
    try:
        sign_file(source, destination, facts, signer, settings.TSA_URL)
    except ComplianceError as error:
        if error.code in _PASSING:
            raise _unavailable(error) from error
        raise Refused(f"Signing failed: {error}", code=error.code, remedy=error.remedy) from error


def _unavailable(error: ComplianceError) -> Unavailable:
    return Unavailable(
        f"Signing failed: {error}", code=error.code, remedy="It is tried again by itself."
    )


def mark_document(detection: Detection) -> dict[str, Any]:
    """Return what the detector measured, for the record."""
    return {
        "state": detection.state.value,
        "asset_id": detection.asset_id,
        "frames": detection.frames,
        "marked_frames": detection.marked_frames,
        "asset_frames": detection.asset_frames,
    }
