"""Databases of the tests: made by the owner's role, used as the application's role.

So a test that passes has passed with the rights that the program has in production: it owns no
table, and neither drops a trigger nor empties a table that only grows.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from deploy.local import postgres
from deploy.local.testing import TestServers
from tests.prepared import template_of

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Database:
    """One database and its two roles.

    Attributes:
        name: Of the database.
        owner: Its URL as the role that owns the tables.
        application: Its URL as the role that the program runs as.
    """

    name: str
    owner: str
    application: str

    @property
    def role(self) -> str:
        """The application's role."""
        return str(conninfo_to_dict(self.application)["user"])


@contextmanager
def prepared_database(servers: TestServers, environment: Mapping[str, str]) -> Iterator[Database]:
    """Make a database as the owner, as `manage.py prepare` leaves it, and drop it at the end.

    Preparing takes most of a minute on a slow machine. On the session's own server it is done once,
    and the others are copies; on a server that DATABASE_URL names it is done each time.
    """

    def prepare(new: Database) -> None:
        settings = {**environment, "DATABASE_URL": new.application}
        owning = settings | {"RAKKAN_MIGRATE_DATABASE_URL": new.owner}
        manage(owning, "prepare", "--verbosity", "0", "--grant-to", new.role)

    if servers.cluster is None:
        with bare_database(servers) as database:
            prepare(database)
            yield database
        return
    template = template_of(servers.cluster, lambda name: prepare(_named(servers, name)))
    with bare_database(servers, template) as database:
        # A copy lacks what `prepare` did to the rights on the database itself; so would a restored
        # dump, with which production does not start before it is prepared again.
        _as_owner(servers, "REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC", database.name)
        yield database


@contextmanager
def bare_database(servers: TestServers, template: str = "template1") -> Iterator[Database]:
    """Make an empty database, or a copy of another, as the owner and drop it at the end."""
    database = _named(servers, f"rakkan_test_{uuid4().hex[:8]}")
    _as_owner(servers, "CREATE DATABASE {} TEMPLATE {}", database.name, template)
    try:
        yield database
    finally:
        _drop(servers, database.name)


def manage(environment: Mapping[str, str], *arguments: str) -> str:
    """Run a management command in a process of its own and return what it printed."""
    command = [sys.executable, "manage.py", *arguments]
    result = subprocess.run(
        command, cwd=ROOT, env=dict(environment), capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def environment_now() -> dict[str, str]:
    """The environment of this process, with the checkout on the path of its children."""
    return {**os.environ, "PYTHONPATH": f"{ROOT / 'platform'}:{ROOT}"}


def _named(servers: TestServers, name: str) -> Database:
    def address(url: str) -> str:
        return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))

    return Database(name, address(servers.owner), address(servers.application))


def _drop(servers: TestServers, name: str) -> None:
    """Drop a database, whoever is in it: an owner may not send autovacuum away."""
    cluster = servers.cluster
    url = cluster.url(postgres.SUPERUSER, "postgres") if cluster else servers.owner
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _as_owner(servers: TestServers, statement: str, *names: str) -> None:
    with closing(psycopg.connect(servers.owner, autocommit=True)) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
