"""A service that does not tell what it changed fails its test; what a test writes does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import FunctionType
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_actor
from rakkan.approvals.models import Delegation
from rakkan.approvals.services import delegation_add, delegation_end
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record
from rakkan.core.errors import BadInput
from tests import told
from tests.integration import people

pytestmark = pytest.mark.django_db

LATER = timedelta(hours=1)


def service(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function as if it stood among the services of approvals."""
    home = {**function.__globals__, "__name__": "rakkan.approvals.services.forgetful"}
    return FunctionType(function.__code__, home, closure=function.__closure__)


def _forgets(delegation: Delegation) -> None:
    delegation.valid_until -= timedelta(minutes=1)
    delegation.save()


def _forgets_in_a_transaction(delegation: Delegation) -> None:
    with transaction.atomic():
        delegation.valid_until -= timedelta(minutes=1)
        delegation.save()


def _forgets_by_sql(delegation: Delegation) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE approvals_delegation SET valid_until = valid_until - interval '1 minute'"
            " WHERE id = %s",
            [delegation.pk],
        )


def _tells_half(delegation: Delegation) -> None:
    """The event has the row as it was before the last change."""
    with transaction.atomic():
        event_record(
            EventName.DELEGATION_ENDED,
            actor=user_actor(delegation.from_user),
            subject=Subject("delegation", str(delegation.pk)),
            rows=[delegation],
        )
        delegation.valid_until -= timedelta(minutes=1)
        delegation.save()


def _makes_one_silently(delegation: Delegation) -> None:
    Delegation(
        organisation=delegation.organisation,
        from_user=delegation.from_user,
        to_user=delegation.to_user,
        valid_from=delegation.valid_from,
        valid_until=delegation.valid_until,
    ).save()


def _changes_what_is_kept_back(delegation: Delegation) -> None:
    User.objects.filter(pk=delegation.from_user_id).update(password="x")  # noqa: S106


def _changes_nothing(delegation: Delegation) -> None:
    delegation.save()


def _is_undone(delegation: Delegation) -> None:
    try:
        with transaction.atomic():
            delegation.valid_until -= timedelta(minutes=1)
            delegation.save()
            raise BadInput("No.", code="no", remedy="None.")
    except BadInput:
        pass


@pytest.fixture
def delegation() -> Delegation:
    team = people.team_make()
    deputy = people.user_make(team.organisation, people.Role.APPROVER)
    now = timezone.now()
    return delegation_add(
        user=team.approver, to_user_id=deputy.pk, valid_from=now, valid_until=now + LATER
    )


@pytest.mark.parametrize(
    ("forgetful", "place"),
    [
        (_forgets, "approvals_delegation.valid_until"),
        (_forgets_in_a_transaction, "approvals_delegation.valid_until"),
        (_forgets_by_sql, "approvals_delegation.valid_until"),
        (_tells_half, "approvals_delegation.valid_until"),
        (_makes_one_silently, "approvals_delegation.from_user_id"),
        (_changes_what_is_kept_back, "accounts_user.password"),
    ],
)
def test_a_service_that_forgets_its_event_fails_the_test_that_calls_it(
    delegation: Delegation, forgetful: Callable[[Delegation], None], place: str
) -> None:
    service(forgetful)(delegation)

    with pytest.raises(told.Untold) as caught:
        told.check()
    assert place in str(caught.value)
    assert f"rakkan.approvals.services.forgetful.{forgetful.__name__} " in str(caught.value)


@pytest.mark.parametrize("quiet", [_changes_nothing, _is_undone])
def test_what_changes_nothing_need_not_be_told(
    delegation: Delegation, quiet: Callable[[Delegation], None]
) -> None:
    service(quiet)(delegation)

    told.check()


def test_a_service_that_tells_what_it_changed_passes(delegation: Delegation) -> None:
    delegation_end(user=delegation.from_user, delegation_id=delegation.pk)

    told.check()


def test_what_a_test_writes_itself_is_nobody_s_act(delegation: Delegation) -> None:
    _forgets_in_a_transaction(delegation)

    told.check()


def test_what_a_test_puts_into_one_transaction_stays_the_acts_that_they_are(
    delegation: Delegation,
) -> None:
    with transaction.atomic():
        service(_forgets)(delegation)
        with pytest.raises(told.Untold, match=r"approvals_delegation\.valid_until"):
            told.check()
        delegation_end(user=delegation.from_user, delegation_id=delegation.pk)
