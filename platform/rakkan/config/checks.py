"""Start-up refuses what must not run: development parts in production, missing triggers."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

DEVELOPMENT_MARK = "DEVELOPMENT"  # a file of this name lies beside keys made for development


@register(Tags.security)
def development_parts(**_: Any) -> list[CheckMessage]:
    """Refuse development keys and time-stamps in production."""
    if settings.RAKKAN_ENV != "production":
        return []
    errors: list[CheckMessage] = []
    if (Path(settings.RAKKAN_KEYS) / DEVELOPMENT_MARK).exists():
        errors.append(
            Error(
                "RAKKAN_KEYS holds development keys.",
                hint="Put keys of your own there; development keys never sign a real release.",
                id="rakkan.E001",
            )
        )
    if settings.TSA_URL.startswith("http://127.0.0.1"):
        errors.append(
            Error(
                "TSA_URL names the development time-stamp authority.",
                hint="Set TSA_URL to an RFC 3161 authority you trust.",
                id="rakkan.E002",
            )
        )
    return errors
