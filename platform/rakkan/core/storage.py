"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage


class AtomicFileStorage(FileSystemStorage):
    """Django's file storage writes under the final name while it writes; this one renames.

    A process that is killed, or a disk that is full, leaves a temporary file behind at most.
    (Object stores need no such care: an object appears when its upload is complete.)
    """

    def _save(self, name: str, content: File[Any]) -> str:
        """Write beside the final name, flush to the disk, then rename over it."""
        final = Path(self.path(name))
        final.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".new-", dir=final.parent)
        try:
            with os.fdopen(handle, "wb") as target:
                for chunk in content.chunks():
                    target.write(chunk)
                target.flush()
                os.fsync(target.fileno())
            os.replace(temporary, final)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        return name
