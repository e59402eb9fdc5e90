"""What the tests of the platform share."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

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
