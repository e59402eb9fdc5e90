"""Turn a plain column into a sealed one, or seal one under a second key, in a migration."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.db import migrations
from django.db.backends.utils import CursorWrapper
from django.db.migrations.operations.base import Operation
from psycopg import sql

from rakkan.vault.fields import SealedJSON, SealedText, seal_under, subject_at, subjects_at
from rakkan.vault.services import Erased, Place, is_sealed, subject_open, subject_seal

_TRIGGERS = """
SELECT tgname, pg_get_triggerdef(oid), obj_description(oid, 'pg_trigger') FROM pg_trigger
WHERE tgrelid = %s::regclass AND NOT tgisinternal
"""
_CHECKS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = %s::regclass AND contype = 'c'
"""


def seal_columns(app: str, model: str, **fields: SealedText | SealedJSON) -> Operation:
    """Return the operation that seals what lies in these columns and makes them ``fields``.

    Triggers and checks of the table are taken off meanwhile and put back as they were.
    """
    return migrations.SeparateDatabaseAndState(
        database_operations=[migrations.RunPython(_sealer(app, model, fields))],
        state_operations=[
            migrations.AlterField(model, name, field) for name, field in fields.items()
        ],
    )


def seal_under_both(app: str, model: str, **fields: SealedText | SealedJSON) -> Operation:
    """Return the operation that seals what lies in sealed columns under a second key as well.

    What was erased before stays as it is. Triggers and checks as in :func:`seal_columns`.
    """
    return migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunPython(_resealer(app, model, fields), migrations.RunPython.noop)
        ],
        state_operations=[
            migrations.AlterField(model, name, field) for name, field in fields.items()
        ],
    )


def _resealer(app: str, name: str, fields: dict[str, Any]) -> Callable[[Any, Any], None]:
    def forward(apps: Any, schema_editor: Any) -> None:
        model = apps.get_model(app, name)
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            put_back = _take_off(cursor, model._meta.db_table)
            for row in model.objects.iterator(chunk_size=500):
                for column, field in fields.items():
                    _reseal(cursor, row, column, field)
            for statement in put_back:
                cursor.execute(statement)

    return forward


def _reseal(cursor: CursorWrapper, row: Any, column: str, field: Any) -> None:
    value, subjects = row.__dict__[column], subjects_at(row, field.subject)
    if value is None or len(subjects) == 1:
        return
    table = row._meta.db_table
    place = Place(table, column, str(row.pk))
    try:
        content = subject_open(sealed=value, place=place)
        if is_sealed(content):
            return
        sealed = seal_under(subjects, content, place)
    except Erased:
        return
    statement = sql.SQL("UPDATE {t} SET {c} = %s WHERE id = %s").format(
        t=sql.Identifier(table), c=sql.Identifier(column)
    )
    cursor.execute(statement, [sealed, row.pk])


def _sealer(app: str, name: str, fields: dict[str, Any]) -> Callable[[Any, Any], None]:
    def forward(apps: Any, schema_editor: Any) -> None:
        model = apps.get_model(app, name)
        table = model._meta.db_table
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            put_back = _take_off(cursor, table)
            for column in fields:
                _run(cursor, "ALTER TABLE {t} ADD COLUMN {c} bytea", table, f"{column}_sealed")
            for row in model.objects.iterator(chunk_size=500):
                for column, field in fields.items():
                    _seal(cursor, row, column, field)
            for column, field in fields.items():
                _replace(cursor, table, column, null=field.null)
            for statement in put_back:
                cursor.execute(statement)

    return forward


def _seal(cursor: CursorWrapper, row: Any, column: str, field: Any) -> None:
    value = getattr(row, column)
    if value is None:
        return
    table = row._meta.db_table
    content = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    sealed = subject_seal(
        subject_id=subject_at(row, field.subject),
        content=content.encode(),
        place=Place(table, column, str(row.pk)),
    )
    statement = sql.SQL("UPDATE {t} SET {c} = %s WHERE id = %s").format(
        t=sql.Identifier(table), c=sql.Identifier(f"{column}_sealed")
    )
    cursor.execute(statement, [sealed, row.pk])


def _replace(cursor: CursorWrapper, table: str, column: str, *, null: bool) -> None:
    _run(cursor, "ALTER TABLE {t} DROP COLUMN {c}", table, column)
    rename = sql.SQL("ALTER TABLE {t} RENAME COLUMN {a} TO {b}").format(
        t=sql.Identifier(table), a=sql.Identifier(f"{column}_sealed"), b=sql.Identifier(column)
    )
    cursor.execute(rename)
    if not null:
        _run(cursor, "ALTER TABLE {t} ALTER COLUMN {c} SET NOT NULL", table, column)


def _take_off(cursor: CursorWrapper, table: str) -> list[sql.Composable | str]:
    """Drop the table's triggers and checks; return what brings them back."""
    statements: list[sql.Composable | str] = []
    cursor.execute(_CHECKS, [table])
    for name, definition in cursor.fetchall():
        _run(cursor, "ALTER TABLE {t} DROP CONSTRAINT {c}", table, name)
        add = sql.SQL("ALTER TABLE {t} ADD CONSTRAINT {c} ").format(
            t=sql.Identifier(table), c=sql.Identifier(name)
        )
        statements.append(add + sql.SQL(definition))
    cursor.execute(_TRIGGERS, [table])
    for name, definition, comment in cursor.fetchall():
        _run(cursor, "DROP TRIGGER {c} ON {t}", table, name)
        statements.append(definition)
        if comment:
            told = sql.SQL("COMMENT ON TRIGGER {c} ON {t} IS {w}").format(
                c=sql.Identifier(name), t=sql.Identifier(table), w=sql.Literal(comment)
            )
            statements.append(told)
    return statements


def _run(cursor: CursorWrapper, statement: str, table: str, column: str) -> None:
    names = {"t": sql.Identifier(table), "c": sql.Identifier(column)}
    cursor.execute(sql.SQL(statement).format(**names))
