"""Makes ``.venv`` from the pinned requirements: the one part that runs before anything is there.

Standard library only, and no syntax newer than Python 3.8, so that a machine whose ``python3`` is
not 3.11 gets a sentence instead of a traceback.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO, Iterator

from deploy.local.console import note, step
from deploy.local.errors import LocalError
from deploy.local.layout import DATA, PYTHON, ROOT, VENV

REQUIREMENTS = ROOT / "requirements" / "dev.txt"
STAMP = VENV / "rakkan-setup.json"
LOG = DATA / "log" / "setup.log"
TICK_SECONDS = 5.0


def install() -> None:
    """Makes or refreshes ``.venv``; says so and does nothing when it is up to date.

    Raises:
        LocalError: No Python 3.11, no ``venv`` module, or pip could not install something.
    """
    DATA.mkdir(mode=0o711, exist_ok=True)
    LOG.parent.mkdir(exist_ok=True)
    with _only_one():
        wanted, found = _wanted(), _found()
        if found == wanted:
            step("setup: .venv is up to date, nothing to do")
            return
        if any(found.get(key) != wanted[key] for key in ("path", "python")):
            _make_venv()
        if any(found.get(key) != wanted[key] for key in ("path", "python", "requirements")):
            if STAMP.exists():  # from here on .venv is neither the old set nor the new one
                STAMP.unlink()
            _install_requirements()
        _install_project()
        STAMP.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")
        step("setup: done")


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """Lets a second `make` wait for the first instead of installing over it."""
    with (DATA / "setup.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            step("setup: another setup is running here, waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _wanted() -> dict[str, str]:
    """Describes the environment that this checkout asks for."""
    return {
        "path": str(VENV),
        "python": "3.11",
        "requirements": _digest(REQUIREMENTS),
        "project": _digest(ROOT / "pyproject.toml"),
    }


def _found() -> dict[str, str]:
    """Describes the environment that is there; empty when there is none that works."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
        subprocess.run([str(PYTHON), "-c", "import pip"], check=True, capture_output=True)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return {}
    return dict(stamp)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def python311() -> str:
    """Finds a Python 3.11 with the ``venv`` module.

    Raises:
        LocalError: There is none, or Debian's python3-venv is missing.
    """
    here = sys.executable if sys.version_info[:2] == (3, 11) else shutil.which("python3.11")
    if not here:
        raise LocalError(
            "python-missing",
            "Python 3.11 was not found (this is {}.{}).".format(*sys.version_info[:2]),
            "Install it (Debian 12: apt-get install python3 python3-venv) and run this again.",
        )
    probe = subprocess.run([here, "-c", "import venv, ensurepip"], capture_output=True, check=False)
    if probe.returncode != 0:
        raise LocalError(
            "venv-missing",
            f"{here} cannot make virtual environments.",
            "Install the package (Debian 12: apt-get install python3-venv) and run this again.",
        )
    return here


def _make_venv() -> None:
    step("setup: making .venv")
    _run([python311(), "-m", "venv", "--clear", str(VENV)], expected=0)


def _install_requirements() -> None:
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    pins = [line.split()[0] for line in lines if line and not line.startswith("#")]
    torch = [pin for pin in pins if pin.startswith("torch==")]
    step(f"setup: installing {len(pins)} pinned packages (the longest part, minutes)")
    # torch alone is installed with its dependencies: which ones it has differs between its CPU and
    # its CUDA builds, so they cannot be in the list. The list then fixes every version it names.
    _pip(["--constraint", str(REQUIREMENTS), *torch], expected=20)
    _pip(["--no-deps", "--requirement", str(REQUIREMENTS)], expected=len(pins))


def _install_project() -> None:
    step("setup: linking this checkout into .venv")
    _pip(["--no-build-isolation", "--no-deps", "--editable", str(ROOT)], expected=1)


def _pip(arguments: list[str], expected: int) -> None:
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--progress-bar"]
    _run([*command, "off", *arguments], expected)


def _run(command: list[str], expected: int) -> None:
    """Runs one installation step, its output in the log, a line of progress every few seconds.

    Raises:
        LocalError: The command failed; its last lines are in the message.
    """
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with LOG.open("ab") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment
        )
        with process:
            tail = _follow(process, log, expected)
    if process.returncode != 0:
        raise LocalError(
            "setup-failed",
            "Installing stopped:\n{}".format("\n".join(tail)),
            "Check the network and the free disk space (4 GB), then run this again: it goes on "
            f"where it stopped. The whole output is in {LOG}.",
        )


def _follow(process: subprocess.Popen[bytes], log: BinaryIO, expected: int) -> list[str]:
    """Copies what `process` says to the log, reports progress, returns the last lines."""
    tail: list[str] = []
    fetched, last = 0, time.monotonic()
    for raw in process.stdout or ():
        log.write(raw)
        line = raw.decode("utf-8", "replace").rstrip()
        tail = [*tail, line][-12:]
        fetched += line.startswith(("Collecting ", "Processing "))
        if line.startswith("Installing collected"):
            note("unpacking, the last part")
        elif line.startswith("Collecting ") and time.monotonic() - last > TICK_SECONDS:
            last = time.monotonic()
            note(f"{fetched} of about {max(expected, fetched)}: {line.split()[1]}")
    return tail
