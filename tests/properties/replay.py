"""The log, read in its order, makes the tables: no event loses its act and no act its event.

Nothing is used here but the canonical form of each event, as an auditor has it in an export.
"""

from __future__ import annotations

import json
from typing import Any

from django.apps import apps
from django.db.models import Model

from rakkan.audit.columns import TABLES, columns_told
from rakkan.audit.models import Event

Row = dict[str, Any]
Tables = dict[str, dict[str, Row]]  # table -> primary key -> told columns

# Events of other apps that tell where a production has come to.
_ARRIVALS = {
    "dispatch.permit.issued": "rendering",
    "dispatch.job.reclaimed": "queued",
    "releases.release.revoked": "revoked",
}
_CHANGING = {  # tables whose rows change; of all others a row is told once
    *("productions_production", "dispatch_job", "accounts_user", "approvals_delegation"),
    "vault_subjectkey",
}
_TELLING = {
    name.value: {table for table, columns in TABLES.items() if name in columns.by}
    for name in {name for columns in TABLES.values() for name in columns.by}
}
_MODELS = {model._meta.db_table: model for model in apps.get_models()}


class Replay:
    """The tables as the log tells them so far; reads on from where it stopped."""

    def __init__(self) -> None:
        self.tables: Tables = {table: {} for table in TABLES}
        self._read = 0  # number of the last event

    def read_on(self) -> None:
        """Take in what was written since."""
        rows = Event.objects.filter(written__gt=self._read).order_by("written")
        for written, canonical in rows.values_list("written", "canonical"):
            self._take(json.loads(canonical))
            self._read = written

    def _take(self, event: dict[str, Any]) -> None:
        name, told = event["name"], event["data"].get("rows", [])
        expected = _TELLING.get(name, set())
        assert not expected or told, f"{name} tells of no row"
        for row in told:
            assert row["table"] in expected, f"{name} tells of a row of {row['table']}"
            self._write(row["table"], row["columns"])
        if name in _ARRIVALS:
            self._arrive(event, told)

    def _write(self, table: str, columns: Row) -> None:
        key = columns[_key(table)]
        known = self.tables[table].get(key)
        assert known is None or table in _CHANGING, f"{table} {key} is told twice"
        self.tables[table][key] = columns

    def _arrive(self, event: dict[str, Any], told: list[Any]) -> None:
        """Move the production that another app's event is about."""
        jobs = [row["columns"] for row in told if row["table"] == "dispatch_job"]
        subject = jobs[0]["subject_id"] if jobs else event["data"]["production"]
        if not jobs or jobs[0]["kind"] == "render":
            self.tables["productions_production"][subject]["state"] = _ARRIVALS[event["name"]]


def compare(replayed: Tables) -> None:
    """Assert that the told columns of every table are what the log says."""
    for table, columns in TABLES.items():
        if columns.told:
            there = {str(row.pk): columns_told(row) for row in _rows(table)}
            said = replayed[table]
            assert there.keys() <= said.keys(), f"no event tells {there.keys() - said.keys()}"
            assert said.keys() <= there.keys(), f"no row of {said.keys() - there.keys()}"
            for key, row in there.items():
                assert row == said[key], f"{table}: the log says {said[key]}, the table {row}"


def _rows(table: str) -> list[Model]:
    model = _MODELS[table]
    rows = model._default_manager.all()
    if table == "vault_subjectkey":  # of the keys that are there, nothing is told
        rows = rows.exclude(destroyed_at=None)
    return list(rows)


def _key(table: str) -> str:
    key = _MODELS[table]._meta.pk
    assert key is not None
    return key.column
