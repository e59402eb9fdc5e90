"""Every column of every table of ours is told by the log, kept back or derived, as declared."""

from __future__ import annotations

from collections import Counter

from django.apps import apps

from rakkan.audit.columns import TABLES
from rakkan.vault.fields import SealedJSON, SealedText

OURS = {
    model._meta.db_table: model
    for model in apps.get_models(include_auto_created=True)
    if model.__module__.startswith("rakkan.")
}


def test_of_every_column_somebody_has_said_whether_the_log_tells_it() -> None:
    for table, model in OURS.items():
        columns = TABLES.get(table)
        assert columns, f"Say in platform/rakkan/audit/columns.py what the log tells of {table}."
        said = Counter((*columns.told, *columns.kept_back, *columns.derived))
        there = {field.column for field in model._meta.concrete_fields}
        assert set(said) == there, f"{table}: in columns.py and not there, or the other way round"
        assert not [name for name, times in said.items() if times > 1], table
    assert set(TABLES) == set(OURS), "These tables are not there any more."


def test_what_is_sealed_is_kept_back() -> None:
    for table, model in OURS.items():
        sealed = {
            f.column for f in model._meta.concrete_fields if isinstance(f, SealedText | SealedJSON)
        }
        assert sealed <= set(TABLES[table].kept_back), table


def test_a_table_is_told_by_some_event_or_wholly_derived() -> None:
    for table, columns in TABLES.items():
        assert bool(columns.told) == bool(columns.by), table
