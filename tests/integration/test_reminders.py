"""Nobody forgets what waits: reminders, escalations and absences, once each, by four eyes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.roles import Role
from rakkan.accounts.services import role_grant, role_revoke
from rakkan.approvals.matching import StepPlan, merged
from rakkan.approvals.models import Policy, WorkflowStep
from rakkan.approvals.notices import Notice, NoticeKind
from rakkan.approvals.pace import escalation_is_due, reminder_due
from rakkan.approvals.services import (
    PolicyText,
    delegation_add,
    delegation_end,
    notices_due,
    notices_make,
    policy_add,
    policy_propose,
    rule_change_decide,
)
from rakkan.audit.models import Event
from rakkan.core.errors import BadInput
from rakkan.productions.models import Production
from rakkan.productions.services.remind import reminders_send
from rakkan.productions.services.stop import production_cancel
from tests.integration import people

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(timezone, "now", lambda: moment)


def team_with(*steps: StepPlan) -> people.Team:
    team = people.team_make(steps=[])
    policy_add(
        organisation=team.organisation, name="default", steps=steps or [StepPlan(1, "legal")]
    )
    return team


def told(kind: NoticeKind, number: int | None = None) -> list[User]:
    rows = Notice.objects.filter(kind=kind.value)
    rows = rows if number is None else rows.filter(number=number)
    return [row.recipient for row in rows.order_by("recipient__email")]


def approvers(team: people.Team, count: int) -> list[User]:
    return [people.user_make(team.organisation, Role.APPROVER) for _ in range(count)]


def by_address(*users: User) -> list[User]:
    return sorted(users, key=lambda one: one.email)


def away(user: User, deputy: User | None, start: datetime, days: float = 3) -> Any:
    return delegation_add(
        user=user,
        to_user_id=deputy.pk if deputy else None,
        valid_from=start,
        valid_until=start + timedelta(days=days),
    )


@pytest.mark.parametrize(
    ("hours", "number"), [(23.9, 0), (24, 1), (47.9, 1), (48, 2), (24 * 14, 14)]
)
def test_reminders_are_due_after_the_first_time_and_then_every_time(
    hours: float, number: int
) -> None:
    assert reminder_due(StepPlan(1, "legal"), hours * HOUR) == number


def test_a_policy_can_say_never_and_once() -> None:
    plan = StepPlan(1, "legal", remind_after=0, escalate_after=0)
    assert reminder_due(plan, 1000 * HOUR) == 0
    assert not escalation_is_due(plan, 1000 * HOUR, reached=0, needed=1)
    once = replace(plan, remind_after=1, remind_every=0)
    assert [reminder_due(once, hours * HOUR) for hours in (0, 1, 500)] == [0, 1, 1]


def test_of_two_policies_the_more_impatient_one_sets_the_pace() -> None:
    somebody = people.team_make().approver.pk
    slow = StepPlan(1, "legal", 1, 48, 0, 0)
    quick = StepPlan(1, "legal", 1, 0, 12, 72, somebody)
    assert merged([slow, quick]) == merged([quick, slow])
    assert merged([slow, quick]) == [StepPlan(1, "legal", 1, 48, 12, 72, somebody)]


def test_whoever_has_not_decided_is_reminded_once_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    team = team_with(StepPlan(1, "legal", 2))
    (other,) = approvers(team, 1)
    production = people.submitted_make(team)
    start = timezone.now()
    people.approve(other, production)

    at(monkeypatch, start + 23 * HOUR)
    reminders_send()
    assert not Notice.objects.exists()
    at(monkeypatch, start + 25 * HOUR)
    for _ in range(3):
        reminders_send()

    assert told(NoticeKind.REMINDER) == [team.approver]
    assert [message.to for message in mail.outbox] == [[team.approver.email]]
    event = Event.objects.get(name="approvals.reminder.sent")
    assert event.object_id == str(production.pk)
    assert event.data["recipients"] == [str(team.approver.pk)]
    assert event.data["step"] == "legal"
    at(monkeypatch, start + 49 * HOUR)
    reminders_send()
    assert told(NoticeKind.REMINDER, 2) == [team.approver]


def test_a_clerk_that_stood_still_sends_the_latest_reminder_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    team = team_with(StepPlan(1, "legal", escalate_after=0))
    people.submitted_make(team)
    at(monkeypatch, timezone.now() + 100 * HOUR)
    reminders_send()
    assert [row.number for row in Notice.objects.all()] == [4]


def test_the_message_names_neither_the_video_nor_the_people_in_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    team = team_with()
    production = people.submitted_make(team, title="Secret merger")
    at(monkeypatch, timezone.now() + 25 * HOUR)
    reminders_send()

    message = mail.outbox[-1]
    text = f"{message.subject}\n{message.body}"
    assert f"/productions/{production.pk}" in text
    assert "a decision waits for you" in text
    assert "判断を待っています" in text
    assert "<time" not in text
    for secret in ("Secret merger", team.person.name, team.requester.name, team.person.email):
        assert secret not in text
    assert message.extra_headers["Message-ID"].startswith(f"<notice.{Notice.objects.get().pk}@")


def test_what_nobody_decides_is_brought_before_all_who_may_and_administrators_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    team = team_with(StepPlan(1, "legal", remind_after=0))
    others = approvers(team, 2)
    administrator = people.administrator_of(team)
    production = people.submitted_make(team)

    at(monkeypatch, timezone.now() + 73 * HOUR)
    reminders_send()
    reminders_send()

    assert told(NoticeKind.ESCALATION) == by_address(team.approver, *others)
    assert told(NoticeKind.REPORT) == [administrator]
    (report,) = [one for one in mail.outbox if one.to == [administrator.email]]
    assert str(production.pk) not in report.body, "administrators never see content"
    names = ("approvals.escalation.sent", "approvals.escalation.reported")
    assert Event.objects.filter(name__in=names).count() == 2
    production.refresh_from_db()
    assert production.state == "in_approval", "an escalation decides nothing"


def test_a_step_is_escalated_to_the_one_its_policy_names(monkeypatch: pytest.MonkeyPatch) -> None:
    team = people.team_make(steps=[])
    head = people.user_make(team.organisation, Role.APPROVER)
    step = StepPlan(1, "legal", remind_after=0, escalate_to_id=head.pk)
    policy_add(organisation=team.organisation, name="default", steps=[step])
    people.submitted_make(team)
    at(monkeypatch, timezone.now() + 73 * HOUR)
    reminders_send()
    assert told(NoticeKind.ESCALATION) == [head]


def test_who_is_named_and_asked_for_it_themselves_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    team = people.team_make(steps=[])
    requester = people.user_make(team.organisation, Role.APPROVER, Role.REQUESTER)
    step = StepPlan(1, "legal", escalate_to_id=requester.pk)
    policy_add(organisation=team.organisation, name="default", steps=[step])
    people.submitted_make(replace(team, requester=requester))

    at(monkeypatch, timezone.now() + 73 * HOUR)
    reminders_send()

    assert told(NoticeKind.ESCALATION) == [team.approver]
    assert requester not in told(NoticeKind.REMINDER)


def test_nobody_seen_heard_or_who_ever_acted_for_them_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    team = team_with()
    administrator = people.administrator_of(team)
    role_grant(user=administrator, to=team.person.pk, role=Role.APPROVER)
    people.submitted_make(team)
    at(monkeypatch, timezone.now() + 73 * HOUR)
    reminders_send()
    assert set(told(NoticeKind.REMINDER) + told(NoticeKind.ESCALATION)) == {team.approver}


@pytest.mark.parametrize("who", ["requester", "person", "auditor", "stranger", "administrator"])
def test_the_database_refuses_a_notice_to_whom_the_four_eyes_keep_out(who: str) -> None:
    team = team_with()
    production = people.submitted_make(team)
    users = {
        "stranger": people.team_make().approver,
        "administrator": people.administrator_of(team),
    }
    user = users.get(who) or getattr(team, who)
    step = WorkflowStep.objects.get(workflow__subject_id=production.pk)
    with pytest.raises(IntegrityError, match="may not decide"), transaction.atomic():
        notice(step, user, user)
    with pytest.raises(IntegrityError, match="may not decide"), transaction.atomic():
        notice(step, team.approver, user)


def notice(step: WorkflowStep, approver: User, recipient: User, **changes: Any) -> Notice:
    values = {"kind": "reminder", "number": 1, "made_at": timezone.now()} | changes
    return Notice.objects.create(step=step, approver=approver, recipient=recipient, **values)


def test_the_database_keeps_each_notice_once_and_as_it_was() -> None:
    team = team_with()
    production = people.submitted_make(team)
    step = WorkflowStep.objects.get(workflow__subject_id=production.pk)
    made = notice(step, team.approver, team.approver)
    with pytest.raises(IntegrityError, match="notice_once"), transaction.atomic():
        notice(step, team.approver, team.approver)
    Notice.objects.filter(pk=made.pk).update(mailed_at=timezone.now())
    for change in ({"mailed_at": None}, {"number": 2}):
        with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
            Notice.objects.filter(pk=made.pk).update(**change)
    with (
        pytest.raises(ProgrammingError, match=r"permission denied|Cannot delete"),
        transaction.atomic(),
    ):
        made.delete()
    production_cancel(user=team.requester, production_id=production.pk)
    with pytest.raises(IntegrityError, match="may not decide"), transaction.atomic():
        notice(step, team.approver, team.approver, number=2)


def test_what_was_decided_or_cancelled_reminds_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    team = team_with(StepPlan(1, "legal"), StepPlan(2, "brand"))
    (other,) = approvers(team, 1)
    production = people.submitted_make(team)
    start = timezone.now()
    at(monkeypatch, start + 20 * HOUR)
    people.approve(team.approver, production)

    at(monkeypatch, start + 30 * HOUR)  # the second stage is open for ten hours
    reminders_send()
    assert not Notice.objects.exists()
    at(monkeypatch, start + 45 * HOUR)
    reminders_send()
    assert told(NoticeKind.REMINDER) == [other]
    assert Notice.objects.get().step.name == "brand"
    production_cancel(user=team.requester, production_id=production.pk)
    at(monkeypatch, start + 200 * HOUR)
    reminders_send()
    assert Notice.objects.count() == 1


def test_what_was_submitted_before_keeps_its_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    team = team_with(StepPlan(1, "legal", remind_after=0, escalate_after=0))
    people.submitted_make(team)
    one, other = people.administrator_of(team), people.administrator_of(team)
    change = policy_propose(user=one, text=PolicyText("default", (StepPlan(1, "legal"),)))
    people.confirm(other)
    rule_change_decide(user=other, change_id=change.pk, accepted=True)
    at(monkeypatch, timezone.now() + 100 * HOUR)
    reminders_send()
    assert not Notice.objects.exists()


def test_reminders_go_to_the_deputy_of_who_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    team = team_with(StepPlan(1, "legal", 2))
    (deputy,) = approvers(team, 1)
    people.submitted_make(team)
    start = timezone.now()
    away(team.approver, deputy, start)
    approvers(team, 1)  # so that two are there
    at(monkeypatch, start + 25 * HOUR)
    reminders_send()

    row = Notice.objects.get(approver=team.approver)
    assert (row.recipient, row.kind) == (deputy, "reminder")
    assert team.approver not in told(NoticeKind.REMINDER)
    (message,) = [one for one in mail.outbox if "has named you as deputy" in one.body]
    assert message.to == [deputy.email]


def test_with_too_few_who_are_there_it_is_escalated_at_once() -> None:
    team = team_with()
    administrator = people.administrator_of(team)
    people.submitted_make(team)
    reminders_send()
    assert not Notice.objects.exists()

    away(team.approver, None, timezone.now())
    reminders_send()

    assert told(NoticeKind.ESCALATION) == [team.approver]
    assert told(NoticeKind.REPORT) == [administrator]


def test_who_is_back_early_is_reminded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    team = team_with()
    approvers(team, 1)
    people.submitted_make(team)
    start = timezone.now()
    absence = away(team.approver, None, start)
    at(monkeypatch, start + 25 * HOUR)
    reminders_send()
    assert team.approver not in told(NoticeKind.REMINDER)
    delegation_end(user=team.approver, delegation_id=absence.pk)
    at(monkeypatch, start + 49 * HOUR)
    reminders_send()
    assert team.approver in told(NoticeKind.REMINDER)


@pytest.mark.parametrize("absence", ["", "approver", "both", "deputy"])
@pytest.mark.parametrize("decided", [0, 1])
def test_the_look_at_all_that_waits_finds_what_is_due_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, absence: str, decided: int
) -> None:
    team = team_with(StepPlan(1, "legal"), StepPlan(2, "brand", 2, 10, 0, 40))
    others = approvers(team, 3)
    people.administrator_of(team)
    production, start = people.submitted_make(team), timezone.now()
    for one in others[:decided]:
        people.approve(one, production)
    if absence:
        away(team.approver, others[2] if absence == "deputy" else None, start)
    for one in others[1:] if absence == "both" else ():
        away(one, None, start)
    for hours in (0, 9, 11, 23, 25, 39, 41, 49, 71, 73, 24 * 14 + 1):
        at(monkeypatch, start + hours * HOUR)
        expected = [production.pk] if made_by(production) else []
        assert notices_due([production.pk]) == expected, f"after {hours} hours"
        notices_make(production.pk)
        assert notices_due([production.pk]) == [], "what was said is due no more"


def test_a_run_takes_its_time_and_the_next_one_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    team = team_with()
    first = people.submitted_make(team)
    for _ in range(2):
        people.submit(team.requester, people.draft_make(team, first.likeness))
    at(monkeypatch, timezone.now() + 25 * HOUR)
    monkeypatch.setattr("rakkan.productions.services.remind.SECONDS", 0.0)
    for count in (1, 2, 3, 3):
        reminders_send()
        assert Notice.objects.count() == Notice.objects.exclude(mailed_at=None).count() == count
        assert len(mail.outbox) == count
    assert Notice.objects.earliest("made_at").step.workflow.subject_id == first.pk


def made_by(production: Production) -> int:
    """How many notices would be written now."""
    with transaction.atomic():
        count = notices_make(production.pk)
        transaction.set_rollback(True)
    return count


def test_as_many_questions_are_asked_about_many_productions_as_about_few() -> None:
    team = team_with()
    first = people.submitted_make(team)
    likeness = first.likeness
    more = [people.submit(team.requester, people.draft_make(team, likeness)) for _ in range(3)]
    asked = []
    for waiting in ([first.pk], [first.pk, *(one.pk for one in more)]):
        with CaptureQueriesContext(connection) as captured:
            notices_due(waiting)
        asked.append(len(captured))
    assert asked[0] == asked[1]


def test_an_absence_without_a_deputy_lets_nobody_decide_in_that_name() -> None:
    team = team_with()
    (other,) = approvers(team, 1)
    production = people.submitted_make(team)
    away(team.approver, None, timezone.now())
    client = people.signed_in(other)
    body = {
        "decision": "approve",
        "request_digest": production.request_digest,
        "in_name_of": str(team.approver.pk),
    }
    answer = client.post(f"/api/v1/productions/{production.pk}/decision", body)
    assert answer.json()["code"] == "delegation-missing"


def test_a_mail_that_was_refused_goes_out_later_and_then_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    team = team_with()
    people.submitted_make(team)
    start = timezone.now()
    at(monkeypatch, start + 25 * HOUR)
    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", _broken)
        reminders_send()
    assert Notice.objects.get().mailed_at is None
    assert Event.objects.filter(name="approvals.reminder.sent").count() == 1

    for _ in range(2):
        reminders_send()
    assert len(mail.outbox) == 1
    assert Notice.objects.get().mailed_at is not None
    assert Event.objects.filter(name="approvals.reminder.sent").count() == 1


def _broken(*_: object) -> int:
    raise ConnectionRefusedError


def test_who_lost_the_role_before_the_mail_went_out_gets_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    team = team_with()
    administrator = people.administrator_of(team)
    production = people.submitted_make(team)
    at(monkeypatch, timezone.now() + 25 * HOUR)
    notices_make(production.pk)
    role_revoke(user=administrator, of=team.approver.pk, role=Role.APPROVER)
    reminders_send()
    assert [one for one in mail.outbox if one.to == [team.approver.email]] == []


def test_reminders_stop_with_the_term_of_the_approval(monkeypatch: pytest.MonkeyPatch) -> None:
    team = team_with()
    people.submitted_make(team)
    at(monkeypatch, timezone.now() + timedelta(days=14, minutes=1))
    reminders_send()
    assert not Notice.objects.exists()


def test_the_pages_and_the_api_say_since_when_it_waits_and_who_was_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    team = team_with()
    production = people.submitted_make(team)
    client, api = Client(), people.signed_in(team.approver)
    client.force_login(team.approver)
    real = timezone.now
    at(monkeypatch, real() + 73 * HOUR)
    reminders_send()
    monkeypatch.setattr(timezone, "now", real)

    for address in ("/approvals", f"/productions/{production.pk}"):
        page = client.get(address).content.decode()
        for said in ("waits since", "reminders: 3", "escalated"):
            assert said in page, address
    (step,) = api.get(f"/api/v1/productions/{production.pk}").json()["open_steps"]
    assert (step["step"], step["reminders"]) == ("legal", 3)
    assert step["waits_since"]
    assert step["escalated_at"]


def test_the_api_takes_the_pace_of_a_step_and_says_it() -> None:
    team = team_with()
    api = people.signed_in(people.administrator_of(team))
    step = {
        **{"stage": 1, "name": "legal", "quorum": 1, "remind_after": 8, "remind_every": 4},
        **{"escalate_after": 20, "escalate_to": str(team.approver.pk)},
    }
    answer = api.post("/api/v1/policies", {"name": "quick", "steps": [step]}, format="json")
    assert answer.status_code == 201, answer.json()
    assert answer.json()["policy"]["steps"] == [step]
    bad = {**step, "escalate_to": str(team.requester.pk)}
    answer = api.post("/api/v1/policies", {"name": "bad", "steps": [bad]}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "escalation-invalid")
    answer = api.post(
        "/api/v1/policies", {"name": "bad", "steps": [{**step, "remind_after": 1000}]}, "json"
    )
    assert answer.status_code == 400


def test_hours_that_are_none_are_refused() -> None:
    team = team_with()
    text = PolicyText("x", (StepPlan(1, "legal", remind_after=-1),))
    with pytest.raises(BadInput, match="0 \\(never\\) to 999 hours"):
        policy_propose(user=people.administrator_of(team), text=text)


def test_the_page_takes_the_pace_of_a_step_and_starts_the_next_version_from_it() -> None:
    team = team_with()
    administrator = people.administrator_of(team)
    client = Client()
    client.force_login(administrator)
    line = f"1, legal, 1, 8, 4, 20, {team.approver.email}"
    given = {"name": "quick", "priority": "0", "reviewers": "0", "steps": line}

    assert client.post("/policies/new", given).status_code == 302
    policy = Policy.objects.get(name="quick")
    assert policy.steps.get().plan == StepPlan(1, "legal", 1, 8, 4, 20, team.approver.pk)
    page = client.get(f"/policies/new?of={policy.pk}").content.decode()
    assert line in page
    assert "escalated to Approver after 20 h" in client.get("/policies").content.decode()
    for wrong in ("1, legal, 1, x", "1", "1, legal, 1, 8, 4, 20, nobody@test.example"):
        answer = client.post("/policies/new", {**given, "steps": wrong})
        assert answer.status_code == 400, wrong


def test_an_approver_says_on_the_page_that_they_are_away_without_a_deputy() -> None:
    team = team_with()
    client = Client()
    client.force_login(team.approver)
    first = (timezone.now() + timedelta(days=1)).date()
    given = {"to_user": "", "valid_from": first, "valid_until": first + timedelta(days=2)}
    assert client.post("/approvals/delegations", given).status_code == 302
    assert "Without a deputy" in client.get("/approvals/delegations").content.decode()
    api = people.signed_in(team.approver)
    (row,) = api.get("/api/v1/delegations").json()["results"]
    assert row["to"] is None
    assert row["valid_from"].startswith(first.isoformat())


def test_steps_from_before_reminders_remind_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a migration gives them: 0, which is never."""
    team = team_with(StepPlan(1, "legal", 1, 0, 0, 0))
    production = people.submitted_make(team)
    at(monkeypatch, timezone.now() + 200 * HOUR)
    reminders_send()
    assert not Notice.objects.exists()
    assert Production.objects.get(pk=production.pk).state == "in_approval"
