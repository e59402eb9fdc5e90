"""Columns under a person's key: not readable in the database, gone with the key."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from rakkan.accounts.roles import Role
from rakkan.core.requests import request_id_start
from rakkan.likenesses.models import Likeness
from rakkan.productions.models import Production
from rakkan.productions.services.create import Cast, production_create
from rakkan.vault.fields import SealedText
from rakkan.vault.migrating import seal_columns, seal_under_both
from rakkan.vault.services import (
    Erased,
    Place,
    is_sealed,
    subject_key_destroy,
    subject_open,
    subject_seal,
)
from tests.integration import people

TITLE = "Quarterly figures, told by Dana"


def _draft() -> Production:
    team = people.team_make()
    draft = people.draft_make(team, people.likeness_make(team))
    draft.title = TITLE
    draft.save()
    return Production.objects.get(pk=draft.pk)


def _erase(production: Production) -> None:
    subject_key_destroy(subject_id=production.likeness.person_id)
    request_id_start()


@pytest.mark.django_db
def test_what_is_sealed_reads_as_it_was_written_and_is_not_in_the_database() -> None:
    draft = _draft()

    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text, encode(title, 'escape') FROM productions_production t")
        row, title = cursor.fetchone()

    assert draft.title == TITLE
    for dumped in (row, title):
        assert "Quarterly" not in dumped
        assert b"Quarterly".hex() not in dumped


@pytest.mark.django_db
def test_saving_a_row_again_leaves_its_sealed_columns_as_they_are() -> None:
    draft = _draft()
    query = "SELECT title FROM productions_production"
    with connection.cursor() as cursor:
        cursor.execute(query)
        before = bytes(cursor.fetchone()[0])
        draft.title = str(draft.title)  # sealed anew, from the opened text
        draft.save()
        cursor.execute(query)
        assert bytes(cursor.fetchone()[0]) == before


@pytest.mark.django_db
def test_after_the_key_is_gone_columns_read_as_empty_and_take_nothing_new() -> None:
    draft = _draft()
    _erase(draft)

    found = Production.objects.get(pk=draft.pk)
    assert found.title == ""
    assert found.request is None
    assert Likeness.objects.get(pk=found.likeness_id).measurement.findings == []
    found.save()  # what was not opened stays as it is
    found.title = "Somebody else's words"
    with pytest.raises(Erased):
        found.save()


@pytest.mark.django_db
def test_a_sealed_column_cannot_be_searched_or_set_without_its_row() -> None:
    draft = _draft()
    with pytest.raises(TypeError, match="cannot be searched"), transaction.atomic():
        Production.objects.filter(title=TITLE).exists()
    with pytest.raises(TypeError, match="is sealed"), transaction.atomic():
        Production.objects.filter(pk=draft.pk).update(title=TITLE)
    assert not Production.objects.filter(request__isnull=False).exists()


@pytest.mark.usefixtures("as_owner")
@pytest.mark.django_db
def test_rows_written_before_their_column_was_sealed_are_sealed_by_the_migration() -> None:
    likeness = people.likeness_make(people.team_make())
    loader = MigrationExecutor(connection).loader
    before = loader.project_state([("likenesses", "0003_voices")]).apps
    with connection.cursor() as cursor:  # as the table was: plain text
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE likenesses_likeness DROP COLUMN label")
        column = "ADD COLUMN label varchar(120) NOT NULL DEFAULT 'Dana at the desk'"
        cursor.execute(f"ALTER TABLE likenesses_likeness {column}")

    label = SealedText(subject="person_id", max_length=120)
    operation = seal_columns("likenesses", "likeness", label=label)
    operation.database_operations[0].code(before, SimpleNamespace(connection=connection))

    assert Likeness.objects.get(pk=likeness.pk).label == "Dana at the desk"
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM likenesses_likeness t")
        assert "Dana" not in cursor.fetchone()[0]
        with pytest.raises(DatabaseError, match="append-only"):
            cursor.execute("UPDATE likenesses_likeness SET label = label")


@pytest.mark.usefixtures("as_owner")
@pytest.mark.django_db
def test_what_was_under_one_key_is_put_under_both_by_the_migration_and_only_once() -> None:
    team = people.team_make()
    speaker = replace(team, person=people.user_make(team.organisation, Role.DEPICTED_PERSON))
    cast = Cast(people.likeness_make(team), people.voice_make(speaker))
    words = people.draft(transcript="What I say is mine")
    made = production_create(user=team.requester, cast=cast, draft=words, voice=people.voice_file())
    before = MigrationExecutor(connection).loader.project_state([("productions", "0010_heard")])
    place = Place("productions_production", "transcript", str(made.pk))
    of_before = subject_seal(
        subject_id=cast.likeness.person_id, content=b'"What I say is mine"', place=place
    )
    update = "UPDATE productions_production SET transcript = %s WHERE id = %s"
    with connection.cursor() as cursor:
        cursor.execute(update, [of_before, made.pk])  # a draft: nothing is frozen yet
    transcript = SealedText(subject="likeness.person_id&speaker.person_id", blank=True)
    operation = seal_under_both("productions", "production", transcript=transcript)

    for _ in range(2):
        operation.database_operations[0].code(before.apps, SimpleNamespace(connection=connection))
        found = Production.objects.get(pk=made.pk)
        assert found.transcript == "What I say is mine"
        inner = subject_open(sealed=bytes(found.__dict__["transcript"]), place=place)
        assert is_sealed(inner)
        assert not is_sealed(subject_open(sealed=inner, place=place))
    subject_key_destroy(subject_id=speaker.person.person.pk)
    request_id_start()
    assert Production.objects.get(pk=made.pk).transcript == ""
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="delete"):
        cursor.execute("DELETE FROM productions_production")
