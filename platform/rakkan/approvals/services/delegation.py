"""Be away for a term, with another approver who decides in one's name or without; end it early."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor, users_with_role
from rakkan.accounts.roles import Role
from rakkan.approvals.models import Delegation
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, refusal_recorded
from rakkan.core.errors import BadInput, NotFound, NotPermitted


def delegation_add(
    *, user: User, to_user_id: UUID | None, valid_from: datetime, valid_until: datetime
) -> Delegation:
    """Be away for a term; let another approver of one's organisation decide in one's name.

    What was delegated is not delegated further: a deputy acts for the one who named them only.

    Args:
        user: the acting approver.
        to_user_id: of the deputy; nobody's: reminders go to nobody, and the others hear at once
            where too few are left to decide.
        valid_from: begin of the term.
        valid_until: its end.

    Raises:
        NotPermitted: one of the two is no approver.
        NotFound: there is no such colleague.
        BadInput: the term is over before it begins or now, or it is to oneself.
    """
    subject = Subject("delegation", "")
    with refusal_recorded(EventName.DELEGATION_REFUSED, actor=user_actor(user), subject=subject):
        actor = check_user_has_role(user, Role.APPROVER)
        deputy = _deputy(user, to_user_id) if to_user_id else None
        if valid_until <= max(valid_from, timezone.now()):
            raise BadInput(
                "The term must end after it starts, and in the future.",
                code="term-invalid",
                remedy="Choose a later end.",
            )
        delegation = Delegation.objects.create(
            organisation=user.organisation,
            from_user=user,
            to_user=deputy,
            valid_from=valid_from,
            valid_until=valid_until,
        )
        event_record(
            EventName.DELEGATION_ADDED,
            actor=actor,
            subject=Subject("delegation", str(delegation.pk)),
            data={
                "to": str(deputy.pk) if deputy else None,
                "valid_from": valid_from.isoformat(),
                "valid_until": valid_until.isoformat(),
            },
            rows=[delegation],
        )
    return delegation


def _deputy(user: User, deputy_id: UUID) -> User:
    deputy = User.objects.filter(pk=deputy_id, organisation=user.organisation_id).first()
    if deputy is None:
        raise NotFound("There is no such colleague.")
    if deputy == user:
        raise BadInput(
            "A delegation is to somebody else.",
            code="delegation-to-oneself",
            remedy="Choose a colleague.",
        )
    check_user_has_role(deputy, Role.APPROVER)
    return deputy


@transaction.atomic
def delegation_end(*, user: User, delegation_id: UUID) -> Delegation:
    """End one's own delegation now; one that has ended stays as it is.

    Raises:
        NotFound: it is not one's own.
    """
    delegation = (
        Delegation.objects.select_for_update().filter(pk=delegation_id, from_user=user).first()
    )
    if delegation is None:
        raise NotFound("There is no such delegation.")
    now = timezone.now()
    if delegation.valid_until > now:
        delegation.valid_until = max(now, delegation.valid_from)
        delegation.save(update_fields=["valid_until"])
        event_record(
            EventName.DELEGATION_ENDED,
            actor=user_actor(user),
            subject=Subject("delegation", str(delegation.pk)),
            rows=[delegation],
        )
    return delegation


def delegations_live(user: User) -> QuerySet[Delegation]:
    """Return the delegations by which a user may decide in somebody's name now."""
    now = timezone.now()
    rows = Delegation.objects.filter(to_user=user, organisation=user.organisation_id)
    return rows.filter(valid_from__lte=now, valid_until__gt=now).select_related("from_user")


def delegations_given(user: User) -> QuerySet[Delegation]:
    """Return a user's own delegations that are not over."""
    rows = Delegation.objects.filter(from_user=user, valid_until__gt=timezone.now())
    return rows.select_related("to_user")


def deputies(user: User) -> list[User]:
    """Return the colleagues somebody could name: the other approvers of the organisation."""
    return [one for one in users_with_role(user.organisation_id, Role.APPROVER) if one != user]


def deputies_while_away(user: User, now: datetime) -> list[User] | None:
    """Return who decides in a user's name at a moment; None while they are not away."""
    rows = Delegation.objects.filter(from_user=user, organisation=user.organisation_id)
    away = list(rows.filter(valid_from__lte=now, valid_until__gt=now).select_related("to_user"))
    return [row.to_user for row in away if row.to_user is not None] if away else None


def delegator_of(user: User, delegator_id: UUID) -> User:
    """Return the approver in whose name a user decides; the row is locked against an early end.

    Raises:
        NotPermitted: there is no live delegation, or who gave it is no approver any more.
    """
    rows = delegations_live(user).select_for_update(of=("self",))
    delegation = rows.filter(from_user=delegator_id).first()
    if delegation is None:
        raise NotPermitted(
            "You have no delegation of this person at the moment.",
            code="delegation-missing",
            remedy="Decide in your own name, or ask them for one.",
        )
    check_user_has_role(delegation.from_user, Role.APPROVER)
    return delegation.from_user
