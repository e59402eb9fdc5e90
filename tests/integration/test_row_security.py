"""The second wall between organisations: PostgreSQL shows and takes the rows of one alone.

Played by the owner of the tables, with triggers and checks switched off: whatever refuses here is
the wall and nothing else. A new table joins by itself; its rows are made from its columns.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.postgres.fields import ArrayField
from django.db import Error, connection, models, transaction
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from rakkan.accounts.models import Organisation
from rakkan.audit.models import Event, Leaf
from rakkan.config import row_security
from rakkan.config.row_security import parent_of, tenant_models
from rakkan.core.tenancy import Own, as_nobody, as_organisation, as_system

TENANTS = dict(tenant_models())
TABLES = pytest.mark.parametrize("model", TENANTS, ids=lambda model: model._meta.db_table)

pytestmark = pytest.mark.django_db  # each test is a savepoint in the transaction of the rows


@dataclass
class Rows:
    """One row of every table, all of one organisation."""

    organisation: Organisation
    made: dict[type[models.Model], models.Model] = field(default_factory=dict)
    begun: set[type[models.Model]] = field(default_factory=set)

    def make(self, model: type[models.Model]) -> models.Model:
        """The row of a model, made with the rows it hangs on when it is first asked for."""
        if model not in self.made:
            self.begun.add(model)
            columns = {
                one.attname: self._value(model, one)
                for one in model._meta.concrete_fields
                if not isinstance(one, models.AutoField | models.GeneratedField)
            }
            (self.made[model],) = model._default_manager.bulk_create([model(**columns)])
        return self.made[model]

    def _value(self, model: type[models.Model], column: models.Field[Any, Any]) -> object:
        declaration = TENANTS[model]
        if model is Leaf and column.name == "occurred_at":  # a part of its foreign key
            return self.make(Event).occurred_at  # type: ignore[attr-defined]
        if isinstance(declaration, Own):
            if column.column == declaration.column:
                return self.organisation.pk
        elif column.name == declaration.field:
            return self.make(parent_of(model, declaration)).pk
        if isinstance(column, models.ForeignKey) and column.related_model in TENANTS:
            if column.null and column.related_model in self.begun - self.made.keys():
                return None
            return self.make(column.related_model).pk
        if column.null:
            return None
        return column.get_default() if column.has_default() else _anything(column)


def _anything(column: models.Field[Any, Any]) -> object:
    makers: tuple[tuple[type[models.Field[Any, Any]], object], ...] = (
        (models.UUIDField, uuid4()),
        (models.DateTimeField, timezone.now()),
        (models.BooleanField, False),
        (models.FloatField, 0.0),
        (models.IntegerField, secrets.randbelow(30_000)),
        (models.BinaryField, secrets.token_bytes(16)),
        (models.JSONField, {}),
        (ArrayField, []),
        (models.GenericIPAddressField, "127.0.0.1"),
        (models.CharField, uuid4().hex[: getattr(column, "max_length", 0) or 32]),
        (models.TextField, uuid4().hex),
    )
    return next(value for kind, value in makers if isinstance(column, kind))


@pytest.fixture(scope="module")
def two(as_owner: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[Rows, Rows]]:
    """The rows of two organisations, in a transaction that is rolled back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        _switch_off_all_else()
        both = [Rows(Organisation(name=uuid4().hex)) for _ in range(2)]
        for rows in both:
            rows.organisation.save()
            rows.made[Organisation] = rows.organisation
            for model in TENANTS:
                rows.make(model)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        yield both[0], both[1]
        transaction.set_rollback(True)


def _switch_off_all_else() -> None:
    with connection.cursor() as cursor:
        for model in TENANTS:
            table = model._meta.db_table
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = %s::regclass",
                [table],
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')


def run(statement: str, *values: object) -> int:
    """Run one statement; return how many rows it saw or touched."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def refused(statement: str, *values: object) -> str:
    """Run a statement that must be refused and return why."""
    with pytest.raises(Error) as error:
        run(statement, *values)
    return str(error.value)


def test_every_table_has_a_policy_that_holds_for_its_owner_too_or_a_reason_to_have_none() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, relrowsecurity AND relforcerowsecurity,"
            " (SELECT count(*) FROM pg_policy WHERE polrelid = c.oid)"
            " FROM pg_class c WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
            " AND NOT relispartition"  # test_log: nobody has a right on one
        )
        found = {name: (forced, policies) for name, forced, policies in cursor.fetchall()}

    behind = {model._meta.db_table for model in TENANTS}
    unknown = sorted(found.keys() - behind - row_security.SHARED.keys())
    assert not unknown, row_security.how_to_declare(unknown)
    assert {name: found[name] for name in behind} == dict.fromkeys(behind, (True, 1))
    assert row_security.SHARED.keys() <= found.keys(), "a reason for a table that is not there"


@TABLES
def test_an_organisation_sees_its_own_rows_and_nobody_sees_any(
    two: tuple[Rows, Rows], model: type[models.Model]
) -> None:
    own, theirs = two
    table, key = model._meta.db_table, model._meta.pk.column
    one = f"SELECT 1 FROM {table} WHERE {key} = %s"  # noqa: S608

    with as_organisation(own.organisation.pk):
        assert run(one, own.made[model].pk) == 1
        assert run(one, theirs.made[model].pk) == 0
    with as_nobody():
        assert run(f"SELECT 1 FROM {table}") == 0  # noqa: S608
    with as_system():
        assert run(one, theirs.made[model].pk) == 1


@TABLES
def test_an_organisation_changes_and_deletes_no_row_of_another(
    two: tuple[Rows, Rows], model: type[models.Model]
) -> None:
    own, theirs = two
    table, key, pk = model._meta.db_table, model._meta.pk.column, theirs.made[model].pk

    for scope in (as_organisation(own.organisation.pk), as_nobody()):
        with scope:
            assert run(f"UPDATE {table} SET {key} = {key} WHERE {key} = %s", pk) == 0  # noqa: S608
            assert run(f"DELETE FROM {table} WHERE {key} = %s", pk) == 0  # noqa: S608
            assert run(f"SELECT 1 FROM {table} WHERE {key} = %s FOR UPDATE", pk) == 0  # noqa: S608


@TABLES
def test_an_organisation_makes_no_row_for_another_and_gives_none_away(
    two: tuple[Rows, Rows], model: type[models.Model]
) -> None:
    own, theirs = two
    table, key, declaration = model._meta.db_table, model._meta.pk.column, TENANTS[model]
    run("DROP TABLE IF EXISTS pg_temp.copy")
    copied = f"CREATE TEMP TABLE copy AS SELECT * FROM {table} WHERE {key} = %s"  # noqa: S608
    run(copied, theirs.made[model].pk)
    if isinstance(declaration, Own):
        column, goal = declaration.column, theirs.organisation.pk
    else:
        column = model._meta.get_field(declaration.field).column
        goal = theirs.make(parent_of(model, declaration)).pk

    fields = model._meta.concrete_fields
    given = ", ".join(f'"{f.column}"' for f in fields if not isinstance(f, models.GeneratedField))
    for scope in (as_organisation(own.organisation.pk), as_nobody()):
        with scope:
            said = refused(f"INSERT INTO {table} ({given}) SELECT {given} FROM pg_temp.copy")  # noqa: S608
            assert "row-level security" in said
    with as_organisation(own.organisation.pk):
        moved = f"UPDATE {table} SET {column} = %s WHERE {key} = %s"  # noqa: S608
        assert "row-level security" in refused(moved, goal, own.made[model].pk)
