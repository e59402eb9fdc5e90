"""Public addresses that end up inside released files."""

from django.conf import settings


def status_url(asset_id: str) -> str:
    """Return where anyone can ask what an asset's status is now."""
    return f"{settings.RAKKAN_PUBLIC_URL}/status/{asset_id}"
