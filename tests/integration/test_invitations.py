"""Invitations: signed, used once, for a week, by the addressee alone; no oracle about accounts."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import Error, connection, transaction
from django.test import Client
from django.utils import timezone

from rakkan.accounts.models import Invitation, InvitationAddress, InvitationEnd, Membership, User
from rakkan.accounts.permissions import user_roles
from rakkan.accounts.roles import Role
from rakkan.accounts.services import (
    Ask,
    Newcomer,
    invitation_resend,
    invitation_revoke,
    invitation_send,
    invitations_forget,
    role_revoke,
    user_deactivate,
)
from rakkan.audit.models import Event
from rakkan.core.errors import RakkanError
from rakkan.likenesses.models import Person
from rakkan.likenesses.services import invitation_accept
from tests.integration import people

pytestmark = pytest.mark.django_db

NEW = Newcomer("Nao Newcomer", people.PASSWORD)


def code_of(act: Any, **values: Any) -> str:
    with pytest.raises(RakkanError) as refused:
        act(**values)
    return refused.value.code


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(timezone, "now", lambda: moment)


def opened(link: str, client: Client | None = None, language: str = "en") -> Any:
    headers = {"accept-language": language}
    return (client or Client()).get("/invitation", {"link": link}, headers=headers)


def test_the_invited_person_reads_who_asks_for_what_joins_and_lands_in_their_portal() -> None:
    team = people.team_make()
    invitation, link = people.invitation_make(team.requester, email="Nao@Invited.example")
    client = Client()

    shown = opened(link, client).content.decode()
    assert team.requester.name in shown
    assert team.organisation.name in shown
    assert "agree to nothing yet" in shown
    body = {"link": link, "name": NEW.name, "password": NEW.password, "person_class": "adult"}
    answer = client.post("/invitation", body, follow=True)

    user = User.objects.get(email="nao@invited.example")
    assert answer.redirect_chain[-1][0] == "/"
    assert NEW.name in answer.content.decode()
    assert user_roles(user) == {Role.DEPICTED_PERSON}
    assert Person.objects.get(user=user).organisation == team.organisation
    assert InvitationEnd.objects.get(invitation=invitation).user == user
    assert client.get("/my-data").status_code == 200


def test_a_public_official_says_so_when_joining() -> None:
    team = people.team_make()
    _, link = people.invitation_make(team.requester)
    body = {"link": link, "name": "Mayor", "password": NEW.password}

    answer = Client().post("/invitation", {**body, "person_class": "public_official"})

    assert answer.status_code == 302
    assert Person.objects.get(user__name="Mayor").person_class == "public_official"


def test_message_and_page_speak_the_language_that_was_chosen() -> None:
    team = people.team_make()
    _, link = people.invitation_make(team.requester, language="ja")

    assert "招待" in mail.outbox[-1].subject
    assert "決めるのはあなたです" in mail.outbox[-1].body
    assert "<time" not in mail.outbox[-1].body
    assert "動画への出演のお願い" in opened(link).content.decode()
    chosen = Client()
    chosen.cookies["django_language"] = "en"
    assert "You are asked to be in videos" in opened(link, chosen).content.decode()


def test_a_link_works_once() -> None:
    team = people.team_make()
    _, link = people.invitation_make(team.requester)
    invitation_accept(link=link, newcomer=NEW)

    assert code_of(invitation_accept, link=link, newcomer=NEW) == "invitation-used"
    assert opened(link).status_code == 410
    assert User.objects.filter(name=NEW.name).count() == 1


def test_a_link_is_over_after_a_week_to_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    team = people.team_make()
    invitation, link = people.invitation_make(team.requester)
    assert invitation.expires_at - invitation.invited_at == timedelta(days=7)

    at(monkeypatch, invitation.expires_at)
    assert code_of(invitation_accept, link=link, newcomer=NEW) == "invitation-expired"
    assert invitations_forget() == 1
    assert not InvitationAddress.objects.exists()
    assert code_of(invitation_accept, link=link, newcomer=NEW) == "invitation-expired"
    assert invitations_forget() == 0


def test_a_forged_link_is_told_apart_from_none_by_nobody() -> None:
    team = people.team_make()
    _, link = people.invitation_make(team.requester)
    token, _, signature = link.partition(".")
    forged = (
        *("", "x", "x.y", token, f"{token}.", f"{token}.{'0' * 64}", f"x{token}.{signature}"),
        f"{link}0",
    )

    def said(answer: Any) -> str:
        text = str(answer.content.decode())
        return text[text.index("<main") : text.index("</main>")]

    answers = [opened(one) for one in forged]
    assert {answer.status_code for answer in answers} == {404}
    assert len({said(answer) for answer in answers}) == 1
    for one in forged:
        assert code_of(invitation_accept, link=one, newcomer=NEW) == "link-invalid"


def test_a_row_written_by_hand_makes_no_link_for_it_valid() -> None:
    """The signature needs a key that is not in the database, and binds what was asked."""
    team, other = people.team_make(), people.team_make()
    real, link = people.invitation_make(team.requester)
    token, _, signature = link.partition(".")
    copied = {f.attname: getattr(real, f.attname) for f in real._meta.concrete_fields}
    changes: list[dict[str, Any]] = [
        {"organisation_id": other.organisation.pk, "invited_by_id": None},
        {"role": Role.APPROVER.value},
        {"invited_by_id": team.approver.pk},
        {"expires_at": real.expires_at - timedelta(days=1)},
    ]
    with pytest.raises(Error, match="token_hash"), transaction.atomic():
        Invitation(**copied | {"id": uuid4()}).save(force_insert=True)
    for number, change in enumerate(changes):
        known = f"a token that the writer knows {number}"
        made = {"id": uuid4(), "token_hash": hashlib.sha256(known.encode()).hexdigest()}
        row = Invitation(**copied | made | change)
        row.save(force_insert=True)
        InvitationAddress.objects.create(invitation=row, email=f"thief{number}@test.example")

        for forged in (f"{known}.{signature}", f"{token}.{signature}x"):
            assert code_of(invitation_accept, link=forged, newcomer=NEW) == "link-invalid"


def test_neither_table_nor_log_holds_link_or_address() -> None:
    team = people.team_make()
    invitation, link = people.invitation_make(team.requester, email="private@invited.example")
    invitation_accept(link=link, newcomer=NEW)

    token = link.partition(".")[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(i::text, '') FROM accounts_invitation i")
        assert token not in cursor.fetchone()[0]
    told = " ".join(Event.objects.values_list("canonical", flat=True))
    assert str(invitation.pk) in told
    for secret in (token, "private@invited.example", NEW.name):
        assert secret not in told
    assert not InvitationAddress.objects.exists()


def test_a_revoked_and_a_resent_link_are_dead_and_the_new_one_works() -> None:
    team = people.team_make()
    first, old = people.invitation_make(team.requester)
    taken, dead = people.invitation_make(team.requester)
    invitation_revoke(user=team.requester, invitation_id=taken.pk)
    assert code_of(invitation_accept, link=dead, newcomer=NEW) == "invitation-revoked"

    with people.TestCase.captureOnCommitCallbacks(execute=True):
        invitation_resend(user=team.requester, invitation_id=first.pk)
    new = people.link_in(mail.outbox[-1])

    assert mail.outbox[-1].to == mail.outbox[0].to
    assert code_of(invitation_accept, link=old, newcomer=NEW) == "invitation-revoked"
    assert invitation_accept(link=new, newcomer=NEW).name == NEW.name
    again = {"user": team.requester, "invitation_id": first.pk}
    assert code_of(invitation_revoke, **again) == "invitation-ended"
    assert code_of(invitation_resend, **again) == "invitation-ended"


def test_who_invites_for_what() -> None:
    team = people.team_make()
    boss = people.administrator_of(team)
    invited = Ask("someone@invited.example", Role.APPROVER)

    assert code_of(invitation_send, user=team.requester, ask=invited) == "not-permitted"
    for user in (team.person, team.approver, team.reviewer, team.auditor):
        ask = Ask("someone@invited.example")
        assert code_of(invitation_send, user=user, ask=ask) == "not-permitted"
    _, link = people.invitation_make(boss, role=Role.APPROVER)
    user = invitation_accept(link=link, newcomer=NEW)
    assert user_roles(user) == {Role.APPROVER}
    assert Membership.objects.get(user=user).granted_by == boss
    assert not Person.objects.filter(user=user).exists()


def test_an_invited_auditor_gets_the_term_that_was_said() -> None:
    team = people.team_make()
    boss = people.administrator_of(team)
    until = timezone.now() + timedelta(days=30)
    ask = Ask("a@invited.example", Role.AUDITOR)
    assert code_of(invitation_send, user=boss, ask=ask) == "auditor-term"

    _, link = people.invitation_make(boss, role=Role.AUDITOR, role_until=until)
    user = invitation_accept(link=link, newcomer=NEW)

    assert Membership.objects.get(user=user).valid_until == until


def test_an_invitation_goes_with_the_role_of_who_sent_it() -> None:
    team = people.team_make()
    boss = people.administrator_of(team)
    _, first = people.invitation_make(team.requester)
    second_boss = people.administrator_of(team)
    _, second = people.invitation_make(second_boss, role=Role.ADMINISTRATOR)

    role_revoke(user=boss, of=team.requester.pk, role=Role.REQUESTER)
    user_deactivate(user=boss, member_id=second_boss.pk)

    for link in (first, second):
        assert code_of(invitation_accept, link=link, newcomer=NEW) == "invitation-revoked"


def test_an_existing_account_signs_in_and_gets_nothing_twice() -> None:
    team = people.team_make()
    Person.objects.filter(user=team.person).delete()
    _, link = people.invitation_make(team.requester, email=team.person.email)
    _, again = people.invitation_make(team.requester, email=team.person.email.upper())

    shown = opened(link).content.decode()
    assert 'name="password"' not in shown
    assert "/sign-in?next=" in shown
    assert code_of(invitation_accept, link=link, newcomer=NEW) == "sign-in-first"
    for one in (link, again):
        assert invitation_accept(link=one, user=team.person) == team.person

    assert Person.objects.filter(user=team.person).count() == 1
    assert Membership.objects.filter(user=team.person).count() == 1
    assert InvitationEnd.objects.filter(kind="accepted").count() == 2


def test_a_member_gets_a_further_role_by_invitation_unless_it_clashes() -> None:
    team = people.team_make()
    boss = people.administrator_of(team)
    _, link = people.invitation_make(boss, email=team.requester.email, role=Role.APPROVER)
    invitation_accept(link=link, user=team.requester)
    assert user_roles(team.requester) == {Role.REQUESTER, Role.APPROVER}

    _, link = people.invitation_make(boss, email=team.requester.email, role=Role.OPERATOR)
    refused = code_of(invitation_accept, link=link, user=team.requester)
    assert refused == "roles-exclude-each-other"


def test_a_link_serves_nobody_but_the_address_it_went_to() -> None:
    team, other = people.team_make(), people.team_make()
    _, link = people.invitation_make(team.requester)
    for user in (team.approver, other.person):
        assert code_of(invitation_accept, link=link, user=user) == "another-address"
    _, foreign = people.invitation_make(team.requester, email=other.person.email)

    assert code_of(invitation_accept, link=foreign, user=other.person) == "other-organisation"
    assert code_of(invitation_accept, link=foreign, newcomer=NEW) == "sign-in-first"
    told = Event.objects.filter(name="accounts.invitation.refused").values_list("data", flat=True)
    assert {"another-address", "other-organisation"} <= {data["code"] for data in told}


def test_who_invites_learns_nothing_about_accounts_from_the_answer() -> None:
    team, other = people.team_make(), people.team_make()
    client = people.signed_in(team.requester)

    def ask(email: str) -> tuple[int, set[str]]:
        answer = client.post("/api/v1/invitations", {"email": email}, format="json")
        return answer.status_code, set(answer.json())

    answers = [ask(email) for email in ("new@invited.example", other.person.email)]

    assert answers[0] == answers[1]
    assert answers[0][0] == 201
    assert "link" not in answers[0][1]


def test_a_weak_password_or_an_empty_name_makes_no_account() -> None:
    team = people.team_make()
    _, link = people.invitation_make(team.requester)

    for newcomer, code in (
        (Newcomer("N", "password"), "password-weak"),
        (Newcomer(" ", people.PASSWORD), "name-empty"),
        (None, "name-empty"),
    ):
        assert code_of(invitation_accept, link=link, newcomer=newcomer) == code
    assert not InvitationEnd.objects.exists()


def test_the_database_refuses_a_late_a_foreign_and_a_second_use() -> None:
    team, other = people.team_make(), people.team_make()
    invitation, _ = people.invitation_make(team.requester)
    insert = (
        "INSERT INTO accounts_invitationend (id, invitation_id, kind, user_id, ended_at)"
        " VALUES (gen_random_uuid(), %s, 'accepted', %s, %s)"
    )
    now, late = timezone.now(), invitation.expires_at

    def refused(*values: object) -> str:
        with pytest.raises(Error) as error, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(insert, values)
        return str(error.value)

    assert "in time, by a member" in refused(invitation.pk, team.person.pk, late)
    assert "in time, by a member" in refused(invitation.pk, other.person.pk, now)
    with connection.cursor() as cursor:
        cursor.execute(insert, (invitation.pk, team.person.pk, now))
    assert "unique" in refused(invitation.pk, team.person.pk, now)


def test_an_organisation_is_set_up_by_inviting_its_first_administrator() -> None:
    with people.TestCase.captureOnCommitCallbacks(execute=True):
        call_command("organisation_add", "New Corporation", "boss@new.example", stdout=None)

    user = invitation_accept(link=people.link_in(mail.outbox[-1]), newcomer=NEW)

    assert user.organisation.name == "New Corporation"
    assert user_roles(user) == {Role.ADMINISTRATOR}


def test_who_joins_in_a_role_that_decides_sets_up_a_second_factor_before_anything_else() -> None:
    team = people.team_make()
    _, link = people.invitation_make(people.administrator_of(team), role=Role.APPROVER)
    client = Client()

    joining = {"link": link, "name": NEW.name, "password": NEW.password}
    assert client.post("/invitation", joining).status_code == 302
    answer = client.get("/approvals")

    assert (answer.status_code, answer["Location"]) == (302, "/security")
    assert client.get("/security").status_code == 200
