"""The files of a log as an auditor holds them: a folder, or the same in a zip."""

import io
import lzma
import struct
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from compliance.errors import InvalidInput, LedgerInvalid
from compliance.ledger import FolderStore, TileName
from compliance.ledger.note import MAX_NOTE
from compliance.ledger.store import CHECKPOINT, MAX_FILE

EVENTS = "events.jsonl"
# What reading a zip that was cut, changed, encrypted or packed strangely can raise.
ZIP_ERRORS = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error,
    EOFError, OSError, RuntimeError, ValueError,
)  # fmt: skip


class LogFiles(Protocol):
    """Checkpoint, tiles and, in an export, the events."""

    def read(self, path: str) -> bytes | None:
        """Return the checkpoint or a tile, or None if it is not there."""
        ...

    def events(self) -> BinaryIO | None:
        """Open the events, or return None if there are none."""
        ...


def open_files(path: Path) -> LogFiles:
    """Open a folder or a zip.

    Raises:
        InvalidInput: it is neither.
    """
    if path.is_dir():
        return _Folder(path)
    try:
        return _Zip(zipfile.ZipFile(path))
    except ZIP_ERRORS as error:
        raise InvalidInput(
            f"{path} is neither a folder nor a zip: {error}.", code="export-unreadable"
        ) from error


def read_limited(path: Path, limit: int = MAX_NOTE) -> bytes:
    """Return a small file.

    Raises:
        InvalidInput: it is not there, or is larger than such a file can be.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(limit + 1)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error}.", code="file-unreadable") from error
    if len(content) > limit:
        raise InvalidInput(f"{path} is too large.", code="file-too-large")
    return content


class _Folder(FolderStore):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._events = folder / EVENTS

    def events(self) -> BinaryIO | None:
        try:
            return self._events.open("rb")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(EVENTS, error) from error


class _Zip:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def read(self, path: str) -> bytes | None:
        if path != CHECKPOINT:
            TileName.parse(path)
        try:
            with self._archive.open(path) as stream:
                content = stream.read(MAX_FILE + 1)
        except KeyError:
            return None
        except ZIP_ERRORS as error:
            raise _unreadable(path, error) from error
        if len(content) > MAX_FILE:
            raise LedgerInvalid(f"{path} is larger than a log's files are.", code="file-too-large")
        return content

    def events(self) -> BinaryIO | None:
        try:
            stream = self._archive.open(EVENTS)
        except KeyError:
            return None
        except ZIP_ERRORS as error:
            raise _unreadable(EVENTS, error) from error
        return io.BufferedReader(cast(io.RawIOBase, stream))  # its own readline is slow


def _unreadable(name: str, error: Exception) -> LedgerInvalid:
    return LedgerInvalid(f"{name} cannot be read: {error}.", code="file-unreadable")
