"""Nobody decides who has not shown in the last five minutes that it is them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from rakkan.accounts.factors import totp_code, totp_secret, totp_steps_now
from rakkan.accounts.models import StrongAuthentication, User
from rakkan.accounts.roles import Role
from rakkan.accounts.services import code_confirm
from rakkan.approvals.models import Decision, WorkflowStep
from rakkan.approvals.services import Verdict, Word, delegation_add
from rakkan.audit.models import Event
from rakkan.config.environment import at_most
from rakkan.core.errors import NotPermitted
from rakkan.productions.models import Production
from rakkan.productions.services.decide import production_decide
from tests.integration import people

pytestmark = pytest.mark.django_db


def decide(user: User, production: Production, verdict: Verdict = Verdict.APPROVE, **word) -> None:
    production_decide(
        user=user,
        production_id=production.pk,
        request_digest=production.request_digest,
        word=Word(verdict, "Why.", **word),
    )


def later(monkeypatch: pytest.MonkeyPatch, **by: int) -> None:
    moment = timezone.now() + timedelta(**by)
    monkeypatch.setattr(timezone, "now", lambda: moment)


def wrong_code() -> str:
    right = {totp_code(people.TOTP_SECRET, step) for step in totp_steps_now()}
    return next(code for code in ("000000", "111111", "222222", "333333") if code not in right)


@pytest.mark.parametrize("verdict", list(Verdict))
def test_no_decision_of_any_kind_without_a_confirmation(verdict: Verdict) -> None:
    team = people.team_make()
    production = people.submitted_make(team)

    with pytest.raises(NotPermitted) as refused:
        decide(team.approver, production, verdict)

    assert refused.value.code == "reauthentication-needed"
    assert refused.value.remedy
    assert not Decision.objects.exists()
    event = Event.objects.get(name="approvals.decision.refused")
    assert event.data["code"] == "reauthentication-needed"


def test_a_confirmation_lasts_five_minutes_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    team = people.team_make(steps=["legal", "brand"])
    production = people.submitted_make(team)
    other = people.user_make(team.organisation, Role.APPROVER)
    people.confirm(team.approver)
    people.confirm(other)

    later(monkeypatch, minutes=4, seconds=59)
    decide(team.approver, production)
    later(monkeypatch, seconds=2)
    with pytest.raises(NotPermitted, match="Confirm first"):
        decide(other, production)


def test_a_confirmation_that_lies_ahead_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    team = people.team_make()
    production = people.submitted_make(team)
    people.confirm(team.approver)
    later(monkeypatch, minutes=-10)  # the clock was set back

    with pytest.raises(NotPermitted) as refused:
        decide(team.approver, production)

    assert refused.value.code == "reauthentication-needed"


def test_the_confirmation_of_another_person_is_none() -> None:
    team = people.team_make()
    production = people.submitted_make(team)
    people.confirm(people.user_make(team.organisation, Role.APPROVER))

    with pytest.raises(NotPermitted, match="Confirm first"):
        decide(team.approver, production)


def test_a_deputy_confirms_that_it_is_the_deputy() -> None:
    team = people.team_make()
    deputy = people.user_make(team.organisation, Role.APPROVER)
    production = people.submitted_make(team)
    now = timezone.now()
    delegation_add(
        user=team.approver,
        to_user_id=deputy.pk,
        valid_from=now,
        valid_until=now + timedelta(days=1),
    )
    people.confirm(team.approver)

    with pytest.raises(NotPermitted, match="Confirm first"):
        decide(deputy, production, in_name_of=team.approver.pk)
    people.confirm(deputy)
    decide(deputy, production, in_name_of=team.approver.pk)

    event = Event.objects.get(name="approvals.decision.recorded")
    row = StrongAuthentication.objects.get(pk=event.data["authentication"])
    assert row.user == deputy
    assert row.method == "totp"


def test_a_code_is_taken_once() -> None:
    approver = people.team_make().approver
    code = people.code_of(approver)
    code_confirm(user=approver, code=code)

    with pytest.raises(NotPermitted) as refused:
        code_confirm(user=approver, code=code)

    assert refused.value.code == "code-wrong"
    assert StrongAuthentication.objects.filter(user=approver).count() == 1
    assert Event.objects.filter(name="accounts.authentication.refused").count() == 1


@pytest.mark.usefixtures("as_owner")  # the application's role has not even the right to change rows
def test_a_code_is_taken_once_whatever_a_service_forgets() -> None:
    approver = people.team_make().approver
    row = code_confirm(user=approver, code=people.code_of(approver))

    with pytest.raises(IntegrityError, match="totp_code_used_once"), transaction.atomic():
        StrongAuthentication.objects.create(
            user=approver,
            method="totp",
            totp_step=row.totp_step,
            authenticated_at=timezone.now(),
        )
    with pytest.raises(Error, match="append-only"), transaction.atomic():
        StrongAuthentication.objects.filter(pk=row.pk).update(authenticated_at=timezone.now())
    with pytest.raises(IntegrityError, match="totp_names_its_step"), transaction.atomic():
        StrongAuthentication.objects.create(
            user=approver, method="totp", authenticated_at=timezone.now()
        )


def test_wrong_and_old_codes_are_refused() -> None:
    team = people.team_make()
    old = totp_code(people.TOTP_SECRET, min(totp_steps_now()) - 1)

    for user, code in (
        (team.approver, wrong_code()),
        (team.approver, old),
        (team.approver, ""),
        (team.requester, totp_code(people.TOTP_SECRET, totp_steps_now()[0])),  # has no app
    ):
        with pytest.raises(NotPermitted, match="The code is wrong"):
            code_confirm(user=user, code=code)
    assert not StrongAuthentication.objects.exists()


def test_the_code_of_the_standard_is_the_one_we_compute() -> None:
    """RFC 6238, appendix B: SHA-1, the last six of eight digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # noqa: S105  of the standard
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        assert totp_code(secret, seconds // 30) == code


def test_secrets_are_not_stored_in_the_clear() -> None:
    approver = people.team_make().approver
    stored = Authenticator.objects.get(user=approver)

    assert people.TOTP_SECRET not in str(stored.data)
    assert totp_secret(approver) == people.TOTP_SECRET


def test_the_term_of_a_confirmation_can_be_set_shorter_but_not_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert settings.RAKKAN_CONFIRM_SECONDS == 300
    monkeypatch.setenv("RAKKAN_CONFIRM_SECONDS", "60")
    assert at_most("RAKKAN_CONFIRM_SECONDS", 300) == 60
    for value in ("301", "0", "-1"):
        monkeypatch.setenv("RAKKAN_CONFIRM_SECONDS", value)
        with pytest.raises(ImproperlyConfigured, match="at most 300"):
            at_most("RAKKAN_CONFIRM_SECONDS", 300)


def test_the_api_takes_a_code_and_then_the_decision() -> None:
    team = people.team_make()
    production = people.submitted_make(team)
    client = people.signed_in(team.approver)
    body = {"decision": "approve", "request_digest": production.request_digest}

    answer = client.post("/api/v1/auth/confirm", {"code": wrong_code()})
    assert (answer.status_code, answer.json()["code"]) == (403, "code-wrong")
    answer = client.post("/api/v1/auth/confirm", {"code": people.code_of(team.approver)})
    assert (answer.status_code, answer.json()["method"]) == (200, "totp")
    answer = client.post(f"/api/v1/productions/{production.pk}/decision", body)
    assert answer.json()["state"] == "queued"


def test_a_confirmation_in_another_session_of_the_same_person_does_not_count() -> None:
    team = people.team_make()
    production = people.submitted_make(team)
    stolen, own = Client(), Client()
    for client in (stolen, own):
        client.force_login(team.approver)
    typed = {"decision": "approve", "request_digest": production.request_digest}
    address = f"/productions/{production.pk}/decide"

    given = {"next": "/", "code": people.code_of(team.approver)}
    assert own.post("/confirm", given).status_code == 302
    assert stolen.post(address, typed)["Location"].startswith("/confirm?next=")
    assert not Decision.objects.exists()
    event = Event.objects.get(name="approvals.decision.refused")
    assert event.data["code"] == "reauthentication-needed"
    assert own.post(address, typed).status_code == 302

    decision = Decision.objects.get()
    assert decision.sign_in.startswith("session:")
    assert StrongAuthentication.objects.get().sign_in == decision.sign_in


def test_a_confirmation_with_one_token_does_not_count_for_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    team = people.team_make()
    production = people.submitted_make(team)
    one, other = people.signed_in(team.approver), people.signed_in(team.approver)
    later(monkeypatch, minutes=6)  # the codes of signing in count no more
    body = {"decision": "approve", "request_digest": production.request_digest}
    address = f"/api/v1/productions/{production.pk}/decision"

    answer = one.post("/api/v1/auth/confirm", {"code": people.code_of(team.approver)})
    assert answer.status_code == 200
    answer = other.post(address, body)
    assert (answer.status_code, answer.json()["code"]) == (403, "reauthentication-needed")
    assert one.post(address, body).json()["state"] == "queued"
    assert Decision.objects.get().sign_in.startswith("token:")


def test_the_code_of_signing_in_confirms_for_the_token_it_gave() -> None:
    team = people.team_make()
    production = people.submitted_make(team)
    client = people.signed_in(team.approver)
    body = {"decision": "approve", "request_digest": production.request_digest}
    answer = client.post(f"/api/v1/productions/{production.pk}/decision", body)
    assert answer.json()["state"] == "queued"


def test_a_confirmation_outside_of_every_session_does_not_count_in_one() -> None:
    team = people.team_make()
    production = people.submitted_make(team)
    people.confirm(team.approver)
    client = Client()
    client.force_login(team.approver)
    typed = {"decision": "approve", "request_digest": production.request_digest}
    answer = client.post(f"/productions/{production.pk}/decide", typed)
    assert answer["Location"].startswith("/confirm?next=")


def test_the_database_takes_no_decision_of_a_session_that_has_not_confirmed() -> None:
    team = people.team_make()
    production = people.submitted_make(team)
    step = WorkflowStep.objects.get(workflow__subject_id=production.pk)
    workflow = step.workflow
    people.confirm(team.approver)
    values = {
        "step": step,
        "workflow": workflow,
        "requester": workflow.requester,
        "depicted": workflow.depicted,
        "speaker": workflow.speaker,
        "approver": team.approver,
        "verdict": "approve",
        "subject_digest": workflow.subject_digest,
        "decided_at": timezone.now(),
    }
    with pytest.raises(IntegrityError, match="has not confirmed"), transaction.atomic():
        Decision.objects.create(**values, sign_in="session:another")
    Decision.objects.create(**values)


def test_the_page_leads_to_the_confirmation_and_back_with_what_was_typed() -> None:
    team = people.team_make(steps=["legal", "brand"])
    production = people.submitted_make(team)
    client, address = Client(), f"/productions/{production.pk}"
    client.force_login(team.approver)
    typed = {
        "decision": "changes",
        "request_digest": production.request_digest,
        "step": "legal",
        "comment": "Shorter, please.",
    }

    answer = client.post(f"{address}/decide", typed)
    assert answer["Location"] == f"/confirm?next=%2Fproductions%2F{production.pk}%23decide"
    answer = client.get(answer["Location"])
    assert f'value="{address}#decide"' in answer.content.decode()
    given = {"next": f"{address}#decide"}
    assert client.post("/confirm", {**given, "code": wrong_code()}).status_code == 403
    answer = client.post("/confirm", {**given, "code": people.code_of(team.approver)})
    assert answer["Location"] == f"{address}#decide"

    assert "Shorter, please." in client.get(address).content.decode()
    assert "Shorter, please." not in client.get(address).content.decode(), "kept longer than once"
    assert client.post(f"{address}/decide", typed).status_code == 302
    assert Decision.objects.get().comment == "Shorter, please."


def test_the_confirmation_never_leads_to_another_site() -> None:
    client = Client()
    client.force_login(people.team_make().approver)
    answer = client.get("/confirm?next=https://elsewhere.example/")
    assert 'name="next" value="/"' in answer.content.decode()
