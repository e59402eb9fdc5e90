"""Files by the SHA-256 of their bytes, in whatever storage STORAGE_URL names.

Areas keep apart what may leave the system and what may not: ``inputs`` (portraits, voices,
evidence), ``recordings`` (of cameras, sealed under the person's key), ``quarantine`` (rendered, not
sealed), ``previews``, ``releases``, ``prints`` (manifests and small pictures of releases) and
``packs`` (of evidence). A blob is never overwritten: equal
names mean equal bytes.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from django.core.files.storage import storages

from rakkan.core.errors import BadInput, Damaged, Unavailable

log = logging.getLogger(__name__)
_CHUNK = 1 << 20
_FAULTS = (OSError, BotoCoreError, ClientError)  # of a folder, or of an S3 service


class Area(StrEnum):
    """Where a blob lives."""

    INPUTS = "inputs"
    RECORDINGS = "recordings"
    QUARANTINE = "quarantine"
    PREVIEWS = "previews"
    RELEASES = "releases"
    PRINTS = "prints"
    PACKS = "packs"


@dataclass(frozen=True, slots=True)
class Blob:
    """A stored file."""

    sha256: str
    size: int  # bytes


def _name(area: Area, sha256: str) -> str:
    return f"{area.value}/{sha256[:2]}/{sha256}"


def blob_put(area: Area, chunks: Iterable[bytes], *, limit: int, expected: str = "") -> Blob:
    """Store a stream of bytes and return what it is called.

    Nothing is visible under the final name before all of it has been read and hashed.

    Args:
        area: where it belongs.
        chunks: the bytes.
        limit: largest size in bytes.
        expected: the SHA-256 the sender says it has, if any.

    Raises:
        BadInput: empty, larger than ``limit`` or not the expected bytes.
        Unavailable: the storage is full or does not answer.
    """
    state, size = hashlib.sha256(), 0
    with tempfile.TemporaryFile() as spool:
        for chunk in chunks:
            size += len(chunk)
            if size > limit:
                raise BadInput(
                    f"The file is larger than {limit // (1 << 20)} MiB.",
                    code="file-too-large",
                    remedy="Send a smaller file.",
                    status=413,
                )
            state.update(chunk)
            spool.write(chunk)
        sha256 = state.hexdigest()
        if size == 0:
            raise BadInput("The file is empty.", code="file-empty", remedy="Choose another file.")
        if expected and expected != sha256:
            raise BadInput(
                f"The bytes have the digest {sha256}, not {expected}.", code="digest-mismatch"
            )
        spool.seek(0)
        _save(area, Blob(sha256, size), spool)
    return Blob(sha256, size)


def _save(area: Area, blob: Blob, stream: IO[bytes]) -> None:
    """Store the bytes, unless the same bytes are there; a damaged file of that name is replaced."""
    store, name = storages["blobs"], _name(area, blob.sha256)
    try:
        if store.exists(name):
            try:
                blob_check(area, blob.sha256)
            except Damaged:
                log.warning("replacing the damaged file %s", name)
                store.delete(name)
            else:
                return
        store.save(name, File(stream))
    except _FAULTS as error:
        raise Unavailable(
            f"The storage does not take the file: {error}", code="storage-unavailable"
        ) from error


def blob_check(area: Area, sha256: str) -> None:
    """Read a blob and make sure that its bytes are still what its name says.

    Raises:
        Unavailable: it is missing.
        Damaged: its bytes have changed.
    """
    state = hashlib.sha256()
    for chunk in blob_chunks(area, sha256):
        state.update(chunk)
    if state.hexdigest() != sha256:
        raise _damaged(sha256)


def _damaged(sha256: str) -> Damaged:
    return Damaged(
        f"The stored file {sha256} has changed.",
        code="blob-changed",
        remedy="Tell the operators: somebody or something changed the storage.",
    )


def blob_open(area: Area, sha256: str) -> File[Any]:
    """Open a blob for reading.

    Raises:
        Unavailable: the storage does not have it.
    """
    try:
        return storages["blobs"].open(_name(area, sha256), "rb")
    except _FAULTS as error:
        raise Unavailable(f"The file {sha256} is not in storage.", code="blob-missing") from error


def blob_chunks(area: Area, sha256: str) -> Iterator[bytes]:
    """Yield a blob's bytes; raises Unavailable where the storage does not have it."""
    stream = blob_open(area, sha256)
    return _read(stream)


def _read(stream: File[Any]) -> Iterator[bytes]:
    with stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def blob_fetch(area: Area, sha256: str, destination: Path) -> None:
    """Copy a blob to a local file and check that its bytes are still what its name says.

    Raises:
        Unavailable: it is missing.
        Damaged: its bytes have changed.
    """
    state = hashlib.sha256()
    with destination.open("wb") as target:
        for chunk in blob_chunks(area, sha256):
            state.update(chunk)
            target.write(chunk)
    if state.hexdigest() != sha256:
        raise _damaged(sha256)


def blob_put_file(area: Area, path: Path, *, limit: int) -> Blob:
    """Store a local file."""
    with path.open("rb") as stream:
        return blob_put(area, iter(lambda: stream.read(_CHUNK), b""), limit=limit)


def blob_delete(area: Area, sha256: str) -> None:
    """Remove a blob; one that is not there is no error.

    Raises:
        Unavailable: the storage does not let it go.
    """
    try:
        storages["blobs"].delete(_name(area, sha256))
    except FileNotFoundError:
        return
    except _FAULTS as error:
        raise Unavailable(f"The file {sha256} cannot be removed.", code="blob-stays") from error
