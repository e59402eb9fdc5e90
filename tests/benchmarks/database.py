"""The platform on a database of its own, for the parts that measure it from inside."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from deploy.local.testing import test_servers
from tests.databases import environment_now, prepared_database
from tests.servers import settings_environment


@dataclass(frozen=True)
class Measured:
    """Where a part measures.

    Attributes:
        owner: a connection of the tables' owner, who sees every organisation.
        role: the application's role, which the platform works as.
        folder: for files; gone when the part ends.
    """

    owner: psycopg.Connection[Any]
    role: str
    folder: Path


@contextmanager
def platform_at_work(*, durable: bool = False, **environment: str) -> Iterator[Measured]:
    """Start servers, prepare a database and set Django up on it; once a process.

    Args:
        durable: each commit waits for the disk, as in operation.
        environment: settings besides.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = stack.enter_context(test_servers(durable=durable))
        os.environ |= settings_environment(servers, folder) | {"TSA_URL": "http://127.0.0.1:9/"}
        database = stack.enter_context(prepared_database(servers, environment_now()))
        os.environ |= {
            "DATABASE_URL": database.application,
            "DJANGO_SETTINGS_MODULE": "rakkan.config.settings",
            "RAKKAN_HOSTS": "testserver",  # what the worker of the samples knocks at
            **environment,
        }
        owner = stack.enter_context(closing(psycopg.connect(database.owner, autocommit=True)))
        owner.execute("SELECT set_config('rakkan.organisation', 'system', false)")
        import django  # noqa: PLC0415  the settings read the environment

        django.setup()
        from django.db import connections  # noqa: PLC0415  as above

        stack.callback(connections.close_all)
        yield Measured(owner, database.role, folder)
