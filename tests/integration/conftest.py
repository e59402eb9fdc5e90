"""What the tests of the platform share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from psycopg.conninfo import conninfo_to_dict
from pytest_django import Settings

from deploy.local.testing import TestServers

FILES = "rakkan.core.storage.AtomicFileStorage"


@pytest.fixture(autouse=True)
def fast_passwords_and_own_blobs(settings: Settings, tmp_path: Path) -> None:
    """Hash passwords cheaply (what is tested is not scrypt) and keep files in the test's folder.

    A storage that the caller named by STORAGE_URL (S3, say) is used as it is.
    """
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if settings.STORAGES["blobs"]["BACKEND"] != FILES:
        return
    settings.STORAGES = {
        **settings.STORAGES,
        "blobs": {
            "BACKEND": FILES,
            "OPTIONS": {"location": str(tmp_path / "blobs"), "base_url": None},
        },
    }


@pytest.fixture(scope="module")
def as_owner(django_db_setup: None, servers: TestServers) -> Iterator[None]:
    """Connect as the role that owns the tables, for what must hold even then.

    Of a whole module, because a test's transaction stands before fixtures of its own begin.
    """
    application = dict(connection.settings_dict)
    owner = conninfo_to_dict(servers.owner)
    _reconnect(USER=owner["user"], PASSWORD=owner["password"])
    yield
    _reconnect(USER=application["USER"], PASSWORD=application["PASSWORD"])


def _reconnect(**role: object) -> None:
    connection.close()
    connection.settings_dict.update(role)


@pytest.fixture(scope="module", params=["application", "owner"])
def each_role(request: pytest.FixtureRequest) -> str:
    """Run the module's tests as the application's role, and again as the owner of the tables."""
    if request.param == "owner":
        request.getfixturevalue("as_owner")
    return str(request.param)
