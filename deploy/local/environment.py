"""Which process gets to know what: settings travel in the environment and nowhere else."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.local.layout import BLOBS, MAIL, SECRETS, TRUST, VENV, WORK, keys_of

# What a process may take over from the person's own environment without learning a secret.
HARMLESS = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "XDG_RUNTIME_DIR")
# One thread each: on a few cores the pools of OpenBLAS, OpenMP and torch spin against each other.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
LOOPBACK = "127.0.0.1,localhost"


@dataclass(frozen=True)
class Secrets:
    """Random secrets of one installation, kept in ``.rakkan/secrets.json`` (0600)."""

    secret_key: str
    worker_token: str
    broker: str
    database_superuser: str
    database_owner: str
    database_application: str
    demo_password: str

    @classmethod
    def load_or_make(cls, path: Path = SECRETS) -> Secrets:
        """Reads the file; makes it, or what an older version did not know, anew."""
        kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if kept.keys() == cls.__dataclass_fields__.keys():
            return cls(**kept)
        names = cls.__dataclass_fields__
        made = cls(**{name: kept.get(name) or secrets.token_urlsafe(24) for name in names})
        new = path.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
            json.dump(asdict(made), handle, indent=2)
        new.replace(path)
        return made


@dataclass(frozen=True)
class Services:
    """Addresses of what the processes talk to.

    Attributes:
        database: URL of the application role.
        migrations: URL of the role that owns the tables.
        broker: Celery's broker.
        storage: Where files go.
        timestamps: The RFC 3161 authority.
        witnesses: Keys and addresses of those that cosign the log.
        site: The web process.
    """

    database: str
    migrations: str
    broker: str
    storage: str
    timestamps: str
    witnesses: str
    site: str


def given(name: str) -> str | None:
    """Returns an address that the person set, which then replaces the embedded part."""
    return os.environ.get(name) or None


def default_storage() -> str:
    """Returns the URL of the folder that keeps files when STORAGE_URL is not set."""
    return BLOBS.as_uri()


def _base() -> dict[str, str]:
    """Returns what every process gets."""
    harmless = {name: os.environ[name] for name in HARMLESS if name in os.environ}
    path = f"{VENV / 'bin'}:{harmless.get('PATH', '/usr/bin:/bin')}"
    return {**harmless, **ONE_THREAD, "PATH": path, "PYTHONUNBUFFERED": "1", "NO_PROXY": LOOPBACK}


def platform(services: Services, own: Secrets, process: str = "web") -> dict[str, str]:
    """Returns the environment of one of the platform's processes: web, clerk or seal.

    Each holds the keys of its own role and no others.

    They take over the person's environment too: credentials of a storage or a proxy are in there.
    The role that may change tables is not theirs.
    """
    from compliance.development.keys import ORIGIN  # needs the virtual environment

    inherited = dict(os.environ)
    inherited.pop("RAKKAN_MIGRATE_DATABASE_URL", None)
    return {
        **inherited,
        **_base(),
        "DATABASE_URL": services.database,
        "BROKER_URL": services.broker,
        "STORAGE_URL": services.storage,
        "TSA_URL": services.timestamps,
        "RAKKAN_WITNESSES": services.witnesses,
        "EMAIL_URL": given("EMAIL_URL") or MAIL.as_uri(),
        "RAKKAN_ENV": os.environ.get("RAKKAN_ENV", "development"),
        "RAKKAN_KEYS": str(keys_of(process)),
        "RAKKAN_TRUST": str(TRUST),
        "RAKKAN_SECRET_KEY": own.secret_key,
        "RAKKAN_WORKER_TOKEN": own.worker_token,
        "RAKKAN_PUBLIC_URL": services.site,
        "RAKKAN_LOG_ORIGIN": given("RAKKAN_LOG_ORIGIN") or ORIGIN,
        "DJANGO_SETTINGS_MODULE": "rakkan.config.settings",
    }


def render_worker(services: Services, own: Secrets) -> dict[str, str]:
    """Returns the environment of the process that draws: no database, storage or private key."""
    return {
        **_base(),
        "BROKER_URL": services.broker,
        "RAKKAN_TRUST": str(TRUST),
        "RAKKAN_PLATFORM_URL": services.site,
        "RAKKAN_WORKER_TOKEN": own.worker_token,
        "RAKKAN_WORK_DIR": str(WORK),
    }


def gpu_worker(drawing: Mapping[str, str]) -> dict[str, str]:
    """Returns the environment of the process that draws with portraittalk, on a card or without.

    It is told what the render worker is, and where weights and the card's driver are.
    """
    names = ("RAKKAN_PORTRAITTALK", "RAKKAN_PORTRAITTALK_SHA256", "CUDA_VISIBLE_DEVICES")
    own = {name: os.environ[name] for name in (*names, "LD_LIBRARY_PATH") if name in os.environ}
    return {**drawing, **own, "RAKKAN_ENGINES": "portraittalk"}


def development_server() -> dict[str, str]:
    """Returns the environment of the development time-stamp authority, and of the witness."""
    return _base()


def write_private(path: Path, values: Mapping[str, str]) -> None:
    """Writes settings for commands that run beside the stack, readable by us alone."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        json.dump(dict(values), handle, indent=2)
