"""A service that changes what the log tells, and does not tell it, fails the test that called it.

Active in every test (tests/conftest.py). PostgreSQL itself says what a statement of the program
changed: ``RETURNING old, new`` is added to each. A statement counts if a module of ``rakkan`` made
it; what a test writes itself does not. When a transaction commits, the rows that it changed must be
among those that its events tell, as they are now (0076):

- of a changed *told* column, the value that an event of the transaction tells;
- for a changed column that is *kept back*, any event of the transaction;
- nothing for what is *derived* (:mod:`rakkan.audit.columns`).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from types import FrameType, TracebackType
from typing import Any
from weakref import WeakKeyDictionary

from django.apps import apps
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models import Field, Model

from rakkan.audit.columns import ARRIVALS, TABLES, UNTOLD, columns_told

_EVENTS = "audit_event"
_WRITE = re.compile(r'\s*(INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+"?(\w+)"?', re.IGNORECASE)
_RETURNING = re.compile(r"\bRETURNING\b", re.IGNORECASE)
# What only carries out what others decide: a test that saves a row itself comes through it too.
_NOT_ACTING = re.compile(r"\.(models|fields|migrations)\b|^rakkan\.(core|vault)\.")


@dataclass(frozen=True)
class _Change:
    """One row that the program wrote."""

    table: str
    key: str
    service: str
    gone: bool
    told: dict[str, Any]  # the row's told columns after it
    changed: frozenset[str]  # columns, derived ones excepted


@dataclass
class _Ledger:
    """What one connection did in its transaction: changes and events, in order."""

    lines: list[_Change | dict[str, Any]] = field(default_factory=list)
    # Where each open block of the program began; None for one of a test or of Django's test case.
    marks: list[int | None] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether the program is in a transaction."""
        return any(mark is not None for mark in self.marks)


class Untold(AssertionError):
    """A service changed something, and no event of the same transaction tells it."""


_ledgers: WeakKeyDictionary[BaseDatabaseWrapper, _Ledger] = WeakKeyDictionary()
_found: list[str] = []


def watch() -> None:
    """Watch every connection of this process from now on; called once."""
    connection_created.connect(_connected, dispatch_uid="told")
    enter, leave = transaction.Atomic.__enter__, transaction.Atomic.__exit__

    def entered(block: transaction.Atomic) -> None:
        enter(block)
        ledger = _ledger(transaction.get_connection(block.using))
        ledger.marks.append(len(ledger.lines) if _opens(sys._getframe(1)) else None)

    def left(
        block: transaction.Atomic,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        database = transaction.get_connection(block.using)
        kept = kind is None and not database.needs_rollback
        try:
            leave(block, kind, error, trace)
        except BaseException:
            kept = False
            raise
        finally:
            _leave(_ledger(database), kept=kept)

    transaction.Atomic.__enter__ = entered  # type: ignore[method-assign]
    transaction.Atomic.__exit__ = left  # type: ignore[method-assign]


def check() -> None:
    """Forget what was found so far.

    Raises:
        Untold: something was.
    """
    found = list(dict.fromkeys(_found))
    _found.clear()
    if found:
        raise Untold("\n".join(found))


def _connected(connection: BaseDatabaseWrapper, **_: object) -> None:
    # `old` and `new` came with PostgreSQL 18, which the tests start; an older one that
    # DATABASE_URL names is not watched.
    with connection.temporary_connection() as cursor:
        cursor.execute("SHOW server_version_num")
        recent = int(cursor.fetchone()[0]) >= 180000
    if recent and _executed not in connection.execute_wrappers:
        connection.execute_wrappers.append(_executed)


def _ledger(database: BaseDatabaseWrapper) -> _Ledger:
    return _ledgers.setdefault(database, _Ledger())


def _opens(frame: FrameType) -> bool:
    """Say whether the program opens a block: in its code, or as the decorator of a function."""
    decorated = (
        frame.f_locals.get("func") if frame.f_globals.get("__name__") == "contextlib" else None
    )
    module = getattr(decorated, "__module__", "") or ""
    return module.startswith("rakkan.") or bool(_acting(frame))


def _leave(ledger: _Ledger, *, kept: bool) -> None:
    """End a block: undone, its lines go; the program's outermost one is the transaction."""
    begin = ledger.marks.pop()
    if begin is None:
        return
    if not kept:
        del ledger.lines[begin:]
    if not ledger.open:
        _judge(ledger)


def _judge(ledger: _Ledger) -> None:
    _found.extend(_untold(ledger.lines))
    ledger.lines.clear()


def _executed(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    write = _WRITE.match(sql) if isinstance(sql, str) else None
    table = write[2] if write else ""
    service = _acting(sys._getframe(1)) if table in TABLES and not many else ""
    if write is None or not service or not (_watched(table) or table == _EVENTS):
        return execute(sql, params, many, context)
    wanted = _wanted(table, gone=write[1].upper().startswith("DELETE"))
    asks = bool(_RETURNING.search(sql))
    result = execute(f"{sql}{', ' if asks else ' RETURNING '}{wanted}", params, many, context)
    cursor = context["cursor"]
    rows = cursor.fetchall()
    if asks and rows:
        cursor.scroll(0, mode="absolute")  # for whom asked: theirs are the first columns
    ledger = _ledger(context["connection"])
    for row in rows:
        ledger.lines.append(_line(table, row, service))
    if not ledger.open:  # a transaction of its own
        _judge(ledger)
    return result


def _acting(frame: FrameType | None) -> str:
    """Return the service, or else the outermost function of the program, that is at work.

    Nobody, where a test made the statement, were it in a view or task of its own.
    """
    outermost = ""
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if not outermost and module.startswith("tests."):
            return ""
        ours = module.startswith("rakkan.") and not _NOT_ACTING.search(module)
        if ours and (".services" in module or ".services" not in outermost):
            outermost = f"{module}.{frame.f_code.co_qualname}"
        frame = frame.f_back
    return outermost


def _watched(table: str) -> bool:
    columns = TABLES[table]
    return bool(columns.told or columns.kept_back)


def _model(table: str) -> type[Model]:
    return next(m for m in apps.get_models(include_auto_created=True) if m._meta.db_table == table)


def _wanted(table: str, *, gone: bool) -> str:
    """Return what to ask PostgreSQL for: key, told columns, and which columns changed."""
    if table == _EVENTS:
        return "new.canonical"
    columns, row = TABLES[table], "old" if gone else "new"
    said = ", ".join(f'{row}."{name}"' for name in (_model(table)._meta.pk.column, *columns.told))
    changed = ", ".join(
        f"""CASE WHEN old."{name}" IS DISTINCT FROM new."{name}" THEN '{name}' END"""
        for name in (*columns.told, *columns.kept_back)
    )
    return f"{said}, {str(gone).lower()}, array_remove(ARRAY[{changed}], NULL)"


def _line(table: str, row: tuple[Any, ...], service: str) -> _Change | dict[str, Any]:
    if table == _EVENTS:
        event: dict[str, Any] = json.loads(row[-1])
        return event
    names = TABLES[table].told
    key, *values, gone, changed = row[-len(names) - 3 :]
    fields = {one.column: one for one in _model(table)._meta.concrete_fields}
    held = {
        fields[name].attname: _python(fields[name], value)
        for name, value in zip(names, values, strict=True)
    }
    told = columns_told(_model(table)(**held)) if names else {}
    return _Change(table, str(key), service, gone, told, frozenset(changed))


def _python(field: Field[Any, Any], value: Any) -> Any:
    for converter in field.get_db_converters(connection):
        value = converter(value, field, connection)
    return value


def _untold(lines: list[_Change | dict[str, Any]]) -> Iterator[str]:
    """Say of each row that a transaction changed what none of its events tells."""
    events = [line for line in lines if isinstance(line, dict)]
    states = {ARRIVALS[event["name"]] for event in events if event["name"] in ARRIVALS}
    said = _said(events)
    for change in _rows(lines):
        told, kept_back = TABLES[change.table].told, TABLES[change.table].kept_back
        exempt = set(UNTOLD.get(change.table, {}))
        if change.table == "productions_production" and change.told["state"] in states:
            exempt.add("state")
        row = said.get((change.table, change.key), {})
        silent = {
            name
            for name in change.changed - exempt
            if (name in told and (change.gone or row.get(name, ...) != change.told[name]))
            or (name in kept_back and not events)
        }
        if silent:
            yield _sentence(change, sorted(silent), [event["name"] for event in events])


def _said(events: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    rows = [row for event in events for row in event["data"].get("rows", [])]
    return {
        (row["table"], row["columns"][_model(row["table"])._meta.pk.column]): row["columns"]
        for row in rows
    }


def _rows(lines: list[_Change | dict[str, Any]]) -> list[_Change]:
    """Sum up the changes of each row: every column that changed, and how it is in the end."""
    rows: dict[tuple[str, str], _Change] = {}
    for line in lines:
        if isinstance(line, _Change):
            before = rows.get((line.table, line.key))
            changed = line.changed | (before.changed if before else frozenset())
            rows[line.table, line.key] = replace(line, changed=changed)
    return list(rows.values())


def _sentence(change: _Change, columns: list[str], events: list[str]) -> str:
    places = ", ".join(f"{change.table}.{name}" for name in columns)
    what = "deleted a row with" if change.gone else "changed"
    return (
        f"{change.service} {what} {places}, and no event of the same transaction tells it "
        f"(events: {', '.join(events) or 'none'}). Hand the row, as it is in the end, to its "
        "event (rows=), or say in platform/rakkan/audit/columns.py why nobody need be told."
    )
