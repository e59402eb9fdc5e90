"""The log outside the database: where its files lie, under which name and key it signs."""

from contextlib import suppress
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage, storages

from compliance.errors import LedgerInvalid, SignatureInvalid
from compliance.ledger import (
    FolderStore,
    KeyKind,
    LogTrust,
    NoteSigner,
    TileName,
    TileStore,
    VerifierKey,
)
from compliance.ledger.store import CHECKPOINT, MAX_FILE
from compliance.signing import KeyRole, StatementVerifier
from rakkan.core.keys import statement_signer

_PREFIX = "log"  # below the storage of files, where nothing else says where the log lies


def log_store() -> TileStore:
    """Return where tiles, bundles and the checkpoint lie.

    RAKKAN_LOG_STORAGE_URL says so; by default it is ``log/`` in the storage of files.
    """
    own = "log" in settings.STORAGES
    storage = storages["log" if own else "blobs"]
    if isinstance(storage, FileSystemStorage):
        return FolderStore(Path(storage.location) / ("" if own else _PREFIX))
    return StorageStore(storage, "" if own else _PREFIX)


def log_signer() -> NoteSigner:
    """Return the log's key under its name, the origin of its checkpoints.

    Raises:
        SignatureInvalid: this process has no such key.
    """
    private = statement_signer(KeyRole.CHECKPOINT).private
    return NoteSigner(settings.RAKKAN_LOG_ORIGIN, KeyKind.NOTE, private)


def log_trust() -> LogTrust:
    """Return whom the platform itself believes: the log's key in its trust folder, nobody else.

    Raises:
        SignatureInvalid: there is no such key.
    """
    path = Path(settings.RAKKAN_TRUST) / "checkpoint.pub.pem"
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise SignatureInvalid(
            f"The log's public key {path} cannot be read: {error}.",
            code="key-unreadable",
            remedy="Put the public half of checkpoint.pem there.",
        ) from error
    (public,) = StatementVerifier.from_pems(KeyRole.CHECKPOINT, [pem]).keys.values()
    key = VerifierKey(settings.RAKKAN_LOG_ORIGIN, KeyKind.NOTE, public.public_bytes_raw())
    return LogTrust((key,))


class StorageStore:
    """The log's files in an object store, where a file appears when its upload is complete.

    Such a store replaces what is there, so a taken name is looked at before it is written. There
    is one sequencer, which alone writes here.
    """

    def __init__(self, storage: Storage, prefix: str) -> None:
        """Use ``storage`` below ``prefix``."""
        self._storage = storage
        self._prefix = prefix

    def read(self, path: str) -> bytes | None:
        """Return the file at an address, or None; see :class:`TileStore`."""
        if path != CHECKPOINT:
            TileName.parse(path)
        name = self._name(path)
        try:
            with self._storage.open(name) as stream:
                content: bytes = stream.read(MAX_FILE + 1)
        except FileNotFoundError:
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
        held = self.read(name.path)
        if held is None:
            self._storage.save(self._name(name.path), ContentFile(content))
        elif held != content:
            raise LedgerInvalid(
                f"{name.path} exists and holds something else.",
                code="tile-taken",
                remedy="Find out which tree the stored tiles belong to before you go on.",
            )

    def write_checkpoint(self, note: bytes) -> None:
        """Replace the checkpoint; in one step where the store may replace a file."""
        name = self._name(CHECKPOINT)
        if not getattr(self._storage, "file_overwrite", False):
            self._storage.delete(name)
        self._storage.save(name, ContentFile(note))

    def drop_partials(self, name: TileName) -> None:
        """Delete the partial tiles that a full one has taken the place of."""
        folder = self._name(f"{name.path}.p")
        with suppress(FileNotFoundError):  # there were none
            for found in self._storage.listdir(folder)[1]:
                self._storage.delete(str(PurePosixPath(folder, found)))

    def _name(self, path: str) -> str:
        return str(PurePosixPath(self._prefix, path))
