"""The commands that run inside the virtual environment."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from deploy.local import checking, control
from deploy.local.console import confirm, note, step
from deploy.local.errors import LocalError
from deploy.local.layout import DATA, PYTHON, ROOT


def run(command: str, arguments: list[str]) -> int:
    """Runs `command` and returns its exit status."""
    table: dict[str, Callable[[list[str]], int]] = {
        "demo": _demo,
        "serve": _serve,
        "code": _code,
        "stack": _stack,
        "stop": _stop,
        "clean": _clean,
        "manage": _manage,
        "bench": _bench,
        "lock": _lock,
        "check-types": _check_types,
        "check-migrations": _check_migrations,
    }
    return table[command](arguments)


def _demo(_arguments: list[str]) -> int:
    from deploy.local.demo import demonstrate

    return demonstrate(os.environ)


def _serve(_arguments: list[str]) -> int:
    from deploy.local.serve import serve

    serve()
    return 0


def _code(_arguments: list[str]) -> int:
    from deploy.local.serve import tell_codes

    _running()
    tell_codes()
    return 0


def _stack(_arguments: list[str]) -> int:
    from deploy.local.stack import Stack

    Stack(any_port=True).run()
    return 0


def _check_types(arguments: list[str]) -> int:
    values = {**os.environ, **checking.settings_of_nowhere()}
    command = [str(PYTHON), "-m", "mypy", *arguments]
    return subprocess.run(command, cwd=ROOT, env=values, check=False).returncode


def _check_migrations(_arguments: list[str]) -> int:
    """Compares models and migrations against a database of its own; nothing is written."""
    from deploy.local.testing import test_servers

    with test_servers() as servers:
        values = {**os.environ, **checking.settings_of_nowhere(), "DATABASE_URL": servers.owner}
        command = [str(PYTHON), "manage.py", "makemigrations", "--check", "--dry-run"]
        return subprocess.run(command, cwd=ROOT, env=values, check=False).returncode


def _stop(_arguments: list[str]) -> int:
    control.stop()
    return 0


def _clean(arguments: list[str]) -> int:
    """Deletes the data of this checkout, never its source or its virtual environment."""
    found = [folder for folder in (DATA, *control.folders_outside()) if folder.exists()]
    if not found:
        step("clean: there is no data here")
        return 0
    if control.locked():
        raise LocalError("still-running", "Rakkan is running here.", "Run `make stop` first.")
    print("This deletes the database, the files and the development keys of this checkout:")
    for folder in found:
        note(str(folder))
    if "--yes" not in arguments and not confirm("Everything in them is lost."):
        step("clean: nothing was deleted")
        return 0
    for folder in found:
        _delete(folder)
    step("clean: deleted")
    return 0


def _delete(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except PermissionError as error:
        raise LocalError(
            "not-ours",
            f"{error.filename} belongs to another account.",
            "Run `make clean` as the account that made it (root?).",
        ) from error


def _manage(arguments: list[str]) -> int:
    from deploy.local.stack import manage

    _running()
    print(manage(*arguments), end="")
    return 0


def _running() -> None:
    if control.running() is None:
        raise LocalError("not-running", "Nothing is running here.", "Run `make serve` first.")


def _bench(arguments: list[str]) -> int:
    command = [str(PYTHON), "-m", "tests.benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def _lock(_arguments: list[str]) -> int:
    from deploy.local.lock import lock

    lock()
    return 0
