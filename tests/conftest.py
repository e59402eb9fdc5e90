"""What every test may use. The servers themselves: tests/servers.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.testing import TestServers
from tests.servers import SERVERS


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> TestServers:
    """Addresses of the real PostgreSQL and Valkey of this session."""
    return pytestconfig.stash[SERVERS]


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of this checkout."""
    return Path(__file__).resolve().parents[1]
