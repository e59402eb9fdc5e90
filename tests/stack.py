"""The whole program for tests: web, render worker, seal worker and clerk as real processes.

They run on a database of their own, as the application's role, on the servers of the test
session. Leases are short, so that a killed worker is missed in seconds, unless they shall be as in
operation.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from compliance.development.keys import DevelopmentKeys
from deploy.local import probes
from deploy.local.client import Account
from deploy.local.processes import Child, stop_all
from deploy.local.production import People
from deploy.local.programs import programs
from deploy.local.serve import seeding
from deploy.local.testing import TestServers
from tests.databases import environment_now, manage, prepared_database

PASSWORD = "-only for the accounts of one test run"  # noqa: S105
START_SECONDS = 60.0
SHORT = {
    "RAKKAN_LEASE_SECONDS": "4",
    "RAKKAN_HEARTBEAT_SECONDS": "1",
    "RAKKAN_RESEND_SECONDS": "3",
    "RAKKAN_RECONCILE_SECONDS": "1",
}
FOR_DRAWING = (
    *("PATH", "HOME", "LANG", "PYTHONPATH", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NO_PROXY"),
    *("BROKER_URL", "RAKKAN_TRUST", "RAKKAN_WORKER_TOKEN"),
)


@dataclass
class Site:
    """A running site."""

    url: str
    database: str  # as the application's role
    blobs: Path
    environment: dict[str, str]
    children: dict[str, Child]
    accounts: dict[str, dict[str, str]]
    signed_in: dict[str, Account] = field(default_factory=dict)

    def account(self, who: str) -> Account:
        """Sign somebody in; the caller closes it."""
        return Account(self.url, self.accounts[who])

    @contextmanager
    def people(self) -> Iterator[People]:
        """Everybody, signed in once a session: the site counts attempts, and codes work once."""
        for name in ("requester", "person", "reviewer", "approver", "auditor"):
            if name not in self.signed_in:
                self.signed_in[name] = self.account(name)
        yield People(**self.signed_in)

    def kill(self, name: str) -> None:
        """Kill a process as the kernel would: no warning, no clean-up; nobody restarts it yet."""
        pid = self.children[name].pid
        assert pid is not None, f"{name} is not running"
        os.kill(pid, signal.SIGKILL)
        process = self.children[name].process
        assert process is not None
        process.wait(10)

    def start(self, name: str) -> None:
        """Start a killed process again, as a supervisor does."""
        self.children[name].start()

    def log(self, name: str) -> str:
        """The last lines a process wrote."""
        return self.children[name].last_words(60)


@contextmanager
def running_site(
    servers: TestServers, folder: Path, leases: Mapping[str, str] = SHORT
) -> Iterator[Site]:
    """Start everything, hand it out, stop it; without ``leases`` they are as in operation."""
    port = probes.free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        **environment_now(),
        **leases,
        "STORAGE_URL": _storage(folder),
        "RAKKAN_PUBLIC_URL": url,
    }
    with prepared_database(servers, environment) as database:
        environment["DATABASE_URL"] = database.application
        yield from _running(environment, url, folder)


def _running(environment: dict[str, str], url: str, folder: Path) -> Iterator[Site]:
    database = environment["DATABASE_URL"]
    accounts = json.loads(manage(environment, *seeding(PASSWORD)))["accounts"]
    children: dict[str, Child] = {}
    try:
        drawing = drawing_of(environment, url, folder)
        keys = DevelopmentKeys(Path(environment["RAKKAN_KEYS"]).parent)

        def platform(process: str) -> dict[str, str]:
            return {**environment, "RAKKAN_KEYS": str(keys.of_process(process))}

        for program in programs(url, platform, drawing, folder / "beat"):
            child = children[program.name] = Child(program, folder)
            child.start()
        children["web"].wait_ready(START_SECONDS)
        site = Site(url, database, folder / "blobs", environment, children, accounts)
        yield site
        for account in site.signed_in.values():
            account.close()
    finally:
        stop_all(list(children.values()))


def _storage(folder: Path) -> str:
    """A folder of this site's own, unless the caller named a storage that is none (S3, say)."""
    named = os.environ.get("STORAGE_URL", "")
    return (folder / "blobs").as_uri() if not named or named.startswith("file:") else named


def drawing_of(environment: dict[str, str], url: str, folder: Path) -> dict[str, str]:
    """What the render worker learns: neither a database nor a private key."""
    drawing = {name: environment[name] for name in FOR_DRAWING if name in environment}
    return drawing | {"RAKKAN_PLATFORM_URL": url, "RAKKAN_WORK_DIR": str(folder / "work")}
