"""The keys that marks are expanded from and detected with."""

from functools import cache
from pathlib import Path

from django.conf import settings

from compliance.watermark import KeyRing, WatermarkKey


@cache
def watermark_keys() -> KeyRing:
    """Return the platform's watermark keys; a render worker never sees one.

    The file holds one key a line: the first marks what is new, every one of them reads.
    """
    return KeyRing.load(Path(settings.RAKKAN_KEYS) / "watermark.key")


def watermark_key() -> WatermarkKey:
    """Return the key that marks what is new."""
    return watermark_keys().current
