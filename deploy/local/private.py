"""Short private folders, for when the checkout is too deep or closed to another account.

A Unix socket's path may have 107 bytes, and a server that runs under an account of its own must be
allowed to walk down to its files. Where the data folder inside the checkout does not allow that,
these folders stand in for it. Nothing here loosens the rights of a folder that was there before.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
from pathlib import Path

from deploy.local.errors import LocalError

SOCKET_PATH_LIMIT = 107
LONGEST_SOCKET_NAME = len("/.s.PGSQL.5432.lock")
SYSTEM_DATA = Path("/var/lib/rakkan-local")
PLAIN = re.compile(r"[A-Za-z0-9/._-]+")


def fingerprint(path: Path) -> str:
    """Names a folder in ten characters, so that two checkouts never share a private folder."""
    return hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:10]


def open_to_others(path: Path) -> bool:
    """Tells whether every folder above `path` lets any account through."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)


def fits_socket(folder: Path) -> bool:
    """Tells whether a server's socket may lie in `folder`: short enough and without surprises."""
    text = str(folder)
    return len(os.fsencode(text)) + LONGEST_SOCKET_NAME <= SOCKET_PATH_LIMIT and bool(
        PLAIN.fullmatch(text)
    )


def socket_folder(data: Path, name: str) -> Path:
    """Chooses and makes the folder for the sockets of the server whose data lie in `data`.

    Raises:
        LocalError: The private folder exists and belongs to somebody else.
    """
    inside = data / name
    if fits_socket(inside) and (os.geteuid() != 0 or open_to_others(inside)):
        return make_private(inside)
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or "/nonexistent")
    candidates = [runtime / f"rakkan-{fingerprint(data)}"] if os.access(runtime, os.W_OK) else []
    if os.geteuid() == 0:
        candidates = []  # root's runtime folder is closed to the server's account
    candidates.append(Path("/tmp") / f"rakkan-{os.geteuid()}-{fingerprint(data)}")  # noqa: S108  # ownership is checked by make_private
    return make_private(next(folder for folder in candidates if fits_socket(folder / name)) / name)


def make_private(folder: Path) -> Path:
    """Makes `folder` (and its parent) ours alone, or refuses it.

    Raises:
        LocalError: Somebody else owns it, or it is a link: in a shared folder that is an attack.
    """
    for each, mode in ((folder.parent, 0o711), (folder, 0o700)):
        each.mkdir(mode=mode, parents=True, exist_ok=True)
    info = folder.parent.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid() or info.st_mode & 0o022:
        raise LocalError(
            "folder-not-private",
            f"{folder.parent} is not a folder that only this account can write to.",
            "Remove it, or set XDG_RUNTIME_DIR to a private folder, and run this again.",
        )
    return folder


def system_folder(data: Path) -> Path:
    """Makes root's replacement for a data folder that another account cannot reach."""
    folder = SYSTEM_DATA / fingerprint(data)
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    return folder


def temporary_folder(prefix: str) -> Path:
    """Makes a new short-pathed folder that other accounts may walk through but not read."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o711)
    return folder
