"""Accounts and roles: the most powerful acts are in the log too."""

from __future__ import annotations

import pytest

from rakkan.accounts.roles import Role
from rakkan.audit.models import Event
from tests.integration import people

pytestmark = pytest.mark.django_db


def test_an_account_and_each_of_its_roles_are_in_the_log_once() -> None:
    team = people.team_make()
    user = people.user_make(team.organisation, Role.APPROVER, Role.AUDITOR)

    rows = Event.objects.filter(object_id=str(user.pk)).order_by("occurred_at", "name")
    told = sorted((event.name, event.data.get("role", "")) for event in rows)

    assert told == [
        ("accounts.role.granted", "approver"),
        ("accounts.role.granted", "auditor"),
        ("accounts.user.added", ""),
    ]
    assert {event.organisation_id for event in rows} == {str(team.organisation.pk)}
