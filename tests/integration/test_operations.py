"""Operators: they see how the machines are doing and no content, and cancel only what is stuck."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.roles import Role
from rakkan.audit.models import Event
from rakkan.core.errors import RakkanError
from rakkan.dispatch.models import Job
from rakkan.productions.models import Production
from rakkan.productions.services.unblock import production_cancel_stuck
from rakkan.productions.stuck import STUCK_AFTER, Why, productions_stuck
from tests.integration import people

pytestmark = pytest.mark.django_db


def operator_of(team: people.Team) -> User:
    return people.user_make(team.organisation, Role.OPERATOR)


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(seconds=seconds))


def refusal(user: User, production: Production) -> str:
    with pytest.raises(RakkanError) as refused:
        production_cancel_stuck(user=user, production_id=production.pk)
    return refused.value.code


def test_what_gets_on_is_not_cancelled_by_an_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    team = people.team_make()
    waiting, queued = people.submitted_make(team), people.approved_make(team)
    operator = operator_of(team)

    assert productions_stuck(team.organisation.pk) == []
    assert refusal(operator, queued) == "not-stuck"
    assert refusal(operator, waiting) == "not-stuck"
    told = Event.objects.filter(object_id=str(queued.pk), name__endswith=".refused")
    assert [event.data["code"] for event in told] == ["not-stuck"]
    later(monkeypatch, STUCK_AFTER.total_seconds() - 30)
    assert refusal(operator, queued) == "not-stuck"
    later(monkeypatch, 31)
    assert refusal(operator, waiting) == "not-stuck", "an approver takes the time they need"
    assert [item.why for item in productions_stuck(team.organisation.pk)] == [Why.NO_WORKER]


def test_an_operator_cancels_what_no_worker_takes_and_its_job_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    team = people.team_make()
    production, operator = people.approved_make(team), operator_of(team)
    later(monkeypatch, 3600)

    production_cancel_stuck(user=operator, production_id=production.pk)

    production.refresh_from_db()
    assert production.state == "cancelled"
    assert production.problem["code"] == "cancelled-as-stuck"
    assert Job.objects.get(subject_id=production.pk, kind="render").state == "cancelled"
    event = Event.objects.get(object_id=str(production.pk), name__endswith="production.cancelled")
    assert (event.actor_id, event.actor_role) == (str(operator.pk), "operator")
    assert people.render_worker(production).claim().status_code == 409


def test_a_silent_worker_is_stuck_and_one_that_beats_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    team = people.team_make()
    production, operator = people.approved_make(team), operator_of(team)
    worker = people.render_worker(production)
    assert worker.claim().status_code == 200
    Production.objects.filter(pk=production.pk).update(
        changed_at=timezone.now() - timedelta(days=1)
    )

    assert refusal(operator, production) == "not-stuck", "it draws for a day, and beats"
    later(monkeypatch, 3600)
    assert [item.why for item in productions_stuck(team.organisation.pk)] == [Why.WORKER_SILENT]
    production_cancel_stuck(user=operator, production_id=production.pk)

    assert worker.heartbeat().json()["code"] == "lease-lost"


def test_only_an_operator_of_the_organisation_cancels_what_is_stuck(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    team, other = people.team_make(), people.team_make()
    production, stranger = people.approved_make(team), operator_of(other)
    boss = people.administrator_of(team)
    later(monkeypatch, 3600)

    for user in (team.requester, team.approver, team.auditor, boss):
        assert refusal(user, production) == "not-permitted"
    assert refusal(stranger, production) == "not-found"
    assert productions_stuck(other.organisation.pk) == []


def test_the_operators_pages_and_api_show_no_content(monkeypatch: pytest.MonkeyPatch) -> None:
    team = people.team_make()
    production, operator = people.approved_make(team), operator_of(team)
    client, browser = people.signed_in(operator), Client()
    browser.force_login(operator)
    later(monkeypatch, 3600)

    answer = client.get("/api/v1/operations").json()
    shown = browser.get("/operations").content.decode()

    assert [item["production"] for item in answer["stuck"]] == [str(production.pk)]
    assert answer["queues"][0]["waiting"] >= 1
    assert str(production.pk) in shown
    for text in (production.title, production.prompt, team.person.name, team.person.email):
        assert text not in shown
        assert text not in str(answer)
