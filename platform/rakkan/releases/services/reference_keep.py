"""Write the small pictures of a released file, which copies of it are laid over."""

from __future__ import annotations

from django.utils import timezone

from rakkan.core.blobs import Area, blob_put
from rakkan.releases.models import CopyReference, Release

_MOST_BYTES = 4_000_000


def reference_keep(release: Release, pictures: bytes) -> CopyReference:
    """Write the reference of a release in the caller's transaction.

    It shows the depicted person: a file about them, which an erasure deletes.
    """
    blob = blob_put(Area.PRINTS, [pictures], limit=_MOST_BYTES)
    return CopyReference.objects.create(
        release=release, file_sha256=blob.sha256, taken_at=timezone.now()
    )
