"""Events lie in a partition a month: rows of before are kept, and what held goes on holding."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

import psycopg
import pytest

from compliance.ledger import leaf_hash
from deploy.local.testing import TestServers
from tests.databases import Database, bare_database, environment_now, manage

EVENT = (
    "INSERT INTO audit_event (id, name, occurred_at, actor_id, actor_role, organisation_id,"
    " object_type, object_id, object_label, request_id, data, canonical)"
    " VALUES (%s, 'audit.log.read', %s, 'system:test', 'system', '', 'log', '1', '', '', '{}', %s)"
)
LEAF = (
    "INSERT INTO audit_leaf (sequence, event_id, leaf_hash, sequenced_at)"
    " VALUES (%s, %s, %s, now())"
)
TIMES = ["2025-11-30 23:59:59.9+00", "2025-12-01 00:00+00", "2026-02-14 12:00+00"]


@pytest.fixture(scope="module")
def grown(servers: TestServers) -> Iterator[tuple[Database, list[str]]]:
    """A database of before, with two numbered events and one that waits, brought up to date."""
    environment = environment_now()
    with bare_database(servers) as database:
        owning = {
            **environment,
            "DATABASE_URL": database.application,
            "RAKKAN_MIGRATE_DATABASE_URL": database.owner,
        }
        manage(owning, "migrate", "audit", "0003", "--verbosity", "0")
        ids = [str(uuid4()) for _ in TIMES]
        with closing(psycopg.connect(database.owner, autocommit=True)) as connection:
            for number, (one, moment) in enumerate(zip(ids, TIMES, strict=True)):
                connection.execute(EVENT, [one, moment, f"event {number}"])
                if number < 2:
                    hashed = leaf_hash(f"event {number}".encode())
                    connection.execute(LEAF, [number, one, hashed])
        manage(owning, "prepare", "--verbosity", "0", "--grant-to", database.role)
        yield database, ids


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute("SELECT set_config('rakkan.organisation', 'system', false)")
        return connection.execute(query).fetchall()


def test_rows_numbers_and_queue_are_kept(grown: tuple[Database, list[str]]) -> None:
    database, ids = grown
    found = rows(
        database.application,
        "SELECT e.tableoid::regclass::text, e.id::text, sequence, canonical,"
        " l.occurred_at = e.occurred_at, w.event_id IS NOT NULL FROM audit_event e"
        " LEFT JOIN audit_leaf l ON l.event_id = e.id"
        " LEFT JOIN audit_waiting w ON w.event_id = e.id ORDER BY e.occurred_at",
    )
    assert found == [
        ("audit_event_2025_11", ids[0], 0, "event 0", True, False),
        ("audit_event_2025_12", ids[1], 1, "event 1", True, False),
        ("audit_event_2026_02", ids[2], None, "event 2", None, True),
    ]


@pytest.mark.parametrize("table", ["audit_event", "audit_event_2026_02", "audit_event_other"])
@pytest.mark.parametrize("statement", ["UPDATE {t} SET id = id", "DELETE FROM {t}", "TRUNCATE {t}"])
def test_not_even_the_owner_changes_a_month(
    grown: tuple[Database, list[str]], table: str, statement: str
) -> None:
    database, _ = grown
    if table != "audit_event" and not statement.startswith("TRUNCATE"):
        assert not rows(database.owner, f"SELECT 1 FROM {table}")  # noqa: S608, "row security shows nothing"
        trigger = (
            "SELECT count(*) FROM pg_trigger WHERE tgenabled = 'O' AND tgtype & 1 = 1"  # noqa: S608
            f" AND tgrelid = '{table}'::regclass AND tgname LIKE 'pgtrigger_event_no_change%'"
        )
        assert rows(database.owner, trigger) == [(1,)]
        return
    with pytest.raises(psycopg.Error) as error:
        rows(database.owner, statement.format(t=table) + ";")
    assert "append-only" in str(error.value) or "foreign key" in str(error.value)


def test_the_application_makes_months_to_come_and_nothing_else(
    grown: tuple[Database, list[str]],
) -> None:
    database, _ = grown
    assert rows(database.application, "SELECT audit_months_make(15)") == [(3,)]
    assert rows(database.application, "SELECT audit_months_make(15)") == [(0,)]
    for refused in (
        "SELECT audit_month_make('2001-01-01')",
        "SELECT audit_months_make(100)",
        "SELECT 1 FROM audit_event_2026_02",
        "DROP TABLE audit_event_2026_02",
    ):
        with pytest.raises(psycopg.Error):
            rows(database.application, refused)
