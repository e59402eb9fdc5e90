"""What a witness must not forget: its key, and of each log the checkpoint it cosigned last.

Both lie in one folder, so that who loses the memory loses the key with it and cannot cosign a
second history under the old name.
"""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compliance.errors import LedgerInvalid
from compliance.ledger import Checkpoint, KeyKind, NoteSigner, parse_note
from compliance.ledger.note import MAX_NOTE
from compliance.ledger.store import replace_file
from compliance.signing import load_private, private_pem

_KEY = "witness.pem"


class Memory:
    """A folder of a witness; several threads and processes may use it at once."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder``, which is made if need be, readable by its owner alone."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder

    def signer(self, name: str) -> NoteSigner:
        """Return the key that cosigns under ``name``, made at the first call.

        Raises:
            SignatureInvalid: the file holds no key.
            LedgerInvalid: the key is gone, while checkpoints cosigned with it are remembered.
        """
        path = self._folder / _KEY
        with self._locked("key"):
            if not path.exists():
                if any(self._folder.glob("*.checkpoint")):
                    raise LedgerInvalid(
                        f"{path} is gone, but what it cosigned is not.",
                        code="witness-key-gone",
                        remedy="Restore the key, or begin anew in an empty folder.",
                    )
                replace_file(path, private_pem(Ed25519PrivateKey.generate()), mode=0o600)
        return NoteSigner(name, KeyKind.COSIGNATURE, load_private(path))

    @contextmanager
    def log(self, origin: str) -> Iterator["LogMemory"]:
        """Give the memory of one log to one caller at a time; the others wait."""
        name = hashlib.sha256(origin.encode()).hexdigest()
        with self._locked(name):
            yield LogMemory(self._folder / f"{name}.checkpoint", origin)

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        with (self._folder / f"{name}.lock").open("w") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)  # given back by the kernel if we are killed
            yield


class LogMemory:
    """The last cosigned checkpoint of a log, while its lock is held."""

    def __init__(self, path: Path, origin: str) -> None:
        """Use the file at ``path``."""
        self._path = path
        self._origin = origin

    def latest(self) -> Checkpoint | None:
        """Return the checkpoint that was cosigned last, or None if none ever was.

        Raises:
            LedgerInvalid: the file is not what this class writes; nothing may be cosigned then.
        """
        try:
            with self._path.open("rb") as stream:
                note = stream.read(MAX_NOTE + 1)
        except FileNotFoundError:
            return None
        checkpoint = Checkpoint.parse(parse_note(note).text)
        if checkpoint.origin != self._origin:
            raise LedgerInvalid(f"{self._path} is of another log.", code="witness-memory")
        return checkpoint

    def remember(self, note: bytes) -> None:
        """Keep a checkpoint; it is on the disk when the call returns."""
        replace_file(self._path, note)
