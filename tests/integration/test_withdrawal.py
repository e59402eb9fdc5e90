"""A withdrawal blocks at once and ends everything, also when the process that began it dies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rakkan.audit.models import Event
from rakkan.productions.models import EndCarriedOut, Production
from rakkan.productions.services import ending
from rakkan.productions.services import withdraw as module
from rakkan.productions.services.narrow import narrow
from rakkan.productions.services.reconcile import reconcile
from rakkan.productions.services.withdraw import withdraw
from tests.integration import people

pytestmark = pytest.mark.django_db


def many(team: people.Team, count: int) -> list[Production]:
    """Productions that wait for a worker, all under one consent."""
    first = people.approved_make(team)
    likeness = first.likeness
    made = [first]
    for _ in range(count - 1):
        draft = people.draft_make(team, likeness)
        made.append(people.approve(team.approver, people.submit(team.requester, draft)))
    return made


def test_every_production_under_the_consent_ends_in_batches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ending, "BATCH", 2)
    team = people.team_make()
    productions = many(team, 5)

    withdraw(user=team.person, consent_id=productions[0].consent_id)

    for production in productions:
        production.refresh_from_db()
        assert production.state == "stopped"
        assert production.problem["code"] == "consent-withdrawn"
        assert people.render_worker(production).claim().json()["code"] == "job-not-claimable"
    stopped = Event.objects.filter(name="productions.production.stopped")
    assert stopped.filter(object_id__in=[str(p.pk) for p in productions]).count() == 5


def test_a_narrowing_ends_in_batches_too_and_is_carried_out_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ending, "BATCH", 2)
    team = people.team_make()
    productions = many(team, 3)
    narrower = people.terms(valid_until=datetime.now(UTC) + timedelta(days=9))

    narrow(user=team.person, consent_id=productions[0].consent_id, terms=narrower)
    reconcile()

    for production in productions:
        production.refresh_from_db()
        assert production.state == "stopped"
        assert production.problem["code"] == "consent-superseded"
    assert EndCarriedOut.objects.get().consent_id == productions[0].consent_id
    assert Event.objects.filter(name="productions.production.stopped").count() == 3


def test_what_a_dead_process_left_is_blocked_at_once_and_ended_by_the_reconciler(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    team = people.team_make()
    production, other = many(team, 2)

    def die(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module, "end_carry_out", die)
        with pytest.raises(KeyboardInterrupt):
            withdraw(user=team.person, consent_id=production.consent_id)

    refused = people.render_worker(production).claim()
    assert refused.json()["code"] == "consent-withdrawn"
    other.refresh_from_db()
    assert other.state == "queued"

    reconcile()

    other.refresh_from_db()
    assert other.state == "stopped"
    assert Event.objects.filter(name="consents.consent.withdrawn").count() == 1
