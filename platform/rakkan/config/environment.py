"""Read the environment; fail at start with a sentence that says what to do."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from compliance.errors import LedgerInvalid
from compliance.ledger import KeyKind, VerifierKey

_DEFAULT_HINT = "Run `make serve`, which sets everything, or read docs/running-locally.md."


def required(name: str) -> str:
    """Return an environment variable.

    Raises:
        ImproperlyConfigured: it is not set.
    """
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {_DEFAULT_HINT}")
    return value


def one_of(name: str, default: str, *others: str) -> str:
    """Return an environment variable that knows a few words; unset, the first of them.

    Raises:
        ImproperlyConfigured: it is another word.
    """
    value = os.environ.get(name) or default
    if value not in (default, *others):
        words = " or ".join((default, *others))
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be {words}.")
    return value


def number(name: str, default: float) -> float:
    """Return an environment variable as a number.

    Raises:
        ImproperlyConfigured: it is not one.
    """
    try:
        return float(os.environ.get(name, default))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a number. Correct or unset it.") from error


def at_most(name: str, most: float) -> float:
    """Return an environment variable as a number between 0 and ``most``; unset, ``most``.

    Raises:
        ImproperlyConfigured: it is not one.
    """
    value = number(name, most)
    if not 0 < value <= most:
        raise ImproperlyConfigured(f"{name} must be above 0 and at most {most:g}. Correct it.")
    return value


def database_of(url: str) -> dict[str, Any]:
    """Return Django's database settings for a PostgreSQL URL or connection string.

    Raises:
        ImproperlyConfigured: it is not for PostgreSQL: the promises are constraints and triggers
            of that one database.
    """
    if not url.startswith(("postgres://", "postgresql://")):
        raise ImproperlyConfigured(
            "DATABASE_URL must start with postgresql://: Rakkan runs on PostgreSQL 15 or newer."
        )
    parts = {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
    known = {
        "dbname": "NAME",
        "user": "USER",
        "password": "PASSWORD",
        "host": "HOST",
        "port": "PORT",
    }
    settings: dict[str, Any] = {known[key]: parts.pop(key) for key in tuple(parts) if key in known}
    return {
        "ENGINE": "rakkan.core.postgres",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": parts,
        **settings,
    }


def origin_of(url: str) -> str:
    """Return the name of the log of a site: its host, without a scheme, and ``/log``."""
    return f"{urlsplit(url).hostname}/log"


def witnesses_of(text: str) -> list[tuple[str, str]]:
    """Return key and address of each witness of ``KEY URL, KEY URL``.

    Raises:
        ImproperlyConfigured: it is something else.
    """
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        key, _, url = part.partition(" ")
        try:
            kind = VerifierKey.parse(key).kind
        except LedgerInvalid as error:
            raise ImproperlyConfigured(f"RAKKAN_WITNESSES: {error}") from error
        url = url.strip()
        if kind is not KeyKind.COSIGNATURE or not url.startswith(("http://", "https://")):
            raise ImproperlyConfigured(
                "RAKKAN_WITNESSES must be KEY URL, KEY URL: each key a witness's own "
                "(name+id+key), each URL what /add-checkpoint is below."
            )
        found.append((key, url))
    return found


def storage_of(url: str, *, replaces: bool = False) -> dict[str, Any]:
    """Return Django's storage settings for ``file:///path`` or ``s3://bucket?endpoint_url=...``.

    Args:
        url: where.
        replaces: whether a file may be written anew under its name.

    Raises:
        ImproperlyConfigured: it is neither.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return {
            "BACKEND": "rakkan.core.storage.AtomicFileStorage",
            "OPTIONS": {"location": str(Path(unquote(parts.path))), "base_url": None},
        }
    if parts.scheme == "s3":
        options = dict(parse_qsl(parts.query))
        return {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {
                "bucket_name": parts.netloc,
                "location": parts.path.strip("/"),
                "file_overwrite": replaces,
                "querystring_auth": True,
                **options,
            },
        }
    raise ImproperlyConfigured("STORAGE_URL must start with file:/// or s3://.")


_BACKEND = "django.core.mail.backends"


def mail_of(url: str) -> dict[str, Any]:
    """Return Django's mail settings for an address.

    ``smtp://user:password@host:587?tls=starttls``, ``smtps://host:465``, ``file:///folder`` (one
    file a message) or ``console:``.

    Raises:
        ImproperlyConfigured: it is none of these.
    """
    parts = urlsplit(url)
    if parts.scheme == "console":
        return {"EMAIL_BACKEND": f"{_BACKEND}.console.EmailBackend"}
    if parts.scheme == "file":
        folder = str(Path(unquote(parts.path)))
        return {"EMAIL_BACKEND": f"{_BACKEND}.filebased.EmailBackend", "EMAIL_FILE_PATH": folder}
    if parts.scheme in ("smtp", "smtps") and parts.hostname:
        encrypted = parts.scheme == "smtps"
        return {
            "EMAIL_BACKEND": f"{_BACKEND}.smtp.EmailBackend",
            "EMAIL_HOST": parts.hostname,
            "EMAIL_PORT": parts.port or (465 if encrypted else 587),
            "EMAIL_HOST_USER": unquote(parts.username or ""),
            "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
            "EMAIL_USE_SSL": encrypted,
            "EMAIL_USE_TLS": dict(parse_qsl(parts.query)).get("tls") == "starttls",
            "EMAIL_TIMEOUT": 20,
        }
    raise ImproperlyConfigured(
        "EMAIL_URL must start with smtp://, smtps:// or, for development, file:/// or console:."
    )
