"""Keep the captions of a release beside its video."""

from __future__ import annotations

from django.utils import timezone

from compliance.captions import MOST_BYTES
from rakkan.core.blobs import Area, blob_put
from rakkan.releases.models import Captions, Release


def captions_keep(release: Release, content: bytes, language: str) -> Captions:
    """Write the captions of a release in the caller's transaction.

    Args:
        release: what they belong to.
        content: WebVTT, its bytes checked against the digest that was approved.
        language: BCP 47.
    """
    blob = blob_put(Area.RELEASES, [content], limit=MOST_BYTES)
    return Captions.objects.create(
        release=release,
        file_sha256=blob.sha256,
        size=blob.size,
        language=language,
        taken_at=timezone.now(),
    )
