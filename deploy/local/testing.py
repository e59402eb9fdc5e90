"""Servers for one test session: real ones, made for it and gone after it."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from deploy.local import postgres, probes, valkey
from deploy.local.environment import given
from deploy.local.private import temporary_folder
from deploy.local.processes import Child, Program, stop_all

START_SECONDS = 60.0


@dataclass(frozen=True)
class TestServers:
    """Addresses that a test session works with.

    Attributes:
        owner: Database URL of the role that owns the tables and may make a test database.
        application: Database URL of the role that the program runs as.
        broker: Celery's broker.
        cluster: The server made for this session; None where DATABASE_URL names one.
    """

    __test__ = False  # not a test class, whatever its name suggests to pytest

    owner: str
    application: str
    broker: str
    cluster: postgres.Cluster | None = None


@contextmanager
def test_servers(*, durable: bool = False) -> Iterator[TestServers]:  # noqa: PT028  no test
    """Starts PostgreSQL and Valkey, unless DATABASE_URL and BROKER_URL name some; stops them after.

    Args:
        durable: Whether PostgreSQL waits for the disk, as it does outside tests.

    Raises:
        LocalError: One of them did not come up.
    """
    folder = temporary_folder("rakkan-test-")
    folders, children = [folder], list[Child]()

    def launch(program: Program) -> None:
        children.append(Child(program, folder))
        children[-1].start()
        children[-1].wait_ready(START_SECONDS)

    try:
        application = given("DATABASE_URL")
        owner = given("RAKKAN_MIGRATE_DATABASE_URL") or application
        cluster = None
        if application is None:
            passwords = postgres.Passwords(*(secrets.token_urlsafe(16) for _ in range(3)))
            cluster = postgres.plan(folder / "pg", passwords)
            folders.append(cluster.sockets)
            postgres.initialise(cluster)
            launch(postgres.program(cluster, durable=durable))
            postgres.prepare(cluster)
            application, owner = cluster.url(postgres.APPLICATION), cluster.url(postgres.OWNER)
        broker = given("BROKER_URL")
        if broker is None:
            server = valkey.Broker(folder / "valkey", probes.free_port(), secrets.token_urlsafe(16))
            launch(valkey.program(server))
            broker = server.url
        yield TestServers(owner or application, application, broker, cluster)
    finally:
        stop_all(children)
        for each in reversed(folders):
            shutil.rmtree(each, ignore_errors=True)
