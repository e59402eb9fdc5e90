"""The picture behind the person: an input of its own, if the consent permits another background."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile

from compliance.permit import InputFile
from rakkan.core.uploads import image_accept
from rakkan.productions.models import Production

BACKGROUND = "background"  # role of the input


def background_accept(file: UploadedFile[Any] | None) -> InputFile | None:
    """Store an uploaded picture as a job's input; None where none was sent.

    Raises:
        BadInput: it is no JPEG, PNG or WebP, or too large.
    """
    if file is None:
        return None
    upload = image_accept(file)
    return InputFile(BACKGROUND, upload.sha256, upload.size, upload.media_type)


def is_about_background(finding: dict[str, Any]) -> bool:
    """Say whether a finding of a draft's measurement is about the picture, not the voice."""
    return str(finding.get("check", "")).startswith(f"{BACKGROUND}-")


def background_of(production: Production) -> InputFile | None:
    """Return the picture as a job's input; None where the production has none."""
    columns = (
        production.background_sha256,
        production.background_size,
        production.background_media_type,
    )
    # Whatever of it is filled in counts: half a picture is a request that was changed.
    return InputFile(BACKGROUND, *columns) if any(columns) else None
