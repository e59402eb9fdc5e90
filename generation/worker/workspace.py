"""One folder a job, private, removed at the end, and swept when its owner died."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX = "job-"
_LOCK = "owner.lock"


@contextmanager
def workspace(root: Path) -> Iterator[Path]:
    """Give a new empty folder below ``root``, for its owner only, gone after the block."""
    with _exclusive(root):  # a sweep must not see the folder before it is locked
        place = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=root))
        lock = os.open(place / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        os.close(lock)


def sweep(root: Path) -> int:
    """Remove the folders of workers that died; returns how many.

    A living worker holds a lock on its folder, which the kernel lets go however it ends.
    """
    removed = 0
    with _exclusive(root):
        for place in root.glob(f"{_PREFIX}*"):
            if _abandoned(place):
                shutil.rmtree(place, ignore_errors=True)
                removed += 1
    return removed


def _abandoned(place: Path) -> bool:
    try:
        lock = os.open(place / _LOCK, os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(lock)


@contextmanager
def _exclusive(root: Path) -> Iterator[None]:
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(root / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
