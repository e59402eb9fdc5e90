"""The key that marks are expanded from and detected with."""

from functools import cache
from pathlib import Path

from django.conf import settings

from compliance.watermark import WatermarkKey


@cache
def watermark_key() -> WatermarkKey:
    """Return the platform's watermark key; a render worker never sees it."""
    return WatermarkKey.load(Path(settings.RAKKAN_KEYS) / "watermark.key")
