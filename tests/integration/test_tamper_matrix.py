"""Whoever changes the log is found out: attacks on real data, by SQL as the superuser or in files.

The rows of docs/audit-log.md, "What to hold". Eleven are found offline in what an auditor is
handed, `manage.py log_export`, with the first bad place named; the last, a wall taken away, by the
platform's self-check. Who changes rows makes the log's files agree with them (`forge`).
"""
# ruff: noqa: S608  the attacker's SQL, with numbers of ours

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import psycopg
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from compliance.canonical import canonical_json
from compliance.development.keys import ORIGIN
from compliance.ledger import (
    KeyKind,
    LogTrust,
    NoteSigner,
    TileName,
    VerifierKey,
    encode_bundle,
)
from compliance.ledger.tiles import WIDTH
from compliance.log.consistency import ConsistencyCase, consistency_verify
from compliance.log.export import ExportCase, export_verify
from compliance.signing import load_private, private_pem
from compliance.verify.report import Report
from deploy.local import postgres
from deploy.local.private import temporary_folder
from deploy.local.processes import Child
from deploy.local.testing import TestServers
from tests.databases import ROOT, Database, environment_now, manage, prepared_database
from tests.servers import settings_environment

PUBLIC = {
    "TSA_URL": "https://tsa.example.org/",
    "RAKKAN_PUBLIC_URL": "https://rakkan.example.org",
    "EMAIL_URL": "smtps://mail.example.org",
    "RAKKAN_SIGNER": "vault+https://vault.example.org/transit/claims",
    "RAKKAN_EVIDENCE_SIGNER": "vault+https://vault.example.org/transit/packs",
}
FIRST, SECOND = 300, 400  # events of the first and of both checkpoints
_ENTRIES = (
    "SELECT l.sequence, e.canonical FROM audit_leaf l JOIN audit_event e ON e.id = l.event_id"
    " ORDER BY l.sequence"
)
_ACT = """
import sys, django
django.setup()
from rakkan.core.tenancy import process_is_system
process_is_system()
from django.db import transaction
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, events_record, log_advance, system
with transaction.atomic():
    about = [(Subject("log", str(n)), {"number": n}) for n in range(int(sys.argv[1]))]
    events_record(EventName.LOG_READ, actor=system("test"), about=about)
log_advance()
"""
_AUDITOR = """
import sys, django
django.setup()
from rakkan.core.tenancy import process_is_system
process_is_system()
from rakkan.audit.services import log_advance
from rakkan.inspection.services import index_update
from tests.integration import people
print(people.team_make().auditor.pk)
while log_advance():
    pass
while index_update():
    pass
"""
_TAKE = """
import sys, django
django.setup()
from rakkan.core.tenancy import as_organisation, as_system
from rakkan.accounts.models import User
from rakkan.inspection.filters import LogFilter
from rakkan.inspection.services import Form, export_stream
with as_system():
    user = User.objects.get(pk=sys.argv[2])
with as_organisation(user.organisation_id), open(sys.argv[1], "wb") as stream:
    stream.writelines(export_stream(user=user, asked=LogFilter(), form=Form.ZIP))
"""
_CHECK = """
import django
django.setup()
from rakkan.config.self_check import self_check
print("\\n".join(self_check()))
"""


@dataclass
class Platform:
    """A platform of its own: a database server whose superuser is the attacker, and files."""

    superuser: str
    environment: dict[str, str]
    folder: Path
    database: Database

    @property
    def log(self) -> Path:
        return self.folder / "blobs" / "log"

    @property
    def key(self) -> VerifierKey:
        private = load_private(self.folder / "keys" / "checkpoint.pem")
        return NoteSigner(ORIGIN, KeyKind.NOTE, private).key

    def run(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", script, *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def act(self, count: int) -> None:
        ended = self.run(_ACT, str(count))
        assert ended.returncode == 0, ended.stderr

    def start_in_production(self) -> subprocess.CompletedProcess[str]:
        """Start the web as a production does, with parts of its own."""
        own = {"RAKKAN_ENV": "production", "RAKKAN_KEYS": str(self.folder / "blobs"), **PUBLIC}
        return subprocess.run(
            [sys.executable, "-c", "import rakkan.config.wsgi"],
            cwd=ROOT, env=self.environment | own, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        """As the superuser with every trigger off: nothing holds them."""
        with closing(psycopg.connect(self.superuser, autocommit=True)) as connection:
            connection.execute("SET session_replication_role = replica")
            for statement in statements[:-1]:
                connection.execute(statement)  # type: ignore[arg-type]
            ended = connection.execute(statements[-1])  # type: ignore[arg-type]
            return ended.fetchall() if ended.description else []

    def forge(self) -> None:
        """Write the entries' files anew so that they agree with the rows as they are now."""
        entries = [canonical.encode() for _, canonical in self.sql(_ENTRIES)]
        for file in (self.log / "tile" / "entries").rglob("*"):
            if file.is_file():
                name = TileName.parse(file.relative_to(self.log).as_posix())
                first = name.index * WIDTH
                file.write_bytes(encode_bundle(entries[first : first + name.width]))

    def log_export(self, folder: Path) -> subprocess.CompletedProcess[str]:
        """Have the platform export its log."""
        command = [sys.executable, "manage.py", "log_export", str(folder.with_suffix(".zip"))]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )

    def export(self, folder: Path) -> Path:
        """What an auditor is handed: the platform's own export of the whole log, unpacked."""
        ended = self.log_export(folder)
        assert ended.returncode == 0, ended.stderr
        with ZipFile(folder.with_suffix(".zip")) as archive:
            archive.extractall(folder)
        return folder


@pytest.fixture(scope="module")
def original() -> Iterator[Platform]:
    """The true log: two checkpoints, 700 events."""
    folder = temporary_folder("rakkan-tamper-")
    passwords = postgres.Passwords(*(secrets.token_urlsafe(16) for _ in range(3)))
    cluster = postgres.plan(folder / "pg", passwords)
    postgres.initialise(cluster)
    server = Child(postgres.program(cluster, durable=False), folder)
    try:
        server.start()
        server.wait_ready(60.0)
        postgres.prepare(cluster)
        servers = TestServers(
            cluster.url(postgres.OWNER), cluster.url(postgres.APPLICATION), os.environ["BROKER_URL"]
        )
        own = settings_environment(servers, folder)
        environment = {
            **environment_now(),
            **own,
            "STORAGE_URL": (folder / "blobs").as_uri(),
            "RAKKAN_CHECKPOINT_SECONDS": "0",
            "DJANGO_SETTINGS_MODULE": "rakkan.config.settings",
        }
        with prepared_database(servers, environment) as database:
            environment["DATABASE_URL"] = database.application
            superuser = cluster.url(postgres.SUPERUSER, database.name)
            platform = Platform(superuser, environment, folder, database)
            platform.act(FIRST)
            shutil.copy(platform.log / "checkpoint", folder / "earlier")
            platform.act(SECOND)
            yield platform
    finally:
        server.stop()
        shutil.rmtree(cluster.sockets, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def platform(original: Platform, tmp_path: Path) -> Iterator[Platform]:
    """The true log, and after the attack the true log again."""
    saved = tmp_path / "saved"
    shutil.copytree(original.log, saved)
    tables = ("audit_event", "audit_leaf", "audit_checkpoint", "audit_waiting", "audit_selfcheck")
    original.sql(
        "CREATE SCHEMA saved", *(f"CREATE TABLE saved.{one} AS TABLE {one}" for one in tables)
    )
    yield original
    original.sql(
        *(f"TRUNCATE {one} CASCADE" for one in tables),
        *(f"INSERT INTO {one} TABLE saved.{one}" for one in tables),
        "DROP SCHEMA saved CASCADE",
    )
    shutil.rmtree(original.log)
    shutil.copytree(saved, original.log)


def verified(platform: Platform, folder: Path, old: Path | None = None) -> Report:
    trust = LogTrust((platform.key,))
    return export_verify(ExportCase(folder, trust, old=old.read_bytes() if old else None))


def failed(report: Report) -> dict[str, str]:
    return {check.name: check.detail for check in report.checks if check.outcome == "fail"}


def event(number: int) -> str:
    return f"(SELECT event_id FROM audit_leaf WHERE sequence = {number})"


def rehash(number: int) -> str:
    """The attacker mends the row of the number as well."""
    return (
        "UPDATE audit_leaf l SET leaf_hash ="
        " sha256('\\x00'::bytea || convert_to(e.canonical, 'UTF8'))"
        f" FROM audit_event e WHERE e.id = l.event_id AND l.sequence = {number}"
    )


def edited(number: int) -> str:
    return (
        "UPDATE audit_event SET canonical = replace(canonical, '\"audit.log.read\"',"
        f" '\"audit.log.bead\"') WHERE id = {event(number)}"
    )


def test_the_true_log_holds(platform: Platform, tmp_path: Path) -> None:
    report = verified(platform, platform.export(tmp_path / "e"), platform.folder / "earlier")
    assert report.exit_status == 0, failed(report)
    assert platform.run(_CHECK).stdout.strip() == ""


def test_1_an_edited_event(platform: Platform, tmp_path: Path) -> None:
    platform.sql(edited(317), rehash(317))
    platform.forge()
    found = failed(verified(platform, platform.export(tmp_path / "e")))
    assert "Event 317 is not the one that the log holds" in found["events"]


def test_1_an_edited_event_in_an_organisations_own_export(
    platform: Platform, tmp_path: Path
) -> None:
    made = platform.run(_AUDITOR)
    auditor, file = made.stdout.strip(), tmp_path / "selection.zip"
    trust = LogTrust((platform.key,))
    assert platform.run(_TAKE, str(file), auditor).returncode == 0, made.stderr
    assert export_verify(ExportCase(file, trust, whole=False)).exit_status == 0

    ((number,),) = platform.sql(
        "SELECT max(l.sequence) FROM audit_leaf l JOIN audit_event e ON e.id = l.event_id"
        f" WHERE e.organisation_id = (SELECT organisation_id::text FROM accounts_user"
        f" WHERE id = '{auditor}')"
    )
    platform.sql(
        'UPDATE audit_event SET canonical = replace(canonical, \'"actor_role":"\','
        ' \'"actor_role":"un\')'
        f" WHERE id = {event(number)}",
        rehash(number),
    )
    assert platform.run(_TAKE, str(file), auditor).returncode == 0
    found = failed(export_verify(ExportCase(file, trust, whole=False)))
    assert f"Event {number} is not the one that the log holds" in found["events"]


def test_2_a_deleted_event(platform: Platform, tmp_path: Path) -> None:
    platform.sql(
        f"DELETE FROM audit_event WHERE id = {event(317)}",
        "DELETE FROM audit_leaf WHERE sequence = 317",
    )
    folder = platform.export(tmp_path / "e")  # from its files, which still hold the event
    assert verified(platform, folder).exit_status == 0
    lines_cut(folder, 317, 318)
    assert "event 317 is missing" in failed(verified(platform, folder))["events"]

    platform.forge()
    refused = platform.log_export(tmp_path / "forged")
    assert refused.returncode == 1
    assert "tile/entries/002.p/188: A bundle holds 187 entries, not 188." in refused.stderr


def test_3_an_inserted_event(platform: Platform, tmp_path: Path) -> None:
    platform.sql(
        "UPDATE audit_leaf SET sequence = -sequence - 1 WHERE sequence >= 317",
        "UPDATE audit_leaf SET sequence = -sequence WHERE sequence < 0",
        "CREATE TEMP TABLE one AS SELECT * FROM audit_event WHERE id ="
        " (SELECT event_id FROM audit_leaf WHERE sequence = 0)",
        "UPDATE one SET canonical = replace(canonical, id::text, "
        "'00000000-0000-4000-8000-000000000000'), id = '00000000-0000-4000-8000-000000000000'",
        "INSERT INTO audit_event SELECT * FROM one",
        "INSERT INTO audit_leaf (sequence, event_id, occurred_at, leaf_hash, sequenced_at)"
        " SELECT 317, id, occurred_at, '', now() FROM one",
        rehash(317),
    )
    platform.forge()
    found = failed(verified(platform, platform.export(tmp_path / "e")))
    assert "Event 317 is not the one that the log holds" in found["events"]


def test_4_reordered_events(platform: Platform, tmp_path: Path) -> None:
    folder = platform.export(tmp_path / "e")
    lines = (folder / "events.jsonl").read_bytes().splitlines(keepends=True)
    lines[317:320] = [lines[318], lines[319], lines[317]]
    (folder / "events.jsonl").write_bytes(b"".join(lines))
    found = failed(verified(platform, folder))
    assert "event 317 is missing, 318 stands in its place" in found["events"]


def test_5_two_swapped_events(platform: Platform, tmp_path: Path) -> None:
    platform.sql(
        "UPDATE audit_leaf SET sequence = -1 WHERE sequence = 317",
        "UPDATE audit_leaf SET sequence = 317 WHERE sequence = 450",
        "UPDATE audit_leaf SET sequence = 450 WHERE sequence = -1",
    )
    platform.forge()
    found = failed(verified(platform, platform.export(tmp_path / "e")))
    assert "Event 317 is not the one that the log holds" in found["events"]


def test_6_the_end_cut_off(platform: Platform, tmp_path: Path) -> None:
    platform.sql("DELETE FROM audit_leaf WHERE sequence >= 650")
    folder = platform.export(tmp_path / "e")
    lines_cut(folder, 650, 700)
    found = failed(verified(platform, folder))
    assert "end before 650; the log has 700" in found["events"]


def lines_cut(folder: Path, first: int, end: int) -> None:
    """Take lines out of an export on its way to the auditor."""
    lines = (folder / "events.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "events.jsonl").write_bytes(b"".join(lines[:first] + lines[end:]))


def rolled_back(platform: Platform) -> None:
    """The database and the files as they were when the log had its first checkpoint."""
    platform.sql(
        f"DELETE FROM audit_checkpoint WHERE size > {FIRST}",
        f"DELETE FROM audit_event WHERE id IN (SELECT event_id FROM audit_leaf"
        f" WHERE sequence >= {FIRST})",
        f"DELETE FROM audit_leaf WHERE sequence >= {FIRST}",
    )
    shutil.rmtree(platform.log)
    platform.sql("DELETE FROM audit_checkpoint")
    platform.act(0)  # the platform signs what there is: the key is its own


def test_7_a_log_rolled_back_to_an_old_checkpoint(platform: Platform, tmp_path: Path) -> None:
    later = tmp_path / "later"
    shutil.copy(platform.log / "checkpoint", later)
    rolled_back(platform)
    found = failed(verified(platform, platform.export(tmp_path / "e"), later))
    assert "rolled back: it had 700 events and now has 300" in found["earlier"]


def test_8_a_fork_shown_to_two_auditors(platform: Platform, tmp_path: Path) -> None:
    first = platform.export(tmp_path / "first")
    rolled_back(platform)
    platform.act(SECOND)  # another history of the same length, by the same key
    second = platform.export(tmp_path / "second")

    for one in (first, second):
        assert verified(platform, one).exit_status == 0, "each holds on its own"
    met = ConsistencyCase(
        first / "checkpoint", second / "checkpoint", LogTrust((platform.key,)), tiles=second
    )
    assert "rewritten or forked" in failed(consistency_verify(met))["consistent"]


def test_9_a_replaced_tile(platform: Platform, tmp_path: Path) -> None:
    tile = platform.log / "tile" / "0" / "001"
    content = bytearray(tile.read_bytes())
    content[40] ^= 1
    tile.write_bytes(content)
    found = failed(verified(platform, platform.export(tmp_path / "e")))
    assert "tile/0/001" in " ".join(found.values())


def test_10_a_replaced_signing_key(platform: Platform, tmp_path: Path) -> None:
    pinned, keys = platform.key, platform.folder / "keys"
    kept = (keys / "checkpoint.pem").read_bytes()
    platform.sql("DELETE FROM audit_checkpoint")
    shutil.rmtree(platform.log)
    try:
        (keys / "checkpoint.pem").write_bytes(private_pem(Ed25519PrivateKey.generate()))
        refused = platform.run(_ACT, "1")
        assert "not the log's key in the trust folder" in refused.stderr, "the platform itself"
        trusted, other = platform.folder / "trust" / "checkpoint.pub.pem", platform.key
        public = trusted.read_bytes()
        trusted.write_bytes(pem_of(other))
        platform.act(0)
        trusted.write_bytes(public)
    finally:
        (keys / "checkpoint.pem").write_bytes(kept)
    folder = platform.export(tmp_path / "e")
    found = failed(export_verify(ExportCase(folder, LogTrust((pinned,)))))
    assert "The pinned key of the log did not sign it" in found["checkpoint"]


def pem_of(key: VerifierKey) -> bytes:
    public = Ed25519PublicKey.from_public_bytes(key.public)
    return public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def test_11_a_back_dated_event(platform: Platform, tmp_path: Path) -> None:
    ((text,),) = platform.sql(
        "SELECT canonical FROM audit_event WHERE id ="
        " (SELECT event_id FROM audit_leaf WHERE sequence = 0)"
    )
    entry = json.loads(text)
    moment = datetime.fromisoformat(entry["occurred_at"]) - timedelta(hours=2)
    entry |= {"id": str(uuid4()), "occurred_at": moment.isoformat()}
    columns = ", ".join(name for name in entry if name != "data")
    with closing(psycopg.connect(platform.superuser, autocommit=True)) as connection:
        connection.execute(
            f"INSERT INTO audit_event ({columns}, data, canonical)"
            f" VALUES ({', '.join(['%s'] * (len(entry) + 1))})",  # type: ignore[arg-type]
            [
                *(entry[name] for name in entry if name != "data"),
                json.dumps(entry["data"]),
                canonical_json(entry).decode(),
            ],
        )
    platform.act(0)
    found = failed(verified(platform, platform.export(tmp_path / "e")))
    assert "700" in found["times"]


WALLS = {
    "dropped": (
        "DROP TRIGGER pgtrigger_leaf_consecutive_74dcd ON audit_leaf",
        "pgtrigger_leaf_consecutive_74dcd on audit_leaf is gone",
    ),
    "switched off": (
        "ALTER TABLE audit_event DISABLE TRIGGER event_waits",
        "event_waits on audit_event is switched off",
    ),
    "emptied": (
        "CREATE OR REPLACE FUNCTION pgtrigger_event_no_change_c3b95() RETURNS trigger"
        " LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "pgtrigger_event_no_change_c3b95 on audit_event does something else",
    ),
    "a month's": (
        "DROP TRIGGER pgtrigger_event_no_truncate_bbca9 ON audit_event_other",
        "pgtrigger_event_no_truncate_bbca9 on audit_event_other is gone",
    ),
    "switchable": (
        "CREATE OR REPLACE FUNCTION _pgtrigger_should_ignore(trigger_name name) RETURNS boolean"
        " LANGUAGE sql IMMUTABLE AS 'SELECT true'",
        "A session may switch triggers off",
    ),
    "a right": ("GRANT UPDATE ON audit_event TO {role}", "may UPDATE on audit_event"),
    "a right on a column": (
        "GRANT UPDATE (leaf_hash) ON audit_leaf TO {role}",
        "UPDATE (leaf_hash) on audit_leaf",
    ),
    "a right for everybody": ("GRANT TRUNCATE ON audit_leaf TO PUBLIC", "may TRUNCATE"),
    "row security": (
        "ALTER TABLE consents_consent NO FORCE ROW LEVEL SECURITY",
        "consents_consent is not behind its row-level security",
    ),
}


def test_12_walls_taken_away(platform: Platform) -> None:
    with closing(psycopg.connect(platform.superuser, autocommit=True)) as connection:
        for statement, _ in WALLS.values():
            connection.execute(statement.format(role=platform.database.role))  # type: ignore[arg-type]
    try:
        found = platform.run(_CHECK)
        for name, (_, said) in WALLS.items():
            assert said in found.stdout, f"{name}, on schedule: {found.stdout}{found.stderr}"
        assert "LogUnsound" in platform.run(_ACT, "1").stderr, "nothing is numbered meanwhile"
        started = platform.start_in_production()
        assert started.returncode != 0
        for name, (_, said) in WALLS.items():
            assert said in started.stderr, f"{name}, at start-up"
    finally:
        mend(platform)
    platform.act(1)


def mend(platform: Platform) -> None:
    """As an operator does: make the walls anew; then a self-check passes and the log goes on."""
    with closing(psycopg.connect(platform.superuser, autocommit=True)) as connection:
        connection.execute("REVOKE ALL ON audit_leaf FROM PUBLIC")
        connection.execute("ALTER TABLE audit_event ENABLE TRIGGER event_waits")
    own = platform.environment | {"RAKKAN_MIGRATE_DATABASE_URL": platform.database.owner}
    manage(own, "pgtrigger", "install")
    manage(own, "prepare", "--verbosity", "0", "--grant-to", platform.database.role)
