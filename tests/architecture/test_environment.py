"""What each process is told (docs/decisions/0005)."""

from __future__ import annotations

import re

import pytest

from deploy.local import environment
from deploy.local.environment import Secrets, Services

SERVICES = Services(
    database="postgresql://rakkan_app:application-password@/rakkan",
    migrations="postgresql://rakkan_owner:owner-password@/rakkan",
    broker="redis://:broker-password@127.0.0.1:1/0",
    storage="file:///files",
    timestamps="http://127.0.0.1:2/",
    witnesses="witness.example/w1+00000000+AA== http://127.0.0.1:3",
    site="http://127.0.0.1:8000",
)
OWN = Secrets("secret-key", "worker-token", "broker", "superuser", "owner", "application", "demo")


def test_the_render_worker_is_told_no_database_no_storage_and_no_private_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody:hunter2@elsewhere/rakkan")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    told = environment.render_worker(SERVICES, OWN)
    assert not {"DATABASE_URL", "STORAGE_URL", "RAKKAN_KEYS", "RAKKAN_SECRET_KEY"} & told.keys()
    forbidden = "postgresql|hunter2|application-password|owner-password|secret-key"
    assert not re.search(forbidden, " ".join(told.values()))
    assert told["RAKKAN_TRUST"].endswith("trust")


def test_the_platform_runs_as_the_role_that_may_not_change_tables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RAKKAN_MIGRATE_DATABASE_URL", SERVICES.migrations)
    told = environment.platform(SERVICES, OWN)
    assert told["DATABASE_URL"] == SERVICES.database
    assert "owner-password" not in " ".join(told.values())


def test_every_process_keeps_its_numeric_libraries_to_one_thread() -> None:
    for told in (environment.platform(SERVICES, OWN), environment.render_worker(SERVICES, OWN)):
        assert told["OMP_NUM_THREADS"] == told["OPENBLAS_NUM_THREADS"] == "1"


def test_secrets_are_made_once_and_readable_by_their_account_alone(tmp_path) -> None:
    path = tmp_path / "secrets.json"
    first = Secrets.load_or_make(path)
    assert Secrets.load_or_make(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert len({*vars(first).values()}) == len(vars(first))
