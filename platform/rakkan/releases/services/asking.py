"""Ask a copy whether it comes from one release, which blind detection cannot say any more.

Loads the media libraries: imported by the seal worker only, which holds the keys of the marks.
"""

from __future__ import annotations

from collections.abc import Sequence

from compliance.verify.marks import ask_keys
from compliance.watermark.blocks import Plane
from compliance.watermark.informed import Informed
from compliance.watermark.reference import Reference
from rakkan.releases.keys import watermark_keys
from rakkan.releases.models import Release
from rakkan.releases.selectors import reference_bytes


def release_ask(release: Release, frames: Sequence[Plane], *, candidates: int) -> Informed | None:
    """Ask frames of a copy for the marks of one release, under every key of the ring.

    Args:
        release: what the copy may come from.
        frames: (H*3/2, W) uint8, planar yuv420p, a few seconds in a row, or one picture.
        candidates: how many releases are asked for: the p-value counts them, and the keys.

    Returns:
        What was found; None if the release has no reference, or an erasure took it.

    Raises:
        Damaged: the stored reference has changed.
    """
    kept = reference_bytes(release)
    if kept is None:
        return None
    reference = Reference.from_bytes(kept)
    return ask_keys(frames, reference, watermark_keys(), release.asset_id).one_of(candidates)
