"""Promise 1 from outside: every way around consent and approval ends in problem details, no file
and an event that says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from compliance.permit import Verdict
from rakkan.accounts.roles import Role
from rakkan.accounts.services import role_revoke
from rakkan.audit.models import Event
from rakkan.consents.selectors import ConsentState, consent_state
from rakkan.core.errors import Refused
from rakkan.productions.models import Production, Rendering
from rakkan.productions.services.submit import production_submit
from rakkan.productions.services.withdraw import withdraw
from rakkan.releases.models import Release, Sealing
from tests.integration import people

pytestmark = pytest.mark.django_db


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    """Let the platform's clock show this moment."""
    monkeypatch.setattr(timezone, "now", lambda: moment)


def refusal_events(object_id: object) -> list[Event]:
    rows = Event.objects.filter(object_id=str(object_id), name__endswith=".refused")
    return list(rows.order_by("occurred_at"))


def assert_no_file(production: Production) -> None:
    assert not Rendering.objects.filter(production=production).exists()
    assert not Sealing.objects.filter(subject_id=production.pk).exists()
    assert not Release.objects.filter(subject_id=production.pk).exists()


def assert_problem(answer: Any, *, code: str, status: int) -> None:
    assert answer.status_code == status, answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["code"] == code
    assert body["type"] == f"urn:rakkan:problem:{code}"
    assert body["title"]
    assert body["status"] == status


def assert_refused(answer: Any, production: Production, *, code: str, status: int = 403) -> None:
    assert_problem(answer, code=code, status=status)
    assert refusal_events(production.pk)[-1].data["code"] == code
    assert_no_file(production)


def submit(team: people.Team, production: Production) -> Any:
    return people.signed_in(team.requester).post(f"/api/v1/productions/{production.pk}/submit")


def test_without_consent_nothing_is_submitted() -> None:
    team = people.team_make()
    production = people.draft_make(team, people.likeness_make(team))

    answer = submit(team, production)

    assert_refused(answer, production, code="consent-missing")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("purpose", "marketing"),
        ("channels", ["intranet", "broadcast"]),
        ("territories", ["US"]),
        ("language", "ja"),
    ],
)
def test_out_of_scope_is_refused_and_names_what_is_not_allowed(field: str, value: Any) -> None:
    team = people.team_make()
    likeness = people.likeness_make(team)
    people.identity_make(team)
    people.consent_make(team, likeness)
    production = people.draft_make(team, likeness, **{field: value})

    answer = submit(team, production)

    assert_refused(answer, production, code="consent-out-of-scope")
    wanted = value[-1] if isinstance(value, list) else value
    assert wanted in answer.json()["title"]


def test_expired_consent_is_refused_at_submission(monkeypatch: pytest.MonkeyPatch) -> None:
    team = people.team_make()
    likeness = people.likeness_make(team)
    people.identity_make(team)
    people.consent_make(team, likeness, valid_until=datetime.now(UTC) + timedelta(hours=1))
    production = people.draft_make(team, likeness)
    client = people.signed_in(team.requester)

    at(monkeypatch, datetime.now(UTC) + timedelta(hours=2))
    answer = client.post(f"/api/v1/productions/{production.pk}/submit")

    assert_refused(answer, production, code="consent-expired")


def test_a_consent_that_expires_after_approval_stops_the_claim(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    team = people.team_make()
    production = people.approved_make(team)
    worker = people.render_worker(production)

    at(monkeypatch, datetime.now(UTC) + timedelta(days=366))
    answer = worker.claim()

    assert_problem(answer, code="consent-expired", status=403)
    refused = refusal_events(production.pk)[-1]
    assert refused.data["code"] == "consent-expired"
    assert refused.organisation_id == str(team.organisation.pk)
    production.refresh_from_db()
    assert production.state == "stopped"
    assert production.problem["code"] == "consent-expired"
    assert_no_file(production)


def test_a_withdrawn_consent_stops_what_waits_and_the_worker_gets_nothing() -> None:
    team = people.team_make()
    production = people.approved_make(team)
    worker = people.render_worker(production)

    answer = people.signed_in(team.person).post(
        f"/api/v1/consents/{production.consent_id}/withdraw", {}
    )

    assert answer.status_code == 200
    assert answer.json()["state"] == "withdrawn"
    production.refresh_from_db()
    assert production.state == "stopped"
    assert worker.claim().json()["code"] == "job-not-claimable"
    stopped = Event.objects.get(object_id=str(production.pk), name__endswith="production.stopped")
    assert stopped.data["code"] == "consent-withdrawn"
    assert_no_file(production)


def test_a_consent_withdrawn_while_it_renders_calls_the_permit_back() -> None:
    team = people.team_make()
    production = people.approved_make(team)
    worker = people.render_worker(production)
    assert worker.claim().status_code == 200

    withdraw(user=team.person, consent_id=production.consent_id)

    assert worker.heartbeat().json()["code"] == "lease-lost"
    assert worker.result({"sha256": "0" * 64}).json()["code"] == "lease-lost"
    assert_no_file(production)


def test_the_person_withdraws_even_after_losing_the_role() -> None:
    team = people.team_make()
    production = people.approved_make(team)
    role_revoke(user=people.administrator_of(team), of=team.person.pk, role=Role.DEPICTED_PERSON)

    withdraw(user=team.person, consent_id=production.consent_id)

    production.refresh_from_db()
    assert production.state == "stopped"


def test_a_withdrawal_counts_on_a_host_whose_clock_is_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    team = people.team_make()
    likeness = people.likeness_make(team)
    people.identity_make(team)
    consent = people.consent_make(team, likeness)
    withdraw(user=team.person, consent_id=consent.pk)

    at(monkeypatch, datetime.now(UTC) - timedelta(seconds=30))

    assert consent_state(consent) is ConsentState.WITHDRAWN


def test_a_withdrawn_consent_cannot_be_submitted_under() -> None:
    team = people.team_make()
    likeness = people.likeness_make(team)
    people.identity_make(team)
    consent = people.consent_make(team, likeness)
    production = people.draft_make(team, likeness)
    withdraw(user=team.person, consent_id=consent.pk)

    answer = submit(team, production)

    assert_refused(answer, production, code="consent-withdrawn")


def test_only_the_depicted_person_grants() -> None:
    team = people.team_make()
    likeness = people.likeness_make(team)
    people.identity_make(team)
    other = people.user_make(team.organisation, Role.DEPICTED_PERSON, Role.REQUESTER)
    body = {
        "likeness": str(likeness.pk),
        "purposes": ["product_briefing"],
        "channels": ["intranet"],
        "territories": ["JP"],
        "languages": ["en"],
        "ai_label": "Made with AI",
        "valid_from": datetime.now(UTC).isoformat(),
        "valid_until": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
    }

    for user, code in ((team.requester, "not-permitted"), (other, "not-the-depicted-person")):
        answer = people.signed_in(user).post("/api/v1/consents", body, format="json")
        assert_problem(answer, code=code, status=403)
        assert refusal_events(likeness.pk)[-1].data["code"] == code


def test_an_unverified_person_cannot_consent() -> None:
    team = people.team_make()
    likeness = people.likeness_make(team)

    with pytest.raises(Refused) as refused:
        people.consent_make(team, likeness)

    assert refused.value.code == "identity-not-verified"
    assert refusal_events(likeness.pk)[-1].data["code"] == "identity-not-verified"


def test_the_requester_cannot_approve_even_with_the_role() -> None:
    team = people.team_make()
    both = people.user_make(team.organisation, Role.REQUESTER, Role.APPROVER)
    team = people.Team(team.organisation, both, team.person, team.reviewer, both, team.auditor)
    production = people.submitted_make(team)

    answer = people.signed_in(both).post(
        f"/api/v1/productions/{production.pk}/decision",
        {"decision": "approve", "request_digest": production.request_digest},
    )

    assert_refused(answer, production, code="requester-cannot-approve")
    production.refresh_from_db()
    assert production.state == "in_approval"


def test_the_depicted_person_cannot_approve_even_with_the_role() -> None:
    team = people.team_make()
    both = people.user_make(team.organisation, Role.DEPICTED_PERSON, Role.APPROVER)
    team = people.Team(team.organisation, team.requester, both, team.reviewer, both, team.auditor)
    production = people.submitted_make(team)

    answer = people.signed_in(both).post(
        f"/api/v1/productions/{production.pk}/decision",
        {"decision": "approve", "request_digest": production.request_digest},
    )

    assert_refused(answer, production, code="depicted-cannot-approve")


def test_a_requester_without_the_role_cannot_approve() -> None:
    team = people.team_make()
    production = people.submitted_make(team)

    answer = people.signed_in(team.requester).post(
        f"/api/v1/productions/{production.pk}/decision",
        {"decision": "approve", "request_digest": production.request_digest},
    )

    assert_refused(answer, production, code="not-permitted")


def test_a_decision_about_another_digest_is_void() -> None:
    team = people.team_make()
    production = people.submitted_make(team)

    answer = people.signed_in(team.approver).post(
        f"/api/v1/productions/{production.pk}/decision",
        {"decision": "approve", "request_digest": "0" * 64},
    )

    assert_refused(answer, production, code="digest-mismatch", status=409)


def test_one_approver_does_not_count_for_two_steps() -> None:
    team = people.team_make(steps=["legal", "brand"])
    production = people.submitted_make(team)
    production = people.approve(team.approver, production)
    assert production.state == "in_approval"

    with pytest.raises(Refused) as refused:
        people.approve(team.approver, production)

    assert refused.value.code == "already-decided"


def test_no_policy_means_no() -> None:
    team = people.team_make(steps=[])
    likeness = people.likeness_make(team)
    people.identity_make(team)
    people.consent_make(team, likeness)
    production = people.draft_make(team, likeness)

    answer = submit(team, production)

    assert_refused(answer, production, code="no-policy", status=409)


def test_a_rejected_production_is_never_rendered() -> None:
    team = people.team_make()
    production = people.submitted_make(team)

    answer = people.signed_in(team.approver).post(
        f"/api/v1/productions/{production.pk}/decision",
        {
            "decision": "reject",
            "request_digest": production.request_digest,
            "comment": "The claim about the price is wrong.",
        },
    )

    assert answer.status_code == 200
    assert answer.json()["state"] == "rejected"
    assert answer.json()["problem"]["detail"] == "The claim about the price is wrong."
    assert_no_file(production)


def test_nothing_is_delivered_before_it_is_released() -> None:
    team = people.team_make()
    production = people.submitted_make(team)
    client = people.signed_in(team.requester)

    answer = client.get(f"/api/v1/productions/{production.pk}/video")
    assert_refused(answer, production, code="not-released", status=409)
    answer = client.get(f"/api/v1/productions/{production.pk}/evidence")
    assert_refused(answer, production, code="not-released", status=409)


def test_another_organisation_sees_nothing() -> None:
    production = people.submitted_make(people.team_make())
    stranger = people.team_make()

    for user in (stranger.requester, stranger.approver, stranger.auditor, stranger.person):
        answer = people.signed_in(user).get(f"/api/v1/productions/{production.pk}")
        assert_problem(answer, code="not-found", status=404)
    answer = people.signed_in(stranger.approver).post(
        f"/api/v1/productions/{production.pk}/decision",
        {"decision": "approve", "request_digest": production.request_digest},
    )
    assert_refused(answer, production, code="not-found", status=404)


def test_an_unusable_portrait_gives_no_consent() -> None:
    team = people.team_make()
    likeness = people.likeness_make(team, Verdict.UNUSABLE)
    people.identity_make(team)

    with pytest.raises(Refused) as refused:
        people.consent_make(team, likeness)

    assert refused.value.code == "portrait-unusable"


def test_a_draft_is_submitted_by_its_requester_only() -> None:
    team = people.team_make()
    production = people.draft_make(team, people.likeness_make(team))
    colleague = people.user_make(team.organisation, Role.REQUESTER)

    with pytest.raises(Refused) as refused:
        production_submit(user=colleague, production_id=production.pk)

    assert refused.value.code == "not-permitted"
