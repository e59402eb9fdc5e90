"""What every test may use. The servers themselves: tests/servers.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.testing import TestServers
from tests.servers import SERVERS
from tests.stack import Site, running_site


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> TestServers:
    """Addresses of the real PostgreSQL and Valkey of this session."""
    return pytestconfig.stash[SERVERS]


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of this checkout."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def site(servers: TestServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The whole program as real processes, started once for the tests that need it."""
    with running_site(servers, tmp_path_factory.mktemp("site")) as running:
        yield running
