"""Read releases."""

from uuid import UUID

from rakkan.core.blobs import Area, blob_check, blob_chunks
from rakkan.core.errors import Unavailable
from rakkan.releases.models import Captions, GateReport, Release, Sealing


def release_of(subject_id: UUID) -> Release | None:
    """Return the release of a production."""
    return Release.objects.filter(subject_id=subject_id).select_related("gate").first()


def captions_of(release: Release) -> Captions | None:
    """Return the captions of a release, if it has any."""
    return Captions.objects.filter(release=release).first()


def release_by_asset(asset_id: str) -> Release | None:
    """Return the release whose mark says ``asset_id``."""
    return Release.objects.filter(asset_id=asset_id).select_related("revocation").first()


def sealing_of(subject_id: UUID) -> Sealing | None:
    """Return the sealed file of a production."""
    return Sealing.objects.filter(subject_id=subject_id).first()


def gate_report_newest(subject_id: UUID) -> GateReport | None:
    """Return the last report of the gate on a production."""
    return GateReport.objects.filter(subject_id=subject_id).order_by("-checked_at").first()


def reference_bytes(release: Release) -> bytes | None:
    """Return the small pictures that copies of a release are laid over, as they are kept.

    Returns:
        None if it has none, or an erasure took them.

    Raises:
        Damaged: they have changed.
    """
    kept = getattr(release, "reference", None)
    if kept is None:
        return None
    try:
        blob_check(Area.PRINTS, kept.file_sha256)
        return b"".join(blob_chunks(Area.PRINTS, kept.file_sha256))
    except Unavailable:
        return None
