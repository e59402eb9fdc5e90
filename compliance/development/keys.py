"""The development key folder: made once, complete or not at all, by whoever comes first.

``<directory>/keys`` (0700) holds every secret, ``<directory>/keys-<process>`` the share of one
process, and ``<directory>/trust`` is the public bundle an auditor is given. Shares and bundle are
derived from ``keys``, so a lost one is written again.
"""

import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from compliance.development.pki import claim_hierarchy, evidence_hierarchy, timestamp_hierarchy
from compliance.errors import InvalidInput
from compliance.ledger import KeyKind, NoteSigner
from compliance.signing import KeyRole, StatementSigner
from compliance.watermark.key import WatermarkKey

# C2PA claims need a certificate; every other role signs statements with a bare Ed25519 key.
STATEMENT_ROLES = (KeyRole.PERMIT, KeyRole.RECEIPT, KeyRole.CHECKPOINT, KeyRole.STATUS)
_ROOTS = ("root.pem", "evidence_root.pem", "tsa_root.pem")
MARK = "DEVELOPMENT"  # a file of this name says what kind of keys lie beside it
_MARK_TEXT = b"Keys made for development: start-up refuses them when RAKKAN_ENV=production.\n"
ORIGIN = "development.rakkan.localhost/log"  # what the log of a development installation is called
_SUBJECTS = "subjects.key"
_STATUS, _STATUS_PUBLIC = "status.pem", "status.pub.pem"
_EVIDENCE_ROOT, _EVIDENCE = "evidence_root.pem", ("evidence_chain.pem", "evidence_key.pem")
# One role, one process: what each gets to hold.
PROCESS_FILES = {
    "web": ("permit.pem", "receipt.pem", _STATUS, "watermark.key", _SUBJECTS),
    "seal": ("release_chain.pem", "release_key.pem", *_EVIDENCE, "watermark.key", _SUBJECTS),
    "clerk": ("checkpoint.pem", _SUBJECTS),
    "timestamps": ("tsa_chain.pem", "tsa_key.pem"),
}
_README = """development

These are Rakkan's development trust anchors. Anybody with access to the machine that made
them can sign with them: a verification against this folder proves nothing to a stranger.

root.pem             root of the C2PA claim-signing certificates
evidence_root.pem    root of the certificates that sign evidence packs
tsa_root.pem         root of the development time-stamp authority (RFC 3161)
permit.pub.pem       Ed25519 key that signs permits
receipt.pub.pem      Ed25519 key that signs consent receipts
checkpoint.pub.pem   Ed25519 key that signs checkpoints of the log
status.pub.pem       Ed25519 key that signs what a release's status is now
log.vkey             the same, under the log's name (C2SP signed-note)
"""


@dataclass(frozen=True)
class DevelopmentKeys:
    """Where the files of a development key folder are."""

    directory: Path

    @property
    def keys(self) -> Path:
        """Folder with the secrets."""
        return self.directory / "keys"

    @property
    def trust(self) -> Path:
        """Folder with the public bundle."""
        return self.directory / "trust"

    @property
    def release_chain(self) -> Path:
        """Certificate chain (leaf first) for C2PA claims."""
        return self.keys / "release_chain.pem"

    @property
    def release_key(self) -> Path:
        """ES256 key of that chain's leaf."""
        return self.keys / "release_key.pem"

    @property
    def evidence_chain(self) -> Path:
        """Certificate chain (leaf first) of whoever signs evidence packs."""
        return self.keys / _EVIDENCE[0]

    @property
    def evidence_key(self) -> Path:
        """ES256 key of that chain's leaf."""
        return self.keys / _EVIDENCE[1]

    @property
    def watermark_key(self) -> Path:
        """Secret that places watermark bits."""
        return self.keys / "watermark.key"

    def of_process(self, process: str) -> Path:
        """Folder with the secrets of one process: a key of :data:`PROCESS_FILES`."""
        return self.directory / f"keys-{process}"

    def statement_key(self, role: KeyRole) -> Path:
        """Private key of a statement role."""
        return self.keys / f"{role.value}.pem"


def development_keys(directory: Path) -> DevelopmentKeys:
    """Make sure that ``directory`` holds a complete set of development keys.

    Does nothing when they are there. Safe when several processes call it at once: the first
    makes the keys, the others wait for it. A process killed in the middle leaves nothing that
    a later call would take for a key.

    Raises:
        InvalidInput: the folder holds some of the keys but not all of them.
    """
    paths = DevelopmentKeys(directory)
    directory.mkdir(parents=True, exist_ok=True)
    with _locked(directory / ".keys.lock"):
        if not paths.keys.exists():
            _publish(directory, paths.keys, _secrets())
        _add_subjects_key(paths)
        _add_evidence_key(paths)
        _add_status_key(paths)
        _check_complete(paths.keys)
        for process, names in PROCESS_FILES.items():
            share = paths.of_process(process)
            if not all((share / name).exists() for name in names):
                shutil.rmtree(share, ignore_errors=True)
                _publish(directory, share, _share(paths.keys, process))
        if not all(
            (paths.trust / name).exists() for name in ("log.vkey", _EVIDENCE_ROOT, _STATUS_PUBLIC)
        ):
            shutil.rmtree(paths.trust, ignore_errors=True)
            _publish(directory, paths.trust, _bundle(paths.keys))
    return paths


def _add_subjects_key(paths: DevelopmentKeys) -> None:
    """Give a folder from before there was such a key one; a lost key is never replaced.

    Who has a share with the key has used it: what it wrapped would be gone for good.
    """
    shares = (paths.of_process(process) / _SUBJECTS for process in PROCESS_FILES)
    if any(path.exists() for path in (paths.keys / _SUBJECTS, *shares)):
        return
    _add(paths.keys / _SUBJECTS, _subjects_key())


def _add_evidence_key(paths: DevelopmentKeys) -> None:
    """Give a folder from before packs were signed that key; a lost one is never replaced.

    The key is written last: a call that was killed before leaves a folder without one.
    """
    given = [paths.of_process("seal") / name for name in _EVIDENCE]
    given += [paths.trust / _EVIDENCE_ROOT, paths.keys / _EVIDENCE[-1]]
    if not any(path.exists() for path in given):
        for name, content in _evidence_files().items():
            _add(paths.keys / name, content)


def _add_status_key(paths: DevelopmentKeys) -> None:
    """Give a folder from before statuses were signed that key; a lost one is never replaced."""
    given = (paths.keys / _STATUS, paths.of_process("web") / _STATUS, paths.trust / _STATUS_PUBLIC)
    if not any(path.exists() for path in given):
        _add(paths.keys / _STATUS, StatementSigner.generate(KeyRole.STATUS).private_pem())


def _evidence_files() -> dict[str, bytes]:
    made = evidence_hierarchy()
    chain, key = _EVIDENCE
    return {
        _EVIDENCE_ROOT: made.root.certificate_pem(),
        chain: made.leaf.certificate_pem(),
        key: made.leaf.key_pem(),
    }


def _add(path: Path, content: bytes) -> None:
    scratch = path.with_name(f".{path.name}.new")
    scratch.unlink(missing_ok=True)
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)
    scratch.rename(path)


def _subjects_key() -> bytes:
    return secrets.token_hex(64).encode() + b"\n"  # wraps each person's data key


def _secrets() -> dict[str, bytes]:
    claims, stamps = claim_hierarchy(), timestamp_hierarchy()
    files = {
        "root.pem": claims.root.certificate_pem(),
        "release_chain.pem": claims.chain_pem(),
        "release_key.pem": claims.leaf.key_pem(),
        "tsa_root.pem": stamps.root.certificate_pem(),
        "tsa_chain.pem": stamps.chain_pem(),
        "tsa_key.pem": stamps.leaf.key_pem(),
        "watermark.key": WatermarkKey.generate().to_text().encode(),
        _SUBJECTS: _subjects_key(),
        **_evidence_files(),
    }
    for role in STATEMENT_ROLES:
        files[f"{role.value}.pem"] = StatementSigner.generate(role).private_pem()
    return files | {MARK: _MARK_TEXT}


def _share(keys: Path, process: str) -> dict[str, bytes]:
    files = {name: (keys / name).read_bytes() for name in PROCESS_FILES[process]}
    return files | {MARK: _MARK_TEXT}


def _bundle(keys: Path) -> dict[str, bytes]:
    files = {name: (keys / name).read_bytes() for name in _ROOTS}
    for role in STATEMENT_ROLES:
        signer = StatementSigner.load(role, keys / f"{role.value}.pem")
        files[f"{role.value}.pub.pem"] = signer.public_pem()
    private = StatementSigner.load(KeyRole.CHECKPOINT, keys / "checkpoint.pem").private
    log = NoteSigner(ORIGIN, KeyKind.NOTE, private)
    files["log.vkey"] = f"{log.key.text}\n".encode()
    return files | {"README.txt": _README.encode()}


def _check_complete(keys: Path) -> None:
    names = ["root", "release_chain", "release_key", "tsa_root", "tsa_chain", "tsa_key"]
    names += ["evidence_root", "evidence_chain", "evidence_key"]
    wanted = [f"{name}.pem" for name in [*names, *(role.value for role in STATEMENT_ROLES)]]
    missing = [
        name for name in [*wanted, "watermark.key", _SUBJECTS] if not (keys / name).is_file()
    ]
    if missing:
        raise InvalidInput(
            f"The development keys in {keys} are incomplete: {', '.join(missing)} missing.",
            code="keys-incomplete",
            remedy=f"Restore the files, or delete {keys.parent} to start over with new keys.",
        )


def _publish(directory: Path, target: Path, files: dict[str, bytes]) -> None:
    """Write all files beside ``target`` and rename the folder: all of them or none."""
    scratch = Path(tempfile.mkdtemp(prefix=".making-", dir=directory))
    try:
        for name, content in files.items():
            secret = target.name.startswith("keys")
            descriptor = os.open(
                scratch / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if secret else 0o644
            )
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
        scratch.chmod(0o700 if target.name.startswith("keys") else 0o755)
        scratch.rename(target)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)  # given back by the kernel if we are killed
        yield
