"""How administrators change the rules: one proposes, another confirms, in the database too."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, transaction
from django.test import Client
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.roles import Role
from rakkan.accounts.services import role_revoke, user_deactivate
from rakkan.approvals.matching import Asked, Match, StepPlan
from rakkan.approvals.models import Policy, PolicyStep, Workflow
from rakkan.approvals.rulebook import ruling_on
from rakkan.approvals.ruling import RuleChange, RuleChangeDecision
from rakkan.approvals.services import (
    ForbiddenText,
    PolicyText,
    Reason,
    forbidden_use_propose,
    policy_propose,
    rule_change_decide,
    rule_retire,
)
from rakkan.audit.models import Event
from rakkan.core.errors import BadInput, NotPermitted, Refused
from tests.integration import people

pytestmark = pytest.mark.django_db

LEGAL, BRAND = StepPlan(1, "legal"), StepPlan(2, "brand")
ASKED = Asked("product_briefing", ("intranet",), ("JP",), "adult")


def two(team: people.Team) -> tuple[User, User]:
    return people.administrator_of(team), people.administrator_of(team)


def decide(user: User, change: RuleChange, accepted: bool = True) -> RuleChangeDecision:
    people.confirm(user)
    return rule_change_decide(user=user, change_id=change.pk, accepted=accepted)


def steps(user: User) -> list[str]:
    return [step.name for step in ruling_on(user, ASKED).steps]


def later(monkeypatch: pytest.MonkeyPatch, **by: float) -> None:
    moment: datetime = timezone.now() + timedelta(**by)
    monkeypatch.setattr(timezone, "now", lambda: moment)


def test_a_new_version_counts_once_another_administrator_has_confirmed_it() -> None:
    team = people.team_make()
    one, other = two(team)

    change = policy_propose(user=one, text=PolicyText("default", (LEGAL, BRAND)))
    assert steps(one) == ["legal"]
    decide(other, change)

    assert steps(one) == ["legal", "brand"]
    assert ruling_on(one, ASKED).policies == ["default (v2)"]
    names = Event.objects.filter(name__startswith="approvals.rule.").order_by("occurred_at")
    assert list(names.values_list("name", "actor_id")) == [
        ("approvals.rule.proposed", str(one.pk)),
        ("approvals.rule.confirmed", str(other.pk)),
    ]


def test_what_was_submitted_keeps_its_steps_whatever_the_rules_become() -> None:
    team = people.team_make()
    one, other = two(team)
    production = people.submitted_make(team)

    decide(other, policy_propose(user=one, text=PolicyText("default", (LEGAL, BRAND))))
    policy = Policy.objects.get(organisation=team.organisation, version=2)
    decide(other, rule_retire(user=one, kind="policy", rule_id=policy.pk))

    workflow = Workflow.objects.get(subject_id=production.pk)
    assert workflow.policies == ["default"]
    assert [step.name for step in workflow.steps.all()] == ["legal"]
    assert people.approve(team.approver, production).state == "queued"


def test_an_end_of_a_version_does_not_bring_the_earlier_one_back() -> None:
    team = people.team_make()
    one, other = two(team)
    decide(other, policy_propose(user=one, text=PolicyText("default", (LEGAL, BRAND))))
    policy = Policy.objects.get(organisation=team.organisation, version=2)

    decide(other, rule_retire(user=one, kind="policy", rule_id=policy.pk))

    assert steps(one) == []
    with pytest.raises(Refused) as refused:
        people.submitted_make(team)
    assert refused.value.code == "no-policy"


def test_a_policy_without_steps_means_no() -> None:
    team = people.team_make()
    one, other = two(team)

    decide(other, policy_propose(user=one, text=PolicyText("default", ())))

    with pytest.raises(Refused) as refused:
        people.submitted_make(team)
    assert refused.value.code == "no-policy"


def test_who_proposed_it_does_not_confirm_it_and_may_take_it_back() -> None:
    team = people.team_make()
    one, _ = two(team)
    change = policy_propose(user=one, text=PolicyText("default", (BRAND,)))

    with pytest.raises(NotPermitted) as refused:
        decide(one, change)
    assert refused.value.code == "own-change"
    assert Event.objects.filter(name="approvals.rule.refused", actor_id=one.pk).exists()
    decide(one, change, accepted=False)
    with pytest.raises(Refused):
        decide(one, change)

    assert steps(one) == ["legal"]


def test_to_close_or_remove_the_other_administrator_does_not_help(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    team = people.team_make()
    one, other = two(team)
    change = policy_propose(user=one, text=PolicyText("default", (BRAND,)))

    user_deactivate(user=one, member_id=other.pk)
    with pytest.raises(NotPermitted):
        decide(one, change)
    role_revoke(user=one, of=other.pk, role=Role.ADMINISTRATOR)
    with pytest.raises(NotPermitted):
        decide(one, change)
    later(monkeypatch, days=7, minutes=1)
    decide(one, change)

    assert steps(one) == ["brand"]


def test_the_only_administrator_confirms_their_own_and_has_to_be_there() -> None:
    team = people.team_make()
    one = people.administrator_of(team)
    change = policy_propose(user=one, text=PolicyText("default", (BRAND,)))

    with pytest.raises(NotPermitted) as refused:
        rule_change_decide(user=one, change_id=change.pk, accepted=True)
    assert refused.value.code == "reauthentication-needed"
    decide(one, change)

    assert steps(one) == ["brand"]


def test_a_rule_begins_on_its_day_and_never_before_today(monkeypatch: pytest.MonkeyPatch) -> None:
    team = people.team_make()
    one, other = two(team)
    text, now = PolicyText("default", (BRAND,)), timezone.now()

    with pytest.raises(BadInput):
        policy_propose(user=one, text=text, effective_from=now - timedelta(days=1))
    begins = now + timedelta(days=2)
    decide(other, policy_propose(user=one, text=text, effective_from=begins))

    assert steps(one) == ["legal"]
    later(monkeypatch, days=2, minutes=1)
    assert steps(one) == ["brand"]


def test_a_use_is_forbidden_and_allowed_again_by_two() -> None:
    team = people.team_make()
    one, other = two(team)
    text = ForbiddenText("inside", Match(channels=("intranet",)), Reason("No.", "不可。"))

    change = forbidden_use_propose(user=one, text=text)
    assert ruling_on(one, ASKED).forbidden is None
    decide(other, change)
    forbidden = ruling_on(one, ASKED).forbidden
    assert forbidden is not None
    end = rule_retire(user=one, kind="forbidden_use", rule_id=forbidden.pk)
    with pytest.raises(Refused):
        rule_retire(user=other, kind="forbidden_use", rule_id=forbidden.pk)
    decide(other, end)

    assert ruling_on(one, ASKED).forbidden is None


@pytest.mark.parametrize(
    "text",
    [
        PolicyText("x", (StepPlan(1, "a", 0),)),
        PolicyText("x", (LEGAL, LEGAL)),
        PolicyText("", (LEGAL,)),
        PolicyText("x", (LEGAL,), Match(purposes=("mischief",))),
    ],
)
def test_what_is_no_rule_is_not_proposed(text: PolicyText) -> None:
    with pytest.raises(BadInput):
        policy_propose(user=people.administrator_of(people.team_make()), text=text)


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.ADMINISTRATOR])
def test_nobody_else_changes_rules(role: Role) -> None:
    team = people.team_make()
    one, _ = two(team)
    somebody = people.user_make(team.organisation, role)
    change = policy_propose(user=one, text=PolicyText("default", (BRAND,)))

    with pytest.raises(NotPermitted):
        policy_propose(user=somebody, text=PolicyText("default", (BRAND,)))
    with pytest.raises(NotPermitted):
        rule_change_decide(user=somebody, change_id=change.pk, accepted=True)


def test_an_administrator_decides_on_no_production() -> None:
    team = people.team_make()
    production = people.submitted_make(team)

    with pytest.raises(NotPermitted):
        people.approve(people.administrator_of(team), production)


# -- on the pages and by the API


def test_a_next_version_starts_from_the_one_in_force_and_is_confirmed_on_the_page() -> None:
    team = people.team_make()
    one, other = two(team)
    policy = Policy.objects.get(organisation=team.organisation)
    proposing, confirming = Client(), Client()
    proposing.force_login(one)
    confirming.force_login(other)

    assert "1, legal, 1" in proposing.get(f"/policies/new?of={policy.pk}").content.decode()
    assert proposing.get("/policies/new?of=nothing").status_code == 404
    given = {
        "name": "default",
        "priority": "0",
        "reviewers": "2",
        "steps": "1, legal\n2、ブランド、2\n",
    }
    assert proposing.post("/policies/new", given | {"steps": "legal"}).status_code == 400
    assert proposing.post("/policies/new", given).status_code == 302
    change = RuleChange.objects.get(proposed_by=one)
    address = f"/policies/changes/{change.pk}/decide"
    assert proposing.post(address, {"accepted": "yes"}).status_code == 403
    first = confirming.post(address, {"accepted": "yes"})
    assert first["Location"].startswith("/confirm?next=")
    people.confirm_in(confirming, other)
    assert confirming.post(address, {"accepted": "yes"}).status_code == 302

    assert steps(one) == ["legal", "ブランド"]
    new = Policy.objects.in_force().get(organisation=team.organisation)
    assert new.reviewers == 2
    assert 'value="2"' in proposing.get(f"/policies/new?of={new.pk}").content.decode()


def test_the_api_names_a_deputy_and_drafts_anew() -> None:
    team = people.team_make()
    deputy = people.user_make(team.organisation, Role.APPROVER)
    until = (timezone.now() + timedelta(days=3)).isoformat()

    api = people.signed_in(team.approver)
    body = {"to": str(deputy.pk), "valid_until": until}
    made = api.post("/api/v1/delegations", body, format="json")
    assert made.status_code == 201
    ended = api.post(f"/api/v1/delegations/{made.json()['id']}/end")
    assert ended.status_code == 200
    assert api.get("/api/v1/delegations").json()["results"] == []

    production = people.submitted_make(team)
    path = f"/api/v1/productions/{production.pk}"
    requester = people.signed_in(team.requester)
    assert requester.post(f"{path}/redraft").json()["code"] == "wrong-state"
    requester.post(f"{path}/cancel")
    draft = requester.post(f"{path}/redraft", {"title": "Again"}).json()
    assert (draft["title"], draft["state"]) == ("Again", "draft")
    assert draft["purpose"] == production.purpose
    assert draft["id"] != str(production.pk)


# -- past the services


def insert(change: RuleChange, user: User | None, **columns: Any) -> None:
    values = {"accepted": True, "decided_at": timezone.now()} | columns
    with transaction.atomic():
        RuleChangeDecision.objects.create(change=change, decided_by=user, **values)


def test_sql_keeps_four_eyes() -> None:
    team, elsewhere = people.team_make(), people.team_make()
    one, other = two(team)
    stranger = people.administrator_of(elsewhere)
    change = policy_propose(user=one, text=PolicyText("default", (BRAND,)))
    for user in (one, stranger, team.approver):
        people.confirm(user)

    for user in (None, one, stranger, team.approver, other):  # the last one has not confirmed
        with pytest.raises(IntegrityError, match="takes another administrator"):
            insert(change, user)
    people.confirm(other)
    insert(change, other)


def test_sql_lets_only_administrators_propose_and_nothing_twice() -> None:
    team, elsewhere = people.team_make(), people.team_make()
    one, _ = two(team)
    policy = Policy.objects.get(organisation=team.organisation)
    now = timezone.now()
    values: dict[str, Any] = {"kind": "retire", "proposed_at": now, "effective_from": now}

    for organisation, user, match in (
        (team.organisation, team.approver, "by administrators"),
        (elsewhere.organisation, one, "by administrators"),
        (elsewhere.organisation, people.administrator_of(elsewhere), "another organisation"),
    ):
        with pytest.raises(IntegrityError, match=match), transaction.atomic():
            RuleChange.objects.create(
                organisation=organisation, policy=policy, proposed_by=user, **values
            )
    with pytest.raises(IntegrityError, match="policy_added_once"), transaction.atomic():
        RuleChange.objects.create(
            organisation=team.organisation, policy=policy, **values | {"kind": "add"}
        )


def test_sql_rewrites_no_rule() -> None:
    team = people.team_make()
    policy = Policy.objects.get(organisation=team.organisation)

    for write in (
        lambda: Policy.objects.filter(pk=policy.pk).update(priority=9),
        lambda: Policy.objects.filter(pk=policy.pk).delete(),
        lambda: RuleChange.objects.filter(policy=policy).update(kind="retire"),
        lambda: RuleChangeDecision.objects.filter(change__policy=policy).update(accepted=False),
    ):
        with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic():
            write()
    with pytest.raises(IntegrityError, match="new version"), transaction.atomic():
        PolicyStep.objects.create(policy=policy, stage=2, name="brand")
