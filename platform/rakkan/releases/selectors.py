"""Read releases."""

from uuid import UUID

from rakkan.releases.models import GateReport, Release, Sealing


def release_of(subject_id: UUID) -> Release | None:
    """Return the release of a production."""
    return Release.objects.filter(subject_id=subject_id).select_related("gate").first()


def release_by_asset(asset_id: str) -> Release | None:
    """Return the release whose mark says ``asset_id``."""
    return Release.objects.filter(asset_id=asset_id).select_related("revocation").first()


def sealing_of(subject_id: UUID) -> Sealing | None:
    """Return the sealed file of a production."""
    return Sealing.objects.filter(subject_id=subject_id).first()


def gate_report_newest(subject_id: UUID) -> GateReport | None:
    """Return the last report of the gate on a production."""
    return GateReport.objects.filter(subject_id=subject_id).order_by("-checked_at").first()
