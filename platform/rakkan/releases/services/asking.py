"""Ask a copy whether it comes from one release, which blind detection cannot say any more.

Loads the media libraries: imported by the seal worker only, which holds the keys of the marks.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from compliance.watermark.blocks import Plane
from compliance.watermark.files import file_planes
from compliance.watermark.informed import NOT_LAID, Informed, lay_over
from compliance.watermark.reference import Reference
from rakkan.core.blobs import Area, blob_check, blob_chunks
from rakkan.core.errors import Unavailable
from rakkan.releases.keys import watermark_keys
from rakkan.releases.models import Release


def reference_take(path: Path, most_frames: int) -> bytes:
    """Return the small pictures of a finished file.

    Raises:
        InvalidInput: it cannot be decoded.
    """
    return Reference.of(file_planes(path, most=most_frames)).to_bytes()


def release_ask(release: Release, frames: Sequence[Plane], *, candidates: int) -> Informed | None:
    """Ask frames of a copy for the companion of one release, under every key of the ring.

    Args:
        release: what the copy may come from.
        frames: (H*3/2, W) uint8, planar yuv420p, a few seconds in a row, or one picture.
        candidates: how many releases are asked for: the p-value counts them, and the keys.

    Returns:
        What was found; None if the release has no reference, or an erasure took it.

    Raises:
        Damaged: the stored reference has changed.
    """
    kept = getattr(release, "reference", None)
    if kept is None:
        return None
    try:
        blob_check(Area.PRINTS, kept.file_sha256)
        reference = Reference.from_bytes(b"".join(blob_chunks(Area.PRINTS, kept.file_sha256)))
    except Unavailable:
        return None
    laid = lay_over(frames, reference)
    if laid is None:
        return NOT_LAID
    keys = watermark_keys().keys
    found = [laid.under(key).ask(release.asset_id) for key in keys]
    return min(found, key=lambda one: one.p_value).one_of(candidates * len(keys))
