"""Approval policies as data: which rule speaks, who has to say yes, and for how long it holds."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client
from django.utils import timezone, translation

from rakkan.accounts.factors import has_second_factor
from rakkan.accounts.models import User
from rakkan.accounts.roles import Role
from rakkan.approvals.document import document
from rakkan.approvals.matching import Asked, Match, StepPlan, governing, merged
from rakkan.approvals.models import (
    Decision,
    Delegation,
    ForbiddenUse,
    Policy,
    Workflow,
    WorkflowStep,
)
from rakkan.approvals.progress import Outcome, Standing, Verdict, outcome_of
from rakkan.approvals.ruling import RuleChange
from rakkan.approvals.selectors import check_approved
from rakkan.approvals.services import (
    PolicyText,
    Reason,
    Word,
    delegation_add,
    delegation_end,
    forbidden_use_ensure,
    policy_add,
    policy_propose,
    rule_change_decide,
    rule_retire,
)
from rakkan.audit.models import Event
from rakkan.core.errors import Refused
from rakkan.likenesses.classes import PersonClass
from rakkan.likenesses.models import Person
from rakkan.likenesses.services import person_ensure
from rakkan.pages.problems import problem_of
from rakkan.productions.models import Production
from rakkan.productions.services.decide import production_decide
from rakkan.productions.services.reconcile import reconcile
from rakkan.productions.services.redraft import draft_of, production_redraft
from tests.integration import people

pytestmark = pytest.mark.django_db

LEGAL, BRAND = StepPlan(1, "legal"), StepPlan(2, "brand")


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    """Let the platform's clock show this moment."""
    monkeypatch.setattr(timezone, "now", lambda: moment)


def team_with(*steps: StepPlan) -> people.Team:
    """A team whose one policy has these steps."""
    team = people.team_make(steps=[])
    policy_add(organisation=team.organisation, name="only", steps=steps)
    return team


def approver(team: people.Team) -> User:
    return people.user_make(team.organisation, Role.APPROVER)


def say(user: User, production: Production, verdict: Verdict, **word: Any) -> Production:
    people.confirm(user)
    return production_decide(
        user=user,
        production_id=production.pk,
        request_digest=production.request_digest,
        word=Word(verdict, **word),
    )


def confirmed(team: people.Team, change: RuleChange) -> None:
    """A second administrator says yes."""
    other = people.administrator_of(team)
    people.confirm(other)
    rule_change_decide(user=other, change_id=change.pk, accepted=True)


def retired(team: people.Team) -> None:
    """The policies in force, no more."""
    administrator = people.administrator_of(team)
    for policy in Policy.objects.filter(organisation=team.organisation).in_force():
        change = rule_retire(user=administrator, kind="policy", rule_id=policy.pk)
        confirmed(team, change)


class Named:
    """A policy that is in no table."""

    def __init__(self, name: str, priority: int = 0, **lists: tuple[str, ...]) -> None:
        self.name, self.priority, self.match = name, priority, Match(**lists)


def names(rules: list[Named], **asked: Any) -> list[str]:
    values: dict[str, Any] = {
        "purpose": "marketing",
        "channels": ("intranet",),
        "territories": ("JP",),
        "person_class": "adult",
    }
    return [rule.name for rule in governing(rules, Asked(**values | asked))]


# -- which rule speaks


def test_the_most_specific_policy_speaks_and_priority_goes_before() -> None:
    rules = [
        Named("any"),
        Named("marketing", purposes=("marketing",)),
        Named("minors", person_classes=("minor",), priority=5),
    ]

    assert names(rules) == ["marketing"]
    assert names(rules, purpose="recruitment") == ["any"]
    assert names(rules, person_class="minor") == ["minors"]


def test_two_that_are_equal_both_speak() -> None:
    rules = [Named("web", channels=("website",)), Named("ads", purposes=("marketing",))]

    assert names(rules, channels=("website",)) == ["web", "ads"]


def test_a_harmless_channel_beside_a_strict_one_takes_no_rule_away() -> None:
    rules = [Named("inside", channels=("intranet",)), Named("outside", channels=("broadcast",))]

    assert names(rules, channels=("broadcast", "intranet")) == ["outside", "inside"]


def test_a_part_that_no_policy_covers_leaves_the_whole_without_one() -> None:
    rules = [Named("inside", channels=("intranet",))]

    assert names(rules, channels=("intranet", "website")) == []
    assert names([]) == []


def test_the_whole_world_asks_every_territory() -> None:
    rules = [Named("any"), Named("china", territories=("CN",))]

    assert set(names(rules, territories=("WORLD",))) == {"any", "china"}
    assert names([Named("world", territories=("WORLD",))], territories=("JP",)) == ["world"]


def test_a_step_of_two_policies_is_asked_for_once_and_as_strictly_as_either() -> None:
    plan = merged([StepPlan(1, "legal", 2), StepPlan(2, "legal"), StepPlan(1, "brand")])

    assert plan == [StepPlan(1, "brand"), StepPlan(2, "legal", 2)]


def test_no_steps_approve_nothing() -> None:
    assert outcome_of([], expired=False) is Outcome.PENDING


@pytest.mark.parametrize("verdict", ["reject", "changes"])
def test_one_word_against_it_outweighs_every_approval(verdict: str) -> None:
    standings = [Standing(StepPlan(1, "legal"), ("approve",)), Standing(BRAND, (verdict,))]

    assert outcome_of(standings, expired=False) is not Outcome.APPROVED


def test_the_workflow_keeps_the_steps_and_the_policy_as_they_were() -> None:
    team = team_with(LEGAL)
    production = people.submitted_make(team)
    stricter = PolicyText("only", (LEGAL, BRAND))
    change = policy_propose(user=people.administrator_of(team), text=stricter)
    confirmed(team, change)
    retired(team)

    workflow = Workflow.objects.get(subject_id=production.pk)

    assert workflow.policies == ["only"]
    assert [(s.stage, s.name, s.quorum) for s in workflow.steps.all()] == [(1, "legal", 1)]


def test_a_retired_policy_is_no_policy() -> None:
    team = team_with(LEGAL)
    retired(team)

    with pytest.raises(Refused) as refused:
        people.submitted_make(team)

    assert refused.value.code == "no-policy"


def test_a_policy_for_another_channel_is_no_policy() -> None:
    team = people.team_make(steps=[])
    website = Match(channels=("website",))
    policy_add(organisation=team.organisation, name="only", steps=(LEGAL,), match=website)

    with pytest.raises(Refused) as refused:
        people.submitted_make(team)  # for the intranet

    assert refused.value.code == "no-policy"


def test_a_policy_without_steps_approves_nothing() -> None:
    with pytest.raises(Refused) as refused:
        people.submitted_make(team_with())

    assert refused.value.code == "no-policy"


# -- forbidden uses


def forbid(team: people.Team, **lists: tuple[str, ...]) -> ForbiddenUse:
    return forbidden_use_ensure(
        organisation=team.organisation,
        rule="not-officials",
        match=Match(**lists),
        reason=Reason("Officials are not shown.", "公職者は起用できません。"),
    )


def test_a_forbidden_use_ends_at_once_with_the_rules_name() -> None:
    team = people.team_make()
    person_ensure(user=team.person, person_class=PersonClass.PUBLIC_OFFICIAL)
    forbid(team, person_classes=("public_official",))

    with pytest.raises(Refused, match="not-officials") as refused:
        people.submitted_make(team)

    production = Production.objects.get(organisation=team.organisation)
    assert refused.value.code == "use-forbidden"
    assert production.state == "stopped"
    assert production.problem is not None
    assert production.problem["code"] == "use-forbidden"
    assert "not-officials" in production.problem["title"]
    with translation.override("ja"):
        shown = problem_of(production.problem)
    assert shown is not None
    assert "公職者は起用できません。" in shown.detail
    events = Event.objects.filter(object_id=str(production.pk)).order_by("occurred_at")
    assert [(e.name, e.data["code"]) for e in events if "code" in e.data] == [
        ("productions.production.refused", "use-forbidden"),
        ("productions.production.stopped", "use-forbidden"),
    ]
    assert not Workflow.objects.filter(subject_id=production.pk).exists()


def test_a_use_is_forbidden_if_any_part_of_it_is() -> None:
    team = people.team_make()
    forbid(team, channels=("broadcast",), territories=("CN",))
    likeness = people.likeness_make(team)
    people.identity_make(team)
    people.consent_make(team, likeness, channels=["intranet", "broadcast"], territories=["WORLD"])

    allowed = people.draft_make(team, likeness, channels=["broadcast"], territories=["JP"])
    assert people.submit(team.requester, allowed).state == "in_approval"
    draft = people.draft_make(
        team, likeness, channels=["broadcast", "intranet"], territories=["WORLD"]
    )
    with pytest.raises(Refused, match="not-officials"):
        people.submit(team.requester, draft)


def test_a_use_forbidden_after_its_approval_is_not_dispatched() -> None:
    team = people.team_make()
    production = people.approved_make(team)
    forbid(team, purposes=(production.purpose,))

    answer = people.render_worker(production).claim()

    assert answer.status_code == 403
    assert answer.json()["code"] == "use-forbidden"
    production.refresh_from_db()
    assert production.state == "stopped"


def test_a_persons_class_is_chosen_when_the_record_is_made() -> None:
    team = people.team_make()
    person_ensure(user=team.person, person_class=PersonClass.PUBLIC_OFFICIAL)

    assert person_ensure(user=team.person).person_class == "public_official"
    with pytest.raises(ProgrammingError, match="person_class_fixed"), transaction.atomic():
        Person.objects.filter(user=team.person).update(person_class="adult")
    with pytest.raises(IntegrityError, match="person_"), transaction.atomic():
        Person.objects.create(
            organisation=team.organisation, user=team.requester, person_class="nobody"
        )


# -- who has to say yes


def test_a_quorum_counts_different_people() -> None:
    team = team_with(StepPlan(1, "legal", 2))
    production = people.submitted_make(team)
    first, second = approver(team), approver(team)

    assert people.approve(first, production).state == "in_approval"
    with pytest.raises(Refused) as refused:
        people.approve(first, production)
    assert refused.value.code == "already-decided"
    assert people.approve(second, production).state == "queued"


def test_steps_of_one_stage_are_decided_in_any_order() -> None:
    team = team_with(StepPlan(1, "legal"), StepPlan(1, "works_council"), BRAND)
    production = people.submitted_make(team)
    users = [approver(team) for _ in range(3)]

    say(users[0], production, Verdict.APPROVE, step="works_council")
    with pytest.raises(Refused) as refused:
        say(users[1], production, Verdict.APPROVE, step="brand")
    assert refused.value.code == "step-not-open"
    say(users[1], production, Verdict.APPROVE, step="legal")
    assert say(users[2], production, Verdict.APPROVE, step="brand").state == "queued"


def test_changes_are_asked_for_with_a_comment_and_end_the_request() -> None:
    team = people.team_make()
    production = people.submitted_make(team)

    with pytest.raises(Refused) as refused:
        say(team.approver, production, Verdict.CHANGES)
    assert refused.value.code == "comment-empty"
    production = say(team.approver, production, Verdict.CHANGES, comment="Say the price.")

    assert production.state == "rejected"
    assert production.problem is not None
    assert production.problem["code"] == "changes-requested"
    assert production.problem["detail"] == "Say the price."
    with pytest.raises(Refused) as refused:
        people.approve(approver(team), production)
    assert refused.value.code == "approval-changes-requested"


def test_the_api_takes_a_step_and_asks_for_changes() -> None:
    team = people.team_make()
    production = people.submitted_make(team)
    body = {"decision": "changes", "request_digest": production.request_digest, "step": "legal"}

    answer = people.signed_in(team.approver).post(
        f"/api/v1/productions/{production.pk}/decision", {**body, "comment": "Shorter."}
    )

    assert answer.status_code == 200, answer.json()
    assert answer.json()["problem"]["code"] == "changes-requested"


def test_a_new_draft_takes_over_what_was_asked_for_and_nothing_that_was_decided() -> None:
    team = people.team_make()
    old = people.submitted_make(team)
    with pytest.raises(Refused) as refused:
        production_redraft(user=team.requester, production_id=old.pk)
    assert refused.value.code == "wrong-state"
    old = say(team.approver, old, Verdict.CHANGES, comment="Say the price.")

    new = production_redraft(user=team.requester, production_id=old.pk)

    assert draft_of(new) == draft_of(old)
    assert new.voice_sha256 == old.voice_sha256
    assert (new.state, new.consent, new.request_digest) == ("draft", None, "")
    assert new.asset_id != old.asset_id
    made = Event.objects.get(object_id=str(new.pk), name__endswith=".created")
    assert made.data["made_from"] == str(old.pk)
    with pytest.raises(Refused) as refused:
        production_redraft(
            user=people.user_make(team.organisation, Role.REQUESTER), production_id=old.pk
        )
    assert refused.value.code == "not-permitted"


def test_the_button_leads_to_a_form_that_is_filled_in_and_keeps_the_voice() -> None:
    team = people.team_make()
    old = people.submitted_make(team, title="Quarterly figures")
    say(team.approver, old, Verdict.CHANGES, comment="Say the price.")
    client = Client()
    client.force_login(team.requester)
    address = f"/productions/new?from={old.pk}"

    assert address in client.get(f"/productions/{old.pk}").content.decode()
    assert "Quarterly figures" in client.get(address).content.decode()
    cast = {"likeness": old.likeness_id, "speaker": old.speaker_id}
    given = {**asdict(draft_of(old)), **cast, "title": "With the price"}
    answer = client.post(address, given)

    assert answer.status_code == 302, answer.content.decode()
    new = Production.objects.get(state="draft")
    assert new.title == "With the price"
    assert new.voice_sha256 == old.voice_sha256
    assert client.get("/productions/new?from=nothing").status_code == 404


# -- in somebody's name


def delegate(team: people.Team, deputy: User, days: float = 1) -> Delegation:
    now = datetime.now(UTC)
    return delegation_add(
        user=team.approver,
        to_user_id=deputy.pk,
        valid_from=now - timedelta(minutes=1),
        valid_until=now + timedelta(days=days),
    )


def test_a_deputy_decides_in_the_name_of_the_approver_and_the_log_names_both() -> None:
    team = people.team_make()
    deputy, production = approver(team), people.submitted_make(team)
    delegate(team, deputy)

    production = say(deputy, production, Verdict.APPROVE, in_name_of=team.approver.pk)

    assert production.state == "queued"
    decision = Decision.objects.get(workflow__subject_id=production.pk)
    assert (decision.approver, decision.delegate) == (team.approver, deputy)
    event = Event.objects.get(object_id=str(production.pk), name="approvals.decision.recorded")
    assert event.actor_id == str(deputy.pk)
    assert event.data["in_name_of"] == str(team.approver.pk)


def test_a_deputy_and_who_named_them_are_counted_once_together() -> None:
    team = team_with(StepPlan(1, "legal", 2))
    deputy, production = approver(team), people.submitted_make(team)
    delegate(team, deputy)
    say(deputy, production, Verdict.APPROVE, in_name_of=team.approver.pk)

    for user in (deputy, team.approver):
        with pytest.raises(Refused) as refused:
            people.approve(user, production)
        assert refused.value.code == "already-decided"
    step = steps_by_name(production)["legal"]
    with pytest.raises(IntegrityError, match="does not fit"):
        insert(step, deputy)


def test_a_delegation_holds_for_its_term_and_can_be_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    team = people.team_make()
    deputy, production = approver(team), people.submitted_make(team)

    def refused_code() -> str:
        with pytest.raises(Refused) as refused:
            say(deputy, production, Verdict.APPROVE, in_name_of=team.approver.pk)
        return refused.value.code

    assert refused_code() == "delegation-missing"
    delegation = delegate(team, deputy)
    with pytest.raises(Refused):
        delegation_end(user=deputy, delegation_id=delegation.pk)
    delegation_end(user=team.approver, delegation_id=delegation.pk)
    assert refused_code() == "delegation-missing"
    delegate(team, deputy)
    at(monkeypatch, datetime.now(UTC) + timedelta(days=2))
    assert refused_code() == "delegation-missing"


def test_a_deputy_is_another_approver_and_never_the_requester_or_the_depicted_person() -> None:
    team = people.team_make()
    both = people.user_make(team.organisation, Role.REQUESTER, Role.APPROVER)
    team = people.Team(
        team.organisation, both, team.person, team.reviewer, team.approver, team.auditor
    )
    production = people.submitted_make(team)

    with pytest.raises(Refused) as refused:
        delegate(team, team.auditor)
    assert refused.value.code == "not-permitted"
    with pytest.raises(Refused) as refused:
        delegate(team, team.approver)
    assert refused.value.code == "delegation-to-oneself"
    with pytest.raises(Refused) as refused:
        delegate(team, approver(people.team_make()))
    assert refused.value.code == "not-found"
    delegate(team, both)
    with pytest.raises(Refused) as refused:
        say(both, production, Verdict.APPROVE, in_name_of=team.approver.pk)
    assert refused.value.code == "requester-cannot-approve"


def test_sql_cannot_decide_in_a_name_without_a_live_delegation() -> None:
    team = people.team_make()
    deputy, production = approver(team), people.submitted_make(team)
    step = steps_by_name(production)["legal"]

    with pytest.raises(IntegrityError, match="does not fit"):
        insert(step, team.approver, delegate_id=deputy.pk)
    delegation = delegate(team, deputy)
    requester = production.requester
    Delegation.objects.create(
        organisation=team.organisation,
        from_user=team.approver,
        to_user=requester,
        valid_from=delegation.valid_from,
        valid_until=delegation.valid_until,
    )
    with pytest.raises(IntegrityError, match="delegate_is_not_the_requester"):
        insert(step, team.approver, delegate_id=requester.pk)
    people.confirm(deputy)
    insert(step, team.approver, delegate_id=deputy.pk)


def test_an_approver_names_a_deputy_on_a_page_and_ends_it_there() -> None:
    team = people.team_make()
    deputy, production = approver(team), people.submitted_make(team)
    client, other = Client(), Client()
    client.force_login(team.approver)
    other.force_login(deputy)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()

    given = {"to_user": str(deputy.pk), "valid_until": tomorrow}
    assert client.post("/approvals/delegations", given).status_code == 302
    assert deputy.name in client.get("/approvals/delegations").content.decode()
    assert "You may decide in the name of" in other.get("/approvals").content.decode()
    page = other.get(f"/productions/{production.pk}").content.decode()
    assert f'<option value="{team.approver.pk}">' in page
    delegation = Delegation.objects.get(from_user=team.approver)
    assert client.post("/approvals/delegations", {"end": delegation.pk}).status_code == 302
    assert client.post("/approvals/delegations", {"end": "no id"}).status_code == 404
    assert "You may decide" not in other.get("/approvals").content.decode()


# -- for how long it holds


def test_a_waiting_approval_expires_and_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    team = people.team_make()
    waiting, approved = people.submitted_make(team), people.approved_make(people.team_make())

    reconcile()
    at(monkeypatch, datetime.now(UTC) + timedelta(days=14, minutes=1))
    with pytest.raises(Refused) as refused:
        people.approve(team.approver, waiting)
    assert refused.value.code == "approval-expired"
    reconcile()

    for production in (waiting, approved):
        production.refresh_from_db()
        assert production.state == "stopped"
        assert production.problem is not None
        assert production.problem["code"] == "approval-expired"
        stopped = Event.objects.get(object_id=str(production.pk), name__endswith=".stopped")
        assert stopped.data["code"] == "approval-expired"


def test_an_approval_that_expired_is_not_dispatched(monkeypatch: pytest.MonkeyPatch) -> None:
    production = people.approved_make(people.team_make())
    check_approved(production.pk, production.request_digest)

    at(monkeypatch, datetime.now(UTC) + timedelta(days=14, minutes=1))
    answer = people.render_worker(production).claim()

    assert answer.json()["code"] == "approval-expired"
    production.refresh_from_db()
    assert production.state == "stopped"


# -- the same by plain SQL


def insert(step: WorkflowStep, user: User, **changes: Any) -> None:
    """Insert a decision without the services."""
    if has_second_factor(user):
        people.confirm(user)
    workflow = step.workflow
    row = {
        "id": uuid4(),
        "step_id": step.pk,
        "workflow_id": workflow.pk,
        "requester_id": workflow.requester_id,
        "depicted_id": workflow.depicted_id,
        "speaker_id": workflow.speaker_id,
        "approver_id": user.pk,
        "verdict": "approve",
        "subject_digest": workflow.subject_digest,
        "comment": "",
        "decided_at": datetime.now(UTC),
    } | changes
    columns = ", ".join(row)
    places = ", ".join(["%s"] * len(row))
    sql = f"INSERT INTO approvals_decision ({columns}) VALUES ({places})"  # noqa: S608  names above
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, list(row.values()))


def steps_by_name(production: Production) -> dict[str, WorkflowStep]:
    rows = WorkflowStep.objects.filter(workflow__subject_id=production.pk)
    return {step.name: step for step in rows}


def test_sql_cannot_decide_a_later_stage_first_nor_more_often_than_the_quorum() -> None:
    team = team_with(LEGAL, BRAND)
    steps = steps_by_name(people.submitted_make(team))

    with pytest.raises(IntegrityError, match="does not fit"):
        insert(steps["brand"], approver(team))
    insert(steps["legal"], approver(team))
    with pytest.raises(IntegrityError, match="does not fit"):
        insert(steps["legal"], approver(team))
    insert(steps["brand"], approver(team))


def test_sql_cannot_count_one_person_for_two_steps() -> None:
    team = team_with(LEGAL, BRAND)
    steps, user = steps_by_name(people.submitted_make(team)), approver(team)
    insert(steps["legal"], user)

    with pytest.raises(IntegrityError, match="approver_counts_once"):
        insert(steps["brand"], user)


@pytest.mark.parametrize("verdict", ["reject", "changes"])
def test_sql_cannot_go_on_after_a_word_against_it(verdict: str) -> None:
    team = team_with(StepPlan(1, "legal", 2))
    step = steps_by_name(people.submitted_make(team))["legal"]
    insert(step, approver(team), verdict=verdict)

    with pytest.raises(IntegrityError, match="does not fit"):
        insert(step, approver(team))


def test_sql_cannot_decide_another_workflows_step_or_in_unknown_words() -> None:
    team = team_with(LEGAL)
    production, other = people.submitted_make(team), people.submitted_make(team_with(LEGAL))
    step, foreign = steps_by_name(production)["legal"], steps_by_name(other)["legal"]

    with pytest.raises(IntegrityError, match="does not fit"):
        insert(step, approver(team), step_id=foreign.pk)
    with pytest.raises(IntegrityError, match="decision_known_verdict"):
        insert(step, approver(team), verdict="maybe")


def test_sql_cannot_date_a_decision_back_into_a_term_that_is_over() -> None:
    team = people.team_make()
    now = datetime.now(UTC)
    workflow = Workflow.objects.create(
        subject_id=uuid4(),
        subject_digest="0" * 64,
        organisation=team.organisation,
        requester=team.requester,
        depicted=team.person,
        person=person_ensure(user=team.person),
        speaker=team.person,
        opened_at=now - timedelta(days=20),
        expires_at=now - timedelta(days=6),
    )
    step = WorkflowStep.objects.create(workflow=workflow, stage=1, name="legal")

    with pytest.raises(IntegrityError, match="does not fit"):
        insert(step, team.approver, decided_at=now - timedelta(days=10))


def test_a_step_asks_for_somebody() -> None:
    step = steps_by_name(people.submitted_make(people.team_make()))["legal"]

    with pytest.raises(IntegrityError, match="workflow_step_quorum"), transaction.atomic():
        WorkflowStep.objects.create(workflow=step.workflow, stage=1, name="none", quorum=0)


@pytest.mark.parametrize("kind", [Policy, ForbiddenUse])
def test_a_misspelt_word_in_a_rule_is_refused(kind: type[Policy] | type[ForbiddenUse]) -> None:
    team = people.team_make()

    with pytest.raises(IntegrityError, match="known_words"), transaction.atomic():
        kind.objects.create(organisation=team.organisation, purposes=["marketng"])


# -- what an approver sees


def test_an_approver_sees_scope_policy_steps_and_verdicts_beside_the_request() -> None:
    team = team_with(LEGAL, BRAND)
    production = people.submitted_make(team)
    people.approve(team.approver, production)
    client = Client()
    client.force_login(approver(team))

    page = client.get(f"/productions/{production.pk}").content.decode()

    for said in (
        "The request beside the consent",
        "only",
        "legal",
        "brand",
        "waits since",
        "Usable",
    ):
        assert said in page
    assert team.approver.name in page


def test_an_approver_chooses_among_the_steps_that_are_open() -> None:
    team = team_with(LEGAL, StepPlan(1, "works_council"), BRAND)
    production = people.submitted_make(team)
    client = Client()
    client.force_login(team.approver)
    address = f"/productions/{production.pk}"

    page = client.get(address).content.decode()
    assert "<option>legal</option><option>works_council</option></select>" in page
    given = {"decision": "approve", "request_digest": production.request_digest}
    people.confirm_in(client, team.approver)
    answer = client.post(f"{address}/decide", {**given, "step": "works_council"})

    assert answer.status_code == 302
    assert Decision.objects.get(workflow__subject_id=production.pk).step.name == "works_council"


def test_the_published_tables_are_current(checkout: Path) -> None:
    published = (checkout / "docs" / "approval-policies.md").read_text(encoding="utf-8")
    assert published == document(), "run: python manage.py approval_policies"
