"""A stored file is there whole or not at all, and what was changed is noticed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.storage import storages

from rakkan.core import storage
from rakkan.core.blobs import Area, blob_check, blob_chunks, blob_put
from rakkan.core.errors import BadInput, Damaged, Unavailable

DATA = b"some bytes" * 1000
SHA256 = hashlib.sha256(DATA).hexdigest()


def stored(tmp_path: Path) -> Path:
    path = tmp_path / "blobs" / "inputs" / SHA256[:2] / SHA256
    if not path.exists():
        pytest.skip("only a storage of files can be changed behind the platform's back here")
    return path


def test_a_write_that_breaks_off_leaves_nothing_under_the_final_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not isinstance(storages["blobs"], storage.AtomicFileStorage):
        pytest.skip("an object store shows an object when its upload is complete, not before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(storage.os, "fsync", full)
        with pytest.raises(Unavailable, match="No space"):
            blob_put(Area.INPUTS, iter([DATA]), limit=1 << 20)

    assert [p for p in (tmp_path / "blobs").rglob("*") if p.is_file()] == []
    assert blob_put(Area.INPUTS, iter([DATA]), limit=1 << 20).sha256 == SHA256
    blob_check(Area.INPUTS, SHA256)


def test_a_sender_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield DATA
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        blob_put(Area.INPUTS, broken(), limit=1 << 20)

    assert not (tmp_path / "blobs").exists()


def test_a_damaged_file_is_noticed_and_replaced_by_the_next_upload(tmp_path: Path) -> None:
    blob_put(Area.INPUTS, iter([DATA]), limit=1 << 20)
    stored(tmp_path).write_bytes(DATA[:100])
    with pytest.raises(Damaged):
        blob_check(Area.INPUTS, SHA256)

    blob_put(Area.INPUTS, iter([DATA]), limit=1 << 20)

    assert b"".join(blob_chunks(Area.INPUTS, SHA256)) == DATA


def test_what_is_missing_or_too_large_says_so() -> None:
    with pytest.raises(Unavailable):
        blob_check(Area.INPUTS, "0" * 64)
    with pytest.raises(BadInput, match="larger than 0 MiB"):
        blob_put(Area.INPUTS, iter([DATA]), limit=100)
