"""Whoever is shown somebody's personal data leaves an event, and that person can see it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from rakkan.audit.models import Event
from rakkan.audit.names import EventName
from rakkan.audit.services import events_sequence
from rakkan.inspection.models import Shown
from rakkan.inspection.services import index_update, reading_note, readings_forget
from tests.access_table import TABLE, Who
from tests.integration.world import World, ask, own_settings, undone, world_make
from tests.readings_table import LISTED, NOTED, QUIET, quiet, read_endpoints

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def fast_passwords_and_own_blobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """For the whole module, because its world is."""
    with own_settings(tmp_path_factory.mktemp("blobs")):
        yield


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, fast_passwords_and_own_blobs: None
) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield world_make()
        transaction.set_rollback(True)


def said(path: str) -> bool:
    return (path in NOTED) + (path in LISTED) + bool(quiet(path)) == 1


def readings() -> list[Event]:
    return list(Event.objects.filter(name=EventName.PERSONAL_DATA_READ))


def test_of_every_address_somebody_has_said_whether_it_shows_personal_content() -> None:
    unsaid = [path for _, path in read_endpoints() if not said(path)]
    there = {path for _, path in read_endpoints()}

    assert not unsaid, "Say in tests/readings_table.py what the log says of a reading, or why not."
    assert not (NOTED.keys() | LISTED.keys() | QUIET.keys()) - there, (
        "These addresses are not there any more."
    )


@pytest.mark.parametrize("path", NOTED)
def test_whoever_is_shown_personal_content_leaves_an_event(world: World, path: str) -> None:
    for who in TABLE["GET", path] - {Who.ANONYMOUS, Who.WORKER}:
        with undone():
            before = set(Event.objects.values_list("pk", flat=True))
            answer = ask(world, who, "GET", path)
            assert answer.status_code == 200, f"{who.value}: /{path} answers {answer.status_code}"
            new = Event.objects.exclude(pk__in=before).filter(name=NOTED[path])
            read = new.filter(actor_id=world.users[who].pk)
            nothing = who in (Who.PERSON, Who.OTHER_PERSON) or not _rows(answer.body)
            if NOTED[path] is EventName.PERSONAL_DATA_READ and nothing:
                assert not read, (
                    f"{who.value}: /{path} shows nothing of others, and a reading says so"
                )
            else:
                assert read, f"{who.value}: /{path} leaves no {NOTED[path].value}"


@pytest.mark.parametrize("path", LISTED)
def test_whoever_is_shown_a_list_of_others_leaves_one_event_with_all_of_them(
    world: World, path: str
) -> None:
    for who in TABLE["GET", path] - {Who.ANONYMOUS, Who.WORKER}:
        with undone():
            before = set(Event.objects.values_list("pk", flat=True))
            for _ in range(2):
                assert ask(world, who, "GET", path).status_code == 200
            new = Event.objects.exclude(pk__in=before).filter(name=EventName.PERSONAL_LIST_READ)
            read = new.filter(actor_id=world.users[who].pk)
            assert len(read) == (who in LISTED[path]), f"{who.value}: /{path}"


def _rows(body: bytes) -> bool:
    """Whether an answer shows anything: an empty list shows nothing."""
    return b'"results":[]' not in body and body != b"[]"


def test_a_reading_is_noted_once_an_hour_and_names_the_persons(world: World) -> None:
    with undone():
        production = world.waiting
        for _ in range(3):
            reading_note(user=world.team.approver, shown=[production, production.likeness])

        one, two = sorted(readings()[-2:], key=lambda event: event.object_type)
        mine = Event.objects.filter(
            name=EventName.PERSONAL_DATA_READ, actor_id=world.team.approver.pk
        )
        assert mine.count() == 2
        assert (one.object_type, two.object_type) == ("likeness", "production")
        assert one.data == two.data == {"persons": [str(production.likeness.person_id)]}

        Shown.objects.update(hour=timezone.now() - timedelta(hours=1))
        reading_note(user=world.team.approver, shown=[production])
        assert mine.count() == 3


def test_readings_that_were_noted_are_forgotten_after_their_hour(world: World) -> None:
    with undone():
        reading_note(user=world.team.approver, shown=[world.likeness])
        assert readings_forget() == 0

        Shown.objects.update(hour=timezone.now() - timedelta(hours=4))
        assert readings_forget() == 1


def test_a_person_sees_who_looked_and_not_which_colleague(world: World) -> None:
    with undone():
        client = Client()
        client.force_login(world.team.person)
        assert "Nobody but you." in client.get("/my-data").content.decode()

        ask(world, Who.APPROVER, "GET", "likenesses/<uuid:likeness_id>/portrait")
        ask(world, Who.REVIEWER, "GET", "identity/<uuid:check_id>/evidence")
        while events_sequence():
            pass
        index_update()

        page = client.get("/my-data").content.decode()
        section = page[page.index("Who looked at your data") :]
        assert "Somebody was shown personal data · Approver" in section
        assert "Identity reviewer" in section
        assert str(world.team.approver.pk) not in section
        assert world.team.approver.email not in section
        other = Client()
        other.force_login(world.users[Who.OTHER_PERSON])
        assert "Nobody but you." in other.get("/my-data").content.decode()


def test_that_a_secret_hold_was_read_is_not_told_to_its_person(world: World) -> None:
    with undone():
        held = world.hold.person.user
        assert held is not None
        ask(world, Who.AUDITOR, "GET", "api/v1/holds")
        while events_sequence():
            pass
        index_update()
        client = Client()
        client.force_login(held)

        assert "Nobody but you." in client.get("/my-data").content.decode()
