"""Accounts and roles: the most powerful acts are held to rules, and are in the log too."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import Error, connection, transaction
from django.utils import timezone

from rakkan.accounts.models import Membership, MembershipEnd, User
from rakkan.accounts.permissions import user_roles
from rakkan.accounts.roles import BLIND, SIGHTED, Role
from rakkan.accounts.services import role_grant, role_revoke, user_deactivate, user_reactivate
from rakkan.audit.models import Event
from rakkan.consents.selectors import consents_visible
from rakkan.core.errors import RakkanError
from rakkan.likenesses.selectors import likenesses_visible
from rakkan.productions.selectors import productions_visible
from tests.integration import people

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def code_of(act: object, **values: object) -> str:
    """The code with which a service refuses."""
    with pytest.raises(RakkanError) as refused:
        act(**values)  # type: ignore[operator]
    return refused.value.code


def told(user: User, name: str) -> list[Event]:
    return list(Event.objects.filter(object_id=str(user.pk), name=name).order_by("occurred_at"))


def sql_refuses(statement: str, *values: object) -> str:
    with pytest.raises(Error) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
    return str(error.value)


def test_an_account_and_each_of_its_roles_are_in_the_log_once() -> None:
    team = people.team_make()
    user = people.user_make(team.organisation, Role.APPROVER, Role.AUDITOR)

    rows = Event.objects.filter(object_id=str(user.pk)).order_by("occurred_at", "name")
    said = sorted((event.name, event.data.get("role", "")) for event in rows)

    assert said == [
        ("accounts.role.granted", "approver"),
        ("accounts.role.granted", "auditor"),
        ("accounts.user.added", ""),
    ]
    assert {event.organisation_id for event in rows} == {str(team.organisation.pk)}


def test_an_administrator_gives_and_takes_a_role_and_both_stay_on_record() -> None:
    team = people.team_make()
    boss = people.administrator_of(team)

    role_grant(user=boss, to=team.requester.pk, role=Role.APPROVER)
    assert user_roles(team.requester) == {Role.REQUESTER, Role.APPROVER}
    role_revoke(user=boss, of=team.requester.pk, role=Role.APPROVER)
    assert user_roles(team.requester) == {Role.REQUESTER}
    role_grant(user=boss, to=team.requester.pk, role=Role.APPROVER)

    rows = Membership.objects.filter(user=team.requester, role="approver").order_by("granted_at")
    assert [(row.granted_by, hasattr(row, "end")) for row in rows] == [(boss, True), (boss, False)]
    assert MembershipEnd.objects.get().ended_by == boss
    assert len(told(team.requester, "accounts.role.revoked")) == 1


def test_an_auditor_has_no_role_from_the_moment_the_term_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    team = people.team_make()
    boss, user = people.administrator_of(team), people.user_make(team.organisation, Role.REQUESTER)
    end = timezone.now() + DAY
    role_grant(user=boss, to=user.pk, role=Role.AUDITOR, valid_until=end)

    def at(moment: datetime) -> frozenset[Role]:
        monkeypatch.setattr(timezone, "now", lambda: moment)
        return user_roles(user)

    assert Role.AUDITOR in at(end - timedelta(microseconds=1))
    assert at(end) == {Role.REQUESTER}
    role_grant(user=boss, to=user.pk, role=Role.AUDITOR, valid_until=end + DAY)
    assert Role.AUDITOR in at(end)
    assert [event.data["role"] for event in told(user, "accounts.role.expired")] == ["auditor"]


def test_an_auditor_without_an_end_or_with_one_too_far_is_refused() -> None:
    team = people.team_make()
    boss, now = people.administrator_of(team), timezone.now()
    for until in (None, now + 400 * DAY):
        values = {"to": team.requester.pk, "role": Role.AUDITOR, "valid_until": until}
        assert code_of(role_grant, user=boss, **values) == "auditor-term"
    insert = (
        "INSERT INTO accounts_membership (id, user_id, role, granted_at, valid_until)"
        " VALUES (gen_random_uuid(), %s, 'auditor', now(), {until})"
    )
    for until in ("NULL", "now() + interval '400 days'"):
        message = sql_refuses(insert.format(until=until), team.requester.pk)
        assert "membership_auditor_has_a_term" in message


@pytest.mark.parametrize("blind", sorted(BLIND))
@pytest.mark.parametrize("sighted", sorted(SIGHTED))
def test_who_looks_after_accounts_or_machines_has_no_part_in_productions(
    blind: Role, sighted: Role
) -> None:
    team = people.team_make()
    boss = people.administrator_of(team)
    until = timezone.now() + DAY if sighted is Role.AUDITOR else None
    keeper = people.user_make(team.organisation, blind)
    worker = people.user_make(team.organisation, sighted)

    given = {"role": sighted, "valid_until": until}
    assert code_of(role_grant, user=boss, to=keeper.pk, **given) == "roles-exclude-each-other"
    assert code_of(role_grant, user=boss, to=worker.pk, role=blind) == "roles-exclude-each-other"
    assert told(keeper, "accounts.user.refused")
    insert = (
        "INSERT INTO accounts_membership (id, user_id, role, granted_at, valid_until)"
        " VALUES (gen_random_uuid(), %s, %s, now(), %s)"
    )
    assert "beside another" in sql_refuses(insert, keeper.pk, sighted.value, until)
    assert "beside another" in sql_refuses(insert, worker.pk, blind.value, None)


@pytest.mark.parametrize("role", sorted(BLIND))
def test_who_looks_after_accounts_or_machines_sees_no_content(role: Role) -> None:
    team = people.team_make()
    people.approved_make(team)
    keeper = people.user_make(team.organisation, role)

    assert likenesses_visible(team.requester).exists()
    for rows in (likenesses_visible, consents_visible, productions_visible):
        assert not rows(keeper).exists()


def test_nobody_but_an_administrator_of_the_organisation_changes_roles() -> None:
    team, other = people.team_make(), people.team_make()
    stranger, operator = people.administrator_of(other), Role.OPERATOR
    keeper = people.user_make(team.organisation, operator)

    for user in (team.requester, team.approver, team.auditor, keeper):
        values = {"user": user, "to": team.person.pk, "role": Role.APPROVER}
        assert code_of(role_grant, **values) == "not-permitted"
        assert code_of(user_deactivate, user=user, member_id=team.person.pk) == "not-permitted"
    values = {"user": stranger, "to": team.person.pk, "role": Role.APPROVER}
    assert code_of(role_grant, **values) == "not-found"
    insert = (
        "INSERT INTO accounts_membership (id, user_id, role, granted_at, granted_by_id)"
        " VALUES (gen_random_uuid(), %s, 'approver', now(), %s)"
    )
    for user in (team.requester, stranger):
        assert "by an administrator" in sql_refuses(insert, team.person.pk, user.pk)


def test_nobody_changes_their_own_roles_or_account() -> None:
    team = people.team_make()
    boss = people.administrator_of(team)
    people.administrator_of(team)

    assert code_of(role_grant, user=boss, to=boss.pk, role=Role.OPERATOR) == "own-account"
    assert code_of(role_revoke, user=boss, of=boss.pk, role=Role.ADMINISTRATOR) == "own-account"
    assert code_of(user_deactivate, user=boss, member_id=boss.pk) == "own-account"
    message = sql_refuses(
        "INSERT INTO accounts_membership (id, user_id, role, granted_at, granted_by_id)"
        " VALUES (gen_random_uuid(), %s, 'operator', now(), %s)",
        *(boss.pk, boss.pk),
    )
    assert "membership_by_somebody_else" in message
    message = sql_refuses(
        "INSERT INTO accounts_membershipend (id, membership_id, ended_at, ended_by_id)"
        " SELECT gen_random_uuid(), id, now(), user_id FROM accounts_membership WHERE user_id = %s",
        boss.pk,
    )
    assert "somebody else" in message


def test_the_last_administrator_stays_even_by_sql() -> None:
    team = people.team_make()
    boss, second = people.administrator_of(team), people.administrator_of(team)
    role_revoke(user=boss, of=second.pk, role=Role.ADMINISTRATOR)

    assert code_of(role_grant, user=second, to=boss.pk, role=Role.OPERATOR) == "not-permitted"
    message = sql_refuses("UPDATE accounts_user SET is_active = false WHERE id = %s", boss.pk)
    assert "the last administrator stays" in message
    third = people.administrator_of(team)
    user_deactivate(user=boss, member_id=third.pk)
    end = (
        "INSERT INTO accounts_membershipend (id, membership_id, ended_at, ended_by_id)"
        " SELECT gen_random_uuid(), id, now(), %s FROM accounts_membership WHERE user_id = %s"
    )
    assert "administrator" in sql_refuses(end, third.pk, boss.pk)
    assert user_roles(boss) == {Role.ADMINISTRATOR}


def test_a_closed_account_is_out_at_once_and_comes_back_with_its_roles() -> None:
    team = people.team_make()
    boss, client = people.administrator_of(team), people.signed_in(team.requester)
    assert client.get("/api/v1/me").status_code == 200

    user_deactivate(user=boss, member_id=team.requester.pk)
    assert client.get("/api/v1/me").status_code == 401
    body = {"email": team.requester.email, "password": people.PASSWORD}
    assert client.post("/api/v1/auth/login", body).status_code == 401
    user_reactivate(user=boss, member_id=team.requester.pk)

    assert client.get("/api/v1/me").json()["roles"] == ["requester"]
    names = ("accounts.user.deactivated", "accounts.user.reactivated")
    assert [len(told(team.requester, name)) for name in names] == [1, 1]


@pytest.mark.usefixtures("as_owner")  # the application's role has not even the right
def test_memberships_and_their_ends_are_append_only() -> None:
    team = people.team_make()
    boss = people.administrator_of(team)
    role_revoke(user=boss, of=team.requester.pk, role=Role.REQUESTER)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    for table in ("accounts_membership", "accounts_membershipend"):
        for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):  # noqa: S608
            assert "append-only" in sql_refuses(statement)
