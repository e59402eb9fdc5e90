"""Files that workers hand in, made once."""

from __future__ import annotations

import hashlib
import tempfile
from functools import cache
from pathlib import Path

from tests.integration import clips


@cache
def preview_bytes(asset_id: str) -> bytes:
    """What a worker hands in as a preview: the seal worker looks for its mark."""
    with tempfile.TemporaryDirectory() as folder:
        return clips.preview_clip(Path(folder), asset_id)


def preview_sha256(asset_id: str) -> str:
    """The digest of the one file in a walk that carries this preview's mark."""
    return hashlib.sha256(preview_bytes(asset_id)).hexdigest()
