"""Settings for tools that read them but talk to nobody: the type checker, the migrations check."""

from __future__ import annotations


def settings_of_nowhere() -> dict[str, str]:
    """Returns every required setting with a value that leads nowhere."""
    return {
        "DJANGO_SETTINGS_MODULE": "rakkan.config.settings",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing",
        "BROKER_URL": "redis://127.0.0.1:9/0",
        "STORAGE_URL": "file:///nonexistent",
        "TSA_URL": "http://127.0.0.1:9/",
        "RAKKAN_ENV": "development",
        "RAKKAN_KEYS": "/nonexistent",
        "RAKKAN_TRUST": "/nonexistent",
        "RAKKAN_SECRET_KEY": "of a check that serves nobody, fifty characters long",
        "RAKKAN_WORKER_TOKEN": "of a check that serves nobody",
    }
