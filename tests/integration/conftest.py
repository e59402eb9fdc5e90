"""What the tests of the platform share."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def fast_passwords_and_own_blobs(settings: Settings, tmp_path: Path) -> None:
    """Hash passwords cheaply (what is tested is not scrypt) and keep files in the test's folder."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "blobs": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "blobs"), "base_url": None},
        },
    }
