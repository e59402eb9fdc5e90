"""Seal a rendered file: find its mark, sign it, time-stamp it. Runs in the seal worker only."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from compliance.errors import ComplianceError
from compliance.provenance import ManifestFacts, sign_file
from compliance.watermark import Detection, detect_file
from rakkan.core.errors import Refused, Unavailable
from rakkan.releases.keys import watermark_key
from rakkan.releases.signers import release_signer

# A file marked in part would still give its id; a stray dark or flat frame may hide its mark.
MIN_MARKED = 0.9


@dataclass(frozen=True, slots=True)
class Sealed:
    """A signed file that is not released yet."""

    path: Path
    watermark: dict[str, Any]  # what the detector measured


def file_seal(source: Path, destination: Path, facts: ManifestFacts) -> Sealed:
    """Sign ``source`` into ``destination`` if its watermark names the asset of ``facts``.

    Raises:
        Refused: the file carries no mark, or another asset's: it will never be sealed.
        Unavailable: signing or time-stamping does not work now: try again.
    """
    detection = detect_file(source, watermark_key())
    check_mark(detection, facts.asset_id)
    try:
        sign_file(source, destination, facts, release_signer(), settings.TSA_URL)
    except ComplianceError as error:
        raise Unavailable(
            f"Signing failed: {error}", code=error.code, remedy="It is tried again by itself."
        ) from error
    return Sealed(destination, mark_document(detection))


def check_mark(detection: Detection, asset_id: str) -> None:
    """Raise unless the mark was found, names this asset and is in (nearly) every frame.

    Raises:
        Refused: no mark, no release.
    """
    if detection.asset_id != asset_id:
        found = detection.asset_id or "none"
        raise Refused(
            f"The file must carry the mark {asset_id}; found: {found}.",
            code="mark-missing",
            remedy="Render it again; if it happens twice, tell the operators.",
        )
    share = detection.marked_frames / max(detection.frames, 1)
    if share < MIN_MARKED:
        raise Refused(
            f"Only {share:.0%} of the frames carry the mark; it takes {MIN_MARKED:.0%}.",
            code="mark-in-part",
            remedy="Render it again; if it happens twice, tell the operators.",
        )


def mark_document(detection: Detection) -> dict[str, Any]:
    """Return what the detector measured, for the record."""
    return {
        "state": detection.state.value,
        "asset_id": detection.asset_id,
        "frames": detection.frames,
        "marked_frames": detection.marked_frames,
    }
