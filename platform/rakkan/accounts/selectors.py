"""Read accounts, the roles they hold and held, and invitations."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from rakkan.accounts.models import Invitation, Membership, User
from rakkan.accounts.permissions import check_user_has_role
from rakkan.accounts.roles import Role
from rakkan.core.errors import NotFound


@dataclass(frozen=True, slots=True)
class Member:
    """An account and its memberships: those that count now, and every one there ever was."""

    user: User
    held: list[Membership]
    history: list[Membership]


def members(user: User) -> QuerySet[User]:
    """Return every account of the acting administrator's organisation, by name.

    Raises:
        NotPermitted: the acting user is no administrator.
    """
    check_user_has_role(user, Role.ADMINISTRATOR)
    return User.objects.filter(organisation=user.organisation_id).order_by("name", "pk")


def member_of(account: User) -> Member:
    """Return an account with its memberships."""
    rows = Membership.objects.filter(user=account).select_related("end", "granted_by")
    held = Membership.objects.live().filter(user=account)
    return Member(account, list(held), list(rows.order_by("-granted_at")))


def member_get(user: User, member_id: UUID | str) -> Member:
    """Return one account of the acting administrator's organisation.

    Raises:
        NotPermitted: the acting user is no administrator.
        NotFound: there is no such account in the organisation.
    """
    account = members(user).filter(pk=member_id).first()
    if account is None:
        raise NotFound(f"There is no account {member_id}.")
    return member_of(account)


def invitations_visible(user: User) -> QuerySet[Invitation]:
    """Return an administrator's organisation's invitations, or the ones a requester sent.

    Raises:
        NotPermitted: the acting user is neither.
    """
    actor = check_user_has_role(user, Role.ADMINISTRATOR, Role.REQUESTER)
    rows = Invitation.objects.select_related("end__user", "address", "invited_by")
    rows = rows.filter(organisation=user.organisation_id).order_by("-invited_at", "pk")
    return rows if actor.role == Role.ADMINISTRATOR else rows.filter(invited_by=user)
