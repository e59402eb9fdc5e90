"""The web process does not start with what must not run, whoever starts it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from compliance.ledger import KeyKind, VerifierKey
from deploy.local.testing import TestServers
from rakkan.config.checks import is_loopback
from tests.databases import ROOT, environment_now, prepared_database

WITNESS = VerifierKey("witness.example/w1", KeyKind.COSIGNATURE, bytes(32)).text
PUBLIC = {
    "TSA_URL": "https://tsa.example.org/",
    "RAKKAN_PUBLIC_URL": "https://rakkan.example.org",
    "EMAIL_URL": "smtps://mail.example.org",
    "RAKKAN_SIGNER": "vault+https://vault.example.org/transit/claims",
    "RAKKAN_EVIDENCE_SIGNER": "vault+https://vault.example.org/transit/packs",
}


WORKER = (  # what a Celery worker does first
    "from celery.signals import worker_init; from rakkan.config.celery import app;"
    " worker_init.send(sender=app)"
)


def start(
    program: str = "import rakkan.config.wsgi", **changes: str
) -> subprocess.CompletedProcess[str]:
    """Load the application as gunicorn does, or a worker, in a process of its own."""
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT / 'platform'}:{ROOT}",
        **changes,
    }
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    command = [sys.executable, "-c", program]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_development_starts_with_development_parts() -> None:
    assert start().returncode == 0


@pytest.mark.parametrize("program", ["import rakkan.config.wsgi", WORKER])
def test_production_does_not_start_on_a_database_that_nobody_prepared(
    program: str, tmp_path: Path
) -> None:
    ended = start(program, RAKKAN_ENV="production", RAKKAN_KEYS=str(tmp_path), **PUBLIC)
    assert ended.returncode != 0
    assert "manage.py prepare" in ended.stderr


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"RAKKAN_KEYS": os.environ["RAKKAN_KEYS"]}, "RAKKAN_KEYS"),
        ({"TSA_URL": "http://127.0.0.1:3180/"}, "TSA_URL"),
        ({"TSA_URL": "https://LocalHost/tsa"}, "TSA_URL"),
        ({"RAKKAN_PUBLIC_URL": "http://rakkan.example.org"}, "RAKKAN_PUBLIC_URL"),
        ({"EMAIL_URL": "console:"}, "EMAIL_URL"),
        ({"EMAIL_URL": "carrier-pigeon://roof"}, "EMAIL_URL"),
        ({"EMAIL_URL": "file:///tmp/mail"}, "EMAIL_URL"),
        ({"RAKKAN_SIGNER": ""}, "RAKKAN_SIGNER"),
        ({"RAKKAN_EVIDENCE_SIGNER": ""}, "RAKKAN_EVIDENCE_SIGNER"),
        ({"RAKKAN_SIGNER": "vault+http://vault.example.org/transit/claims"}, "RAKKAN_SIGNER"),
        ({"RAKKAN_WITNESSES": f"{WITNESS} http://127.0.0.1:3181"}, "RAKKAN_WITNESSES"),
        ({"RAKKAN_WITNESSES": "nonsense"}, "RAKKAN_WITNESSES"),
        ({"RAKKAN_ENV": "prod"}, "RAKKAN_ENV"),
        ({"RAKKAN_ENV": "Production"}, "RAKKAN_ENV"),
    ],
)
def test_production_refuses_development_parts(
    changes: dict[str, str], named: str, tmp_path: Path
) -> None:
    own = {"RAKKAN_ENV": "production", "RAKKAN_KEYS": str(tmp_path), **PUBLIC}
    ended = start(**(own | changes))
    assert ended.returncode != 0
    assert "ImproperlyConfigured" in ended.stderr
    assert named in ended.stderr


def test_production_starts_with_parts_of_its_own_and_refuses_a_role_that_no_wall_holds(
    tmp_path: Path, servers: TestServers
) -> None:
    own = {"RAKKAN_ENV": "production", "RAKKAN_KEYS": str(tmp_path), **PUBLIC}
    with prepared_database(servers, environment_now()) as database:
        silent = start(**own, DATABASE_URL=database.application)
        shutil.copy(Path(os.environ["RAKKAN_KEYS"], "status.pem"), tmp_path)
        ended = start(**own, DATABASE_URL=database.application)
        assert ended.returncode == 0, ended.stderr
        ended = start(**own, DATABASE_URL=database.owner)
        with closing(psycopg.connect(database.owner, autocommit=True)) as connection:
            connection.execute(f"GRANT TEMPORARY ON DATABASE {database.name} TO PUBLIC")
        shadowing = start(**own, DATABASE_URL=database.application)

    assert silent.returncode != 0
    assert "holds no status.pem" in silent.stderr
    for refused in (ended, shadowing):
        assert refused.returncode != 0
        assert "DATABASE_URL names a role that owns tables, can make some" in refused.stderr


def test_the_hosts_of_the_tests_are_no_hosts_of_the_site() -> None:
    script = "from rakkan.config.settings import ALLOWED_HOSTS; print(ALLOWED_HOSTS)"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'platform'}:{ROOT}"}
    environment.pop("RAKKAN_HOSTS", None)
    printed = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert "testserver" not in printed
    assert "127.0.0.1" in printed


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:3180/", True),
        ("http://127.8.9.1/", True),
        ("https://localhost", True),
        ("https://tsa.localhost.", True),
        ("http://[::1]:80/", True),
        ("http://[::ffff:127.0.0.1]/", True),
        ("http://0.0.0.0:3180/", True),
        ("https://tsa.example.org/", False),
        ("http://127.0.0.1.example.org/", False),
        ("http://192.0.2.1/", False),
        ("http://[2001:db8::1]/", False),
    ],
)
def test_what_is_this_machine(url: str, here: bool) -> None:
    assert is_loopback(url) is here
