"""Pytest plugin: real servers and development keys for one session, there before the settings are.

pytest-django imports the settings before any conftest is read, and the settings read their
addresses from the environment. So this is a plugin (``-p tests.servers`` in pyproject.toml), and
what it starts is there before the first import. Addresses that the caller sets are used instead:
DATABASE_URL (RAKKAN_MIGRATE_DATABASE_URL for the owner's role), BROKER_URL, STORAGE_URL, TSA_URL.
Where pytest-xdist shares the tests out, each of its processes has servers and keys of its own; the
one that shares them out reads the settings, as every process does, and connects to nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from compliance.development.keys import ORIGIN, development_keys
from deploy.local import probes
from deploy.local.environment import ONE_THREAD
from deploy.local.private import temporary_folder
from deploy.local.processes import Child, Program
from deploy.local.testing import TestServers, test_servers

SERVERS = pytest.StashKey[TestServers]()
_NOWHERE = TestServers(*["postgresql://nobody@127.0.0.1:9/none"] * 2, "redis://127.0.0.1:9/0")
_OURS = "RAKKAN_TESTS_FOUND"  # what the process that shares out was given, for those it starts


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Starts the servers and sets the environment, ahead of pytest-django."""
    _forget_the_parents()
    with ExitStack() as stack:
        prepare = _placeholders if _shares_out(early_config) else _real
        early_config.stash[SERVERS] = prepare(stack, stack.enter_context(_folder()))
        early_config.add_cleanup(stack.pop_all().close)


def _real(stack: ExitStack, folder: Path) -> TestServers:
    servers = stack.enter_context(test_servers())
    os.environ.update(settings_environment(servers, folder))
    os.environ.pop("RAKKAN_MIGRATE_DATABASE_URL", None)  # the owner's: in TestServers alone
    if "TSA_URL" not in os.environ:
        os.environ["TSA_URL"] = stack.enter_context(timestamps(folder))
    return servers


def _placeholders(_stack: ExitStack, folder: Path) -> TestServers:
    ours = {"TSA_URL": "http://127.0.0.1:9/"} | settings_environment(_NOWHERE, folder)
    os.environ[_OURS] = json.dumps({name: os.environ.get(name) for name in ours})
    os.environ.update(ours)
    return _NOWHERE


def _shares_out(config: pytest.Config) -> bool:
    """Whether this process runs no test itself but has others run them."""
    options = config.known_args_namespace
    return bool(getattr(options, "numprocesses", 0)) and "PYTEST_XDIST_WORKER" not in os.environ


def _forget_the_parents() -> None:
    """In a process that pytest-xdist started: take the environment that its parent was given."""
    for name, value in json.loads(os.environ.pop(_OURS, "{}")).items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def settings_environment(servers: TestServers, folder: Path) -> dict[str, str]:
    """What the settings ask for, with keys and files below `folder`."""
    keys = development_keys(folder)
    blobs = folder / "blobs"
    blobs.mkdir()
    return {
        **ONE_THREAD,
        "DATABASE_URL": servers.application,
        "BROKER_URL": servers.broker,
        "STORAGE_URL": os.environ.get("STORAGE_URL") or blobs.as_uri(),
        "RAKKAN_ENV": "development",
        "RAKKAN_KEYS": str(keys.keys),
        "RAKKAN_TRUST": str(keys.trust),
        "RAKKAN_SECRET_KEY": "of the tests and nothing else, fifty characters or more",
        "RAKKAN_WORKER_TOKEN": "the token of the workers in the tests",
        "RAKKAN_PUBLIC_URL": "http://127.0.0.1:8000",
        "RAKKAN_LOG_ORIGIN": ORIGIN,
        "NO_PROXY": "127.0.0.1,localhost",
    }


@contextmanager
def _folder() -> Iterator[Path]:
    folder = temporary_folder("rakkan-session-")
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def timestamps(folder: Path) -> Iterator[str]:
    port = probes.free_port()
    command = ["compliance.development.tsa", "--port", str(port), "--keys", str(folder / "keys")]
    program = Program(
        name="timestamps",
        command=[sys.executable, "-m", *command],
        environment=dict(os.environ),
        ready=lambda: probes.listens(port),
    )
    child = Child(program, folder)
    child.start()
    try:
        child.wait_ready(30.0)
        yield f"http://127.0.0.1:{port}/"
    finally:
        child.stop()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds ``--long``."""
    parser.addoption("--long", action="store_true", help="run the tests marked long as well")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts the browser's tests last; leaves out those marked long, unless they are asked for.

    Playwright keeps an event loop running in this thread to the end of the session: whatever
    runs a coroutine of its own after it (the time-stamps of a pack) is refused by asyncio.
    """
    browser = config.rootpath / "tests" / "browser"
    items.sort(key=lambda item: item.path.is_relative_to(browser))
    if config.getoption("--long"):
        return
    left_out = pytest.mark.skip(reason="takes long: run it with `make test-long`")
    for item in items:
        if "long" in item.keywords:
            item.add_marker(left_out)
