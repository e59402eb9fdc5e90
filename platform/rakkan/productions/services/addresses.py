"""Public addresses that end up inside released files."""

from uuid import UUID

from django.conf import settings


def status_url(asset_id: str) -> str:
    """Return where anyone can ask what an asset's status is now."""
    return f"{settings.RAKKAN_PUBLIC_URL}/status/{asset_id}"


def receipt_url(consent_id: UUID) -> str:
    """Return where a consent's receipt is, for those who may read it."""
    return f"{settings.RAKKAN_PUBLIC_URL}/consents/{consent_id}/receipt"
