"""Watch-lists: every match is told once, whatever is killed, and mailed at most once a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from rakkan.audit.names import EventName
from rakkan.audit.services import Actor, Subject, event_record, log_advance
from rakkan.core.errors import NotFound, NotPermitted, Refused
from rakkan.inspection.filters import LogFilter
from rakkan.inspection.models import Watch, WatchHit
from rakkan.inspection.services import (
    index_update,
    watch_add,
    watch_end,
    watch_look,
    watches_of,
    watches_tell,
    watches_update,
)
from rakkan.inspection.services import watch as watching
from tests.integration import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> people.Team:
    return people.team_make()


def happened(team: people.Team, count: int = 1, name: EventName = EventName.GATE_FAILED) -> None:
    actor = Actor("system:seal", "system", str(team.organisation.pk))
    with transaction.atomic():
        for _ in range(count):
            event_record(name, actor=actor, subject=Subject("production", str(team.person.pk)))
    while log_advance():
        pass
    index_update()


def watch(team: people.Team, **asked: Any) -> Watch:
    return watch_add(
        user=team.auditor, label="Refused files", asked=LogFilter(**asked or {"domain": "releases"})
    )


def numbers(made: Watch) -> list[int]:
    return list(WatchHit.objects.filter(watch=made).values_list("sequence", flat=True))


def test_a_watch_list_matches_what_is_new_and_nothing_before(team: people.Team) -> None:
    happened(team, 3)
    made = watch(team)
    happened(team, 2)
    happened(team, 2, EventName.PRODUCTION_CREATED)

    assert watches_update() == 2
    assert watches_update() == 0
    assert [(row.fresh, row.total) for row in watches_of(team.auditor)] == [(2, 2)]
    happened(team)
    assert watches_update() == 1
    assert len(set(numbers(made))) == len(numbers(made)) == 3


def test_a_long_gap_is_caught_up_stride_by_stride(
    team: people.Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "STRIDE", 2)
    made = watch(team)
    happened(team, 9)

    assert watches_update() == 9
    assert len(numbers(made)) == 9


def test_a_comparison_that_is_killed_is_made_again_and_tells_nothing_twice(
    team: people.Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = watch(team)
    happened(team, 3)

    class Killed(Exception):
        """As if the process died after the matches were written."""

    def dies(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("django.db.models.query.QuerySet.update", dies)
        with pytest.raises(Killed):
            watches_update()
    assert numbers(made) == []

    assert watches_update() == 3
    assert len(numbers(made)) == 3


def test_another_organisation_s_events_match_nothing(team: people.Team) -> None:
    made = watch(team)
    happened(people.team_make(), 2)

    assert watches_update() == 0
    assert numbers(made) == []


def test_looking_marks_matches_as_seen_and_is_in_the_log(team: people.Team) -> None:
    made = watch(team)
    happened(team, 5)
    watches_update()

    first, on = watch_look(user=team.auditor, watch_id=made.pk, limit=3)
    second, end = watch_look(user=team.auditor, watch_id=made.pk, before=on, limit=3)

    shown = [event.leaf.sequence for event in [*first, *second]]
    assert shown == sorted(numbers(made), reverse=True)
    assert end is None
    assert [row.fresh for row in watches_of(team.auditor)] == [0]


def test_the_home_page_and_the_list_say_how_many_are_new(team: people.Team) -> None:
    client = Client()
    client.force_login(team.auditor)
    client.post("/watches", {"label": "Files that the gate refused", "name": "releases"})
    happened(team, 4)
    watches_update()

    for page in ("/", "/watches"):
        said = client.get(page).content.decode()
        assert "Files that the gate refused" in said
        assert "New: 4" in said
    made = Watch.objects.get(owner=team.auditor)
    assert "releases.gate.failed" in client.get(f"/watches/{made.pk}").content.decode()
    assert "New: 4" not in client.get("/").content.decode()
    assert client.get(f"/watches/{made.pk}?before=x").status_code == 400
    client.post(f"/watches/{made.pk}/end")
    assert not Watch.objects.filter(owner=team.auditor).exists()


def test_matches_are_mailed_once_a_day_and_only_counted(
    team: people.Team, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    def told() -> int:
        with django_capture_on_commit_callbacks(execute=True):
            return watches_tell()

    watch(team)
    watch(team, text="nothing-says-this")
    assert told() == 0
    happened(team, 3)
    watches_update()

    assert told() == 1
    assert told() == 0
    happened(team, 2)
    watches_update()
    assert told() == 0  # within the day
    Watch.objects.update(mailed_at=timezone.now() - timedelta(days=1, minutes=1))
    assert told() == 1
    Watch.objects.update(mailed_at=timezone.now() - timedelta(days=2))
    assert told() == 0  # nothing new

    assert [message.to for message in mail.outbox] == [[team.auditor.email]] * 2
    assert "Events: 3. Watch-lists: 1." in mail.outbox[0].body
    assert "Events: 2." in mail.outbox[1].body
    assert "Refused files" not in mail.outbox[0].body


def test_who_is_no_auditor_any_more_is_not_mailed(
    team: people.Team, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    watch(team)
    happened(team)
    watches_update()
    team.auditor.is_active = False
    team.auditor.save()

    with django_capture_on_commit_callbacks(execute=True):
        assert watches_tell() == 0
    assert mail.outbox == []


def test_a_watch_list_is_its_owner_s_alone(team: people.Team) -> None:
    made = watch(team)
    other = people.user_make(team.organisation, people.Role.AUDITOR)

    with pytest.raises(NotFound):
        watch_look(user=other, watch_id=made.pk)
    with pytest.raises(NotFound):
        watch_end(user=other, watch_id=made.pk)
    with pytest.raises(NotPermitted):
        watch_add(user=team.requester, label="x", asked=LogFilter())
    assert Watch.objects.filter(pk=made.pk).exists()


def test_there_are_fifty_at_most(team: people.Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "MOST", 1)
    watch(team)

    with pytest.raises(Refused, match="already"):
        watch(team)


def test_programs_keep_look_and_end(team: people.Team) -> None:
    client = people.signed_in(team.auditor)
    given = {"name_of_list": "Gate", "domain": "releases", "person": team.person.email}
    made = client.post("/api/v1/watches", given, format="json")
    assert made.status_code == 201, made.content
    happened(team, 2)
    watches_update()

    listed = client.get("/api/v1/watches").json()
    assert listed[0]["asked"] == {"domain": "releases", "person": str(team.person.pk)}
    assert (listed[0]["fresh"], listed[0]["total"]) == (2, 2)
    shown = client.get(f"/api/v1/watches/{made.json()['id']}/events").json()
    assert [row["name"] for row in shown["results"]] == ["releases.gate.failed"] * 2
    assert client.post(f"/api/v1/watches/{made.json()['id']}/end").status_code == 200
    assert client.get("/api/v1/watches").json() == []
