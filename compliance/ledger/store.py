"""Where the files of a log lie: bytes in, bytes out, by their tlog-tiles address."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Protocol

from compliance.errors import LedgerInvalid
from compliance.ledger.tiles import MAX_ENTRY, WIDTH, TileName

CHECKPOINT = "checkpoint"
MAX_FILE = WIDTH * (MAX_ENTRY + 2)  # bytes: a full bundle of the longest entries
_PUBLIC = 0o644  # a web server of another account may serve the log's files


class TileStore(Protocol):
    """What a sequencer writes to and a proof is made from."""

    def read(self, path: str) -> bytes | None:
        """Return the file at an address, or None if there is none."""
        ...

    def write_tile(self, name: TileName, content: bytes) -> None:
        """Keep a tile or bundle for good.

        Writing the same again does nothing; other bytes under a name that is taken are refused.
        """
        ...

    def write_checkpoint(self, note: bytes) -> None:
        """Replace the checkpoint, the one file that changes."""
        ...

    def drop_partials(self, name: TileName) -> None:
        """Delete the partial tiles that the full tile ``name`` has taken the place of."""
        ...


class FolderStore:
    """Files below a folder, in the layout in which any web server can serve them.

    A file appears whole or not at all, and is on the disk when the call returns.
    """

    def __init__(self, folder: Path) -> None:
        """Use ``folder``, which is made when something is written."""
        self._folder = folder

    def read(self, path: str) -> bytes | None:
        """Return the file at an address, or None.

        Raises:
            LedgerInvalid: the address is none of a log, or the file is larger than any can be.
        """
        if path != CHECKPOINT:
            TileName.parse(path)
        try:
            with (self._folder / path).open("rb") as stream:
                content = stream.read(MAX_FILE + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise LedgerInvalid(
                f"{path} cannot be read: {error}.", code="file-unreadable"
            ) from error
        if len(content) > MAX_FILE:
            raise LedgerInvalid(f"{path} is larger than a log's files are.", code="file-too-large")
        return content

    def write_tile(self, name: TileName, content: bytes) -> None:
        """Keep a tile or bundle for good; see :class:`TileStore`.

        Raises:
            LedgerInvalid: the name holds other bytes already.
        """
        target = self._folder / name.path
        scratch = _written(target, content, _PUBLIC)
        try:
            os.link(scratch, target)  # fails, where a rename would replace
        except FileExistsError:
            if target.read_bytes() != content:
                raise LedgerInvalid(
                    f"{name.path} exists and holds something else.",
                    code="tile-taken",
                    remedy="Find out which tree the stored tiles belong to before you go on.",
                ) from None
        finally:
            scratch.unlink()
        _sync_folder(target.parent)

    def write_checkpoint(self, note: bytes) -> None:
        """Replace the checkpoint in one step."""
        replace_file(self._folder / CHECKPOINT, note)

    def drop_partials(self, name: TileName) -> None:
        """Delete the partial tiles that a full one has taken the place of.

        Readers of an older tree find the full one (tlog-tiles, "Partial Tiles").
        """
        if (self._folder / name.path).exists():
            shutil.rmtree(self._folder / f"{name.path}.p", ignore_errors=True)


def replace_file(target: Path, content: bytes, mode: int = _PUBLIC) -> None:
    """Write a file so that after a crash it is the old one or the new one, never a part."""
    scratch = _written(target, content, mode)
    try:
        scratch.replace(target)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _written(target: Path, content: bytes, mode: int) -> Path:
    """Write ``content`` beside ``target``, to the disk, and return where."""
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".writing-", dir=target.parent)
    scratch = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        scratch.chmod(mode)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    return scratch


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
