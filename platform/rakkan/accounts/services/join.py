"""Use an invitation: once, in time, for the account of the address it went to."""

from dataclasses import dataclass

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone

from rakkan.accounts.endings import Ending
from rakkan.accounts.links import invitation_of
from rakkan.accounts.models import Invitation, InvitationAddress, InvitationEnd, Membership, User
from rakkan.accounts.roles import Role
from rakkan.accounts.services.invite import check_may_invite, invitation_end
from rakkan.accounts.services.roles import membership_add
from rakkan.accounts.services.user import user_add
from rakkan.audit.services import Actor
from rakkan.core.errors import BadInput, NotFound, NotPermitted, Refused


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What somebody without an account fills in."""

    name: str
    password: str


def invitation_open(link: str) -> Invitation:
    """Return the open invitation of a link, for its page to show.

    Raises:
        NotFound: the link is none of ours, or was changed.
        Refused: it was used, taken back or ran out, or who invited may no longer do that.
    """
    invitation = invitation_of(link)
    if invitation is None:
        raise NotFound(
            "This link is not valid.",
            code="link-invalid",
            remedy="Open it exactly as it stands in the message you got.",
        )
    end = InvitationEnd.objects.filter(invitation=invitation).first()
    if end is not None and end.kind != Ending.EXPIRED:
        raise _ENDED[Ending(end.kind)]()
    if end is not None or timezone.now() >= invitation.expires_at:
        raise Refused(
            "The invitation has run out.",
            code="invitation-expired",
            remedy="Ask whoever invited you for a new one.",
            status=410,
        )
    _check_still_asked(invitation)
    return invitation


def account_invited(invitation: Invitation) -> User | None:
    """Return the account that the address of an open invitation has, if any."""
    address = InvitationAddress.objects.get(invitation=invitation).email
    return User.objects.filter(email=address).first()


def invitation_use(
    *, link: str, user: User | None, newcomer: Newcomer | None
) -> tuple[User, Invitation]:
    """Give the invited account its role, making it for a newcomer, in the caller's transaction.

    Args:
        link: of the invitation.
        user: who is signed in, if anybody is.
        newcomer: what somebody without an account filled in.

    Raises:
        NotFound: the link is none of ours.
        Refused: it was used, taken back or ran out, or the role cannot be held.
        NotPermitted: it went to another address than the account's.
        BadInput: name or password cannot be used.
    """
    invitation = invitation_open(link)
    Invitation.objects.select_for_update().get(pk=invitation.pk)
    invitation = invitation_open(link)  # again: who used it in between is seen
    member = account_invited(invitation)
    if member is None:
        member = _newcomer(invitation, user, newcomer)
    else:
        _check_is_invited(member, user, invitation)
    actor = Actor(str(member.pk), invitation.role, str(invitation.organisation_id))
    role = Role(invitation.role)
    if not Membership.objects.live().filter(user=member, role=role.value).exists():
        membership_add(
            user=member,
            role=role,
            actor=actor,
            granted_by=invitation.invited_by,
            valid_until=invitation.role_until,
        )
    invitation_end(invitation, Ending.ACCEPTED, user=member, actor=actor)
    return member, invitation


def _newcomer(invitation: Invitation, user: User | None, newcomer: Newcomer | None) -> User:
    if user is not None:
        raise _another_address()
    if newcomer is None or not newcomer.name.strip():
        raise BadInput("The name is empty.", code="name-empty", remedy="Write your name.")
    try:
        validate_password(newcomer.password)
    except ValidationError as error:
        raise BadInput(
            " ".join(error.messages),
            code="password-weak",
            remedy="Choose a longer one that is not on a list of common passwords.",
        ) from error
    email = InvitationAddress.objects.get(invitation=invitation).email
    return user_add(
        organisation=invitation.organisation,
        email=email,
        name=newcomer.name.strip()[:120],
        password=newcomer.password,
        actor=Actor("invitation:" + str(invitation.pk), "invited", str(invitation.organisation_id)),
    )


def _check_is_invited(member: User, user: User | None, invitation: Invitation) -> None:
    if user is None:
        raise NotPermitted(
            "This address has an account: sign in with it first.",
            code="sign-in-first",
            remedy="Sign in, then open the link again.",
            status=401,
        )
    if user.pk != member.pk:
        raise _another_address()
    if member.organisation_id != invitation.organisation_id:
        raise Refused(
            "Your account belongs to another organisation.",
            code="other-organisation",
            remedy="Ask to be invited with another address.",
        )


def _check_still_asked(invitation: Invitation) -> None:
    """Raise when who invited has left, or lost the role it takes: their invitations go with it."""
    if invitation.invited_by is not None:
        try:
            check_may_invite(invitation.invited_by, Role(invitation.role))
        except NotPermitted as error:
            raise _revoked() from error


def _another_address() -> NotPermitted:
    return NotPermitted(
        "The invitation went to another address than the one you are signed in with.",
        code="another-address",
        remedy="Sign out, then open the link again.",
    )


def _used() -> Refused:
    return Refused(
        "The invitation was used already.",
        code="invitation-used",
        remedy="Sign in with the account you made.",
        status=410,
    )


def _revoked() -> Refused:
    return Refused(
        "The invitation was taken back.",
        code="invitation-revoked",
        remedy="Ask whoever invited you; a newer message may have a newer link.",
        status=410,
    )


_ENDED = {Ending.ACCEPTED: _used, Ending.REVOKED: _revoked, Ending.REPLACED: _revoked}
