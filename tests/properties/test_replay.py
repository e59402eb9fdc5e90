"""The replay itself: it holds on the way of a production, and finds what one of the two lacks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from rakkan.approvals.models import Delegation
from rakkan.approvals.services import delegation_add
from rakkan.audit.models import Event
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, system
from rakkan.productions.services.withdraw import withdraw
from tests.integration import people
from tests.properties.replay import Replay, compare

pytestmark = pytest.mark.django_db


def replayed() -> Replay:
    replay = Replay()
    replay.read_on()
    return replay


def delegation_of(team: people.Team) -> Delegation:
    """A row that nobody has written yet."""
    deputy = people.user_make(team.organisation, people.Role.APPROVER)
    now = timezone.now()
    return Delegation(
        organisation=team.organisation,
        from_user=team.approver,
        to_user=deputy,
        valid_from=now,
        valid_until=now + timedelta(days=1),
    )


def test_the_log_of_a_stopped_production_makes_its_tables() -> None:
    team = people.team_make()
    production = people.approved_make(team)
    people.render_worker(production).claim()
    assert production.consent is not None
    withdraw(user=team.person, consent_id=production.consent_id)

    replay = replayed()

    compare(replay.tables)
    assert replay.tables["productions_production"][str(production.pk)]["state"] == "stopped"
    assert len(replay.tables["dispatch_permitrevocation"]) == 1


def test_an_act_without_its_event_is_found() -> None:
    delegation_of(people.team_make()).save()

    with pytest.raises(AssertionError, match="no event tells"):
        compare(replayed().tables)


def test_an_event_without_its_act_is_found() -> None:
    row = delegation_of(people.team_make())
    subject = Subject("delegation", str(row.pk))
    event_record(EventName.DELEGATION_ADDED, actor=system("test"), subject=subject, rows=[row])

    with pytest.raises(AssertionError, match="no row of"):
        compare(replayed().tables)


def test_a_row_that_was_changed_behind_the_log_is_found() -> None:
    team = people.team_make()
    row = delegation_of(team)
    made = delegation_add(
        user=team.approver,
        to_user_id=row.to_user_id,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )
    Delegation.objects.filter(pk=made.pk).update(valid_until=row.valid_from + timedelta(hours=1))

    with pytest.raises(AssertionError, match="the log says"):
        compare(replayed().tables)


def test_an_event_that_tells_an_act_without_its_row_is_found() -> None:
    subject = Subject("delegation", "x")
    event_record(EventName.DELEGATION_ADDED, actor=system("test"), subject=subject)

    with pytest.raises(AssertionError, match="tells of no row"):
        replayed()
    assert Event.objects.filter(object_id="x").exists()
