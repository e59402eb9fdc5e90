"""What every test may use. The servers themselves: tests/servers.py."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections

from deploy.local.testing import TestServers
from rakkan.core.tenancy import process_is_system
from tests import told
from tests.databases import environment_now, prepared_database
from tests.servers import SERVERS
from tests.stack import Site, running_site


def pytest_configure() -> None:
    """Watch what services change and tell (tests/told.py)."""
    told.watch()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, object, object]:
    """Fail where a service that prepares the test did not tell what it changed."""
    result = yield
    told.check()
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    """Fail where a service that the test called did not tell what it changed."""
    result = yield
    told.check()
    return result


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> TestServers:
    """Addresses of the real PostgreSQL and Valkey of this session."""
    return pytestconfig.stash[SERVERS]


@pytest.fixture(scope="session", autouse=True)
def the_tests_work_for_the_system() -> None:
    """As workers and management commands do; a request of a test serves one organisation."""
    process_is_system()


@pytest.fixture(scope="session")
def django_db_setup(servers: TestServers) -> Iterator[None]:
    """The tests' database: prepared by its owner, used as the application's role (not Django's own
    test database, whose tables would belong to whoever runs the tests)."""
    with prepared_database(servers, environment_now()) as database:
        name = connection.settings_dict["NAME"]
        _point_at(database.name)
        yield
        connections.close_all()
        _point_at(name)


def _point_at(name: str) -> None:
    settings.DATABASES[connection.alias]["NAME"] = connection.settings_dict["NAME"] = name


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of this checkout."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def site(servers: TestServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The whole program as real processes, started once for the tests that need it."""
    with running_site(servers, tmp_path_factory.mktemp("site")) as running:
        yield running
