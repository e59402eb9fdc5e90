"""Auditors find events: by every condition, a page at a time, their own organisation's only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from rakkan.audit.models import Event, Leaf
from rakkan.audit.names import EventName
from rakkan.audit.services import Actor, Subject, event_record, events_sequence
from rakkan.core.errors import BadInput
from rakkan.core.tenancy import as_nobody, as_organisation
from rakkan.inspection.filters import LogFilter
from rakkan.inspection.search import Found, events_found
from rakkan.inspection.services import index_update
from rakkan.inspection.services.index import indexed
from tests.integration import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> people.Team:
    return people.team_make()


def written(team: people.Team, count: int = 1, **changes: Any) -> list[Event]:
    """Events of the team's organisation, each about another production, numbered and indexed."""
    given = {"name": EventName.PRODUCTION_CREATED, "object_id": "", "label": "", "data": None}
    given |= changes
    actor = given.get("actor") or Actor(
        str(team.requester.pk), "requester", str(team.organisation.pk)
    )
    made = []
    with transaction.atomic():
        for _ in range(count):
            about = Subject("production", given["object_id"] or str(uuid4()), given["label"])
            made.append(event_record(given["name"], actor=actor, subject=about, data=given["data"]))
    numbered()
    rows = Event.objects.in_bulk(made)
    return [rows[UUID(one)] for one in made]


def numbered() -> None:
    while events_sequence():
        pass
    index_update()


def found(team: people.Team, cursor: str = "", **asked: Any) -> Found:
    with as_organisation(team.organisation.pk):
        return events_found(str(team.organisation.pk), LogFilter(**asked), cursor=cursor, limit=3)


def ids(page: Found) -> list[object]:
    return [event.pk for event in page.events]


def test_every_numbered_event_is_in_the_index_once(team: people.Team) -> None:
    written(team, 5)

    assert indexed() == Leaf.objects.count() == Event.objects.count()
    assert index_update() == 0


def test_pages_show_each_event_once_however_many_arrive_meanwhile(team: people.Team) -> None:
    before = [event.pk for event in written(team, 8)]
    object_id = str(uuid4())
    seen: list[object] = []
    page = found(team, name=EventName.PRODUCTION_CREATED)
    while True:
        seen += ids(page)
        written(team, 2, object_id=object_id)
        if not page.on:
            break
        page = found(team, page.on, name=EventName.PRODUCTION_CREATED)

    assert seen == before[::-1]


def test_one_page_back_is_the_page_before(team: people.Team) -> None:
    written(team, 8)
    first = found(team)
    second = found(team, first.on)
    third = found(team, second.on)

    assert ids(found(team, third.back)) == ids(second)
    assert ids(found(team, second.back)) == ids(first)
    assert not first.back
    assert found(team, second.back).on == first.on


@pytest.mark.parametrize("cursor", ["x", "o1", "o-1-2", "n999999999999999999-1", "o1-2 "])
def test_a_cursor_that_is_none_of_ours_is_refused(team: people.Team, cursor: str) -> None:
    with pytest.raises(BadInput):
        found(team, cursor)


def test_conditions_narrow_and_all_of_them_hold(team: people.Team) -> None:
    digest, other = "ab" * 32, "cd" * 32
    one = written(team, label="0011223344556677", data={"code": "consent-missing", "d": digest})[0]
    two = written(team, name=EventName.GATE_FAILED, data={"code": "gate-watermark", "d": other})[0]
    system = Actor("system:seal", "system", str(team.organisation.pk))
    three = written(team, actor=system, object_id=one.object_id)[0]

    assert ids(found(team, name=EventName.GATE_FAILED)) == [two.pk]
    assert ids(found(team, domain="releases")) == [two.pk]
    assert ids(found(team, actor="system:seal")) == [three.pk]
    assert ids(found(team, object=one.object_id)) == [three.pk, one.pk]
    assert ids(found(team, object=one.object_id, actor="system:seal")) == [three.pk]
    for text in (
        "consent-missing",
        "0011223344556677",
        "00112233",
        digest,
        digest[:8],
        str(one.pk),
    ):
        assert ids(found(team, text=text)) == [one.pk], text
    assert ids(found(team, text=f"MISSING {digest[:8]}")) == [one.pk]
    assert ids(found(team, text=f"missing {other}")) == []
    assert ids(found(team, text="nothing-says-this")) == []


def test_text_without_spaces_is_found_by_a_part_of_it(team: people.Team) -> None:
    event = written(team, label="春のキャンペーン 2026")[0]

    assert ids(found(team, text="キャンペーン")) == [event.pk]
    assert ids(found(team, text="春のキャ 2026")) == [event.pk]
    assert ids(found(team, text="秋のキャンペーン")) == []


def test_a_time_range_is_from_and_before(team: people.Team) -> None:
    first, second = written(team, name=EventName.GATE_FAILED)[0], written(team)[0]
    moment = second.occurred_at

    assert second.pk in ids(found(team, since=moment))
    assert first.pk not in ids(found(team, since=moment))
    assert ids(found(team, until=moment, name=EventName.GATE_FAILED)) == [first.pk]
    assert ids(found(team, since=timezone.now() + timedelta(days=1))) == []


def test_what_is_rare_is_found_behind_thousands_of_newer_events(
    team: people.Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rakkan.inspection.search.NEAR", 4)
    rare = [event.pk for event in written(team, 5, name=EventName.GATE_FAILED)]
    written(team, 10)

    first = found(team, name=EventName.GATE_FAILED)
    second = found(team, first.on, name=EventName.GATE_FAILED)
    assert ids(first) + ids(second) == rare[::-1]
    assert ids(found(team, second.back, name=EventName.GATE_FAILED)) == ids(first)


def test_a_person_is_found_by_what_is_theirs_and_by_what_they_did(team: people.Team) -> None:
    production = people.submitted_make(team)
    person, speaker = production.likeness.person, production.speaker
    numbered()
    assert speaker is not None
    with as_organisation(team.organisation.pk):
        page = events_found(str(team.organisation.pk), LogFilter(person=str(person.pk)), limit=200)
        account = events_found(
            str(team.organisation.pk), LogFilter(person=str(person.user_id)), limit=200
        )
    about = {(event.object_type, event.object_id) for event in page.events}
    acted = {event.actor_id for event in page.events}

    assert ids(page) == ids(account)
    assert {
        ("production", str(production.pk)),
        ("likeness", str(production.likeness_id)),
        ("voice", str(speaker.pk)),
        ("consent", str(production.consent_id)),
    } <= about
    assert {"identity_check", "user"} <= {kind for kind, _ in about}
    assert str(team.person.pk) in acted
    strangers = written(
        team, 1, actor=Actor(str(team.auditor.pk), "auditor", str(team.organisation.pk))
    )
    assert strangers[0].pk not in ids(page)


def test_a_production_is_found_by_its_jobs_and_permits_too(team: people.Team) -> None:
    production = people.approved_make(team)
    people.render_worker(production).claim()
    numbered()

    with as_organisation(team.organisation.pk):
        asked = LogFilter(production=str(production.pk))
        page = events_found(str(team.organisation.pk), asked, limit=200, oldest_first=True)
    names = [event.name for event in page.events]

    assert names[0] == EventName.PRODUCTION_CREATED
    assert EventName.PERMIT_ISSUED in names[names.index(EventName.PRODUCTION_APPROVED) :]


def test_another_organisation_s_events_are_not_found_even_with_the_wall_misused(
    team: people.Team,
) -> None:
    stranger = people.team_make()
    event = written(team)[0]

    with as_organisation(stranger.organisation.pk):
        assert not events_found(
            str(stranger.organisation.pk), LogFilter(object=event.object_id)
        ).events
        # Asked in the name of the other organisation: PostgreSQL answers for one's own alone.
        assert not events_found(str(team.organisation.pk), LogFilter(object=event.object_id)).events


def test_nobody_reads_the_index_which_answers_for_the_organisation_at_work_alone(
    team: people.Team,
) -> None:
    written(team, 3)
    asked = "SELECT count(*) FROM inspection_range(%s, '{}', '-infinity', 'infinity', 0, %s)"
    theirs = [str(team.organisation.pk), indexed()]

    def counted() -> int:
        with connection.cursor() as cursor:
            cursor.execute(asked, theirs)
            return int(cursor.fetchone()[0])

    with pytest.raises(Exception, match="permission denied"), transaction.atomic():
        people.sql("SELECT whose FROM inspection_posting")
    with as_organisation(people.team_make().organisation.pk):
        assert counted() == 0
    with as_nobody():
        assert counted() == 0
    with as_organisation(team.organisation.pk):
        assert counted() >= 3


def test_the_index_cannot_be_edited(team: people.Team) -> None:
    written(team)

    for statement in (
        "UPDATE inspection_posting SET terms = '{}'",
        "DELETE FROM inspection_posting",
    ):
        with pytest.raises(Exception, match=r"append-only|permission denied"), transaction.atomic():
            people.sql(statement)


def test_the_page_and_the_api_find_the_same_events(team: people.Team) -> None:
    person = team.person
    event = written(team, data={"code": "consent-missing"})[0]
    written(team, 3)
    client = Client()
    client.force_login(team.auditor)

    page = client.get("/events", {"text": "consent-missing"})
    answer = people.signed_in(team.auditor).get("/api/v1/events?text=consent-missing")
    by_mail = people.signed_in(team.auditor).get(f"/api/v1/events?actor={team.requester.email}")

    assert [row["id"] for row in answer.json()["results"]] == [str(event.pk)]
    assert len(by_mail.json()["results"]) == 4
    assert str(event.object_id).encode() in page.content
    assert team.requester.name.encode() in page.content
    assert client.get("/events", {"person": "nobody"}).status_code == 400
    assert client.get("/events", {"person": person.email}).status_code == 200


def test_next_and_previous_lead_through_the_log(team: people.Team) -> None:
    written(team, 5, name=EventName.GATE_FAILED)
    client = people.signed_in(team.auditor)

    first = client.get("/api/v1/events?page_size=2&domain=releases").json()
    second = client.get(first["next"]).json()
    third = client.get(second["next"]).json()

    assert [len(page["results"]) for page in (first, second, third)] == [2, 2, 1]
    assert (first["previous"], third["next"]) == (None, None)
    assert client.get(second["previous"]).json()["results"] == first["results"]


def test_a_story_tells_a_production_from_its_beginning(team: people.Team) -> None:
    production = people.submitted_make(team)
    numbered()
    client = Client()
    client.force_login(team.auditor)

    told = client.get(f"/events/about/{production.pk}").content.decode()
    person = client.get(f"/events/about/{production.likeness.person_id}").content.decode()

    assert told.index("productions.production.created") < told.index(
        "productions.production.submitted"
    )
    assert "consents.consent.granted" in person
    assert client.get(f"/events/about/{uuid4()}").status_code == 404


def test_what_was_asked_is_in_the_log_without_words_of_people(team: people.Team) -> None:
    client = people.signed_in(team.auditor)

    client.get(f"/api/v1/events?person={team.person.email}&text=cancer+treatment")

    event = Event.objects.get(name=EventName.LOG_READ, actor_id=team.auditor.pk)
    assert event.data == {"filters": {"person": str(team.person.pk), "text": ""}}
    assert "cancer" not in event.canonical
