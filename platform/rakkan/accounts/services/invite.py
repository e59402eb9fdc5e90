"""Invite somebody by e-mail, take it back, send it anew."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from rakkan.accounts.endings import INVITATION_LASTS, Ending
from rakkan.accounts.links import link_of, token_hash, token_new
from rakkan.accounts.mail import invitation_mail
from rakkan.accounts.models import Invitation, InvitationAddress, InvitationEnd, Organisation, User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.accounts.services.roles import check_term
from rakkan.audit.names import EventName
from rakkan.audit.services import Actor, Subject, event_record, refusal_recorded, system
from rakkan.core.errors import BadInput, NotFound, Refused


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody is asked."""

    email: str
    role: Role = Role.DEPICTED_PERSON
    role_until: datetime | None = None
    language: str = "en"


def invitation_send(*, user: User, ask: Ask) -> Invitation:
    """Invite somebody: requesters invite depicted persons, administrators anybody.

    Whether the address has an account is not asked here, so nobody learns it from the answer.

    Raises:
        NotPermitted: the acting user may not invite for this role.
        BadInput: the address is none, or the term does not fit the role.
    """
    subject, data = Subject("invitation", ""), {"role": ask.role.value}
    with refusal_recorded(
        EventName.INVITATION_REFUSED, actor=user_actor(user), subject=subject, data=data
    ):
        actor = check_may_invite(user, ask.role)
        return invitation_add(organisation=user.organisation, ask=ask, invited_by=user, actor=actor)


def invitation_revoke(*, user: User, invitation_id: UUID | str) -> InvitationEnd:
    """Take an invitation back: its link is dead from then on.

    Raises:
        NotFound: there is none of that id that the acting user may touch.
        Refused: it has ended.
    """
    subject = Subject("invitation", str(invitation_id))
    with refusal_recorded(EventName.INVITATION_REFUSED, actor=user_actor(user), subject=subject):
        actor, invitation = _own(user, invitation_id)
        return invitation_end(invitation, Ending.REVOKED, user=user, actor=actor)


def invitation_resend(*, user: User, invitation_id: UUID | str) -> Invitation:
    """Send an invitation anew, for another week; the old link is dead from then on.

    Raises:
        NotFound: there is none of that id that the acting user may touch.
        Refused: it has ended; what ran out is invited anew.
    """
    subject = Subject("invitation", str(invitation_id))
    with refusal_recorded(EventName.INVITATION_REFUSED, actor=user_actor(user), subject=subject):
        actor, old = _own(user, invitation_id)
        ask = Ask(_address(old), Role(old.role), old.role_until, old.language)
        invitation_end(old, Ending.REPLACED, user=user, actor=actor)
        return invitation_add(organisation=user.organisation, ask=ask, invited_by=user, actor=actor)


@transaction.atomic
def invitations_forget() -> int:
    """Write the end of what ran out, forget where it went, and return how many there were."""
    rows = list(Invitation.objects.filter(end=None, expires_at__lte=timezone.now()))
    for invitation in rows:
        actor = system("accounts", invitation.organisation_id)
        invitation_end(invitation, Ending.EXPIRED, user=None, actor=actor)
    return len(rows)


def check_may_invite(user: User, role: Role) -> Actor:
    """Return the user as an actor who may invite for ``role``.

    Raises:
        NotPermitted: they may not.
    """
    inviting = [Role.ADMINISTRATOR]
    if role is Role.DEPICTED_PERSON:
        inviting.append(Role.REQUESTER)
    return check_user_has_role(user, *inviting)


@transaction.atomic
def invitation_add(
    *, organisation: Organisation, ask: Ask, invited_by: User | None, actor: Actor
) -> Invitation:
    """Write an invitation and send its link once that has committed."""
    now = timezone.now()
    email = ask.email.strip().lower()
    _check_address(email)
    check_term(ask.role, ask.role_until, now)
    token = token_new()
    invitation = Invitation.objects.create(
        organisation=organisation,
        role=ask.role.value,
        role_until=ask.role_until,
        language=ask.language,
        invited_by=invited_by,
        invited_at=now,
        expires_at=now + INVITATION_LASTS,
        token_hash=token_hash(token),
    )
    InvitationAddress.objects.create(invitation=invitation, email=email)
    event_record(
        EventName.INVITATION_SENT,
        actor=actor,
        subject=Subject("invitation", str(invitation.pk)),
        data={"role": ask.role.value, "until": invitation.expires_at.isoformat()},
        rows=[invitation],
    )
    message = invitation_mail(invitation, email, link_of(invitation, token))
    transaction.on_commit(message.send, robust=True)
    return invitation


def invitation_end(
    invitation: Invitation, kind: Ending, *, user: User | None, actor: Actor
) -> InvitationEnd:
    """Write the end of an open invitation, and forget where it went.

    Raises:
        Refused: it has ended already.
    """
    Invitation.objects.select_for_update().get(pk=invitation.pk)
    if InvitationEnd.objects.filter(invitation=invitation).exists():
        raise Refused(
            "The invitation has ended.",
            code="invitation-ended",
            remedy="Invite again, if it is still needed.",
        )
    end = InvitationEnd.objects.create(
        invitation=invitation, kind=kind.value, user=user, ended_at=timezone.now()
    )
    InvitationAddress.objects.filter(invitation=invitation).delete()
    event_record(
        _EVENTS[kind],
        actor=actor,
        subject=Subject("invitation", str(invitation.pk)),
        data={"role": invitation.role},
        rows=[end],
    )
    return end


_EVENTS = {
    Ending.ACCEPTED: EventName.INVITATION_ACCEPTED,
    Ending.REVOKED: EventName.INVITATION_REVOKED,
    Ending.REPLACED: EventName.INVITATION_REVOKED,
    Ending.EXPIRED: EventName.INVITATION_EXPIRED,
}


def _own(user: User, invitation_id: UUID | str) -> tuple[Actor, Invitation]:
    """Return an open invitation: a requester's own, an administrator's organisation's."""
    actor = check_user_has_role(user, Role.ADMINISTRATOR, Role.REQUESTER)
    rows = Invitation.objects.filter(organisation=user.organisation_id)
    if actor.role != Role.ADMINISTRATOR:
        rows = rows.filter(invited_by=user)
    invitation = rows.filter(pk=invitation_id).first()
    if invitation is None:
        raise NotFound(f"There is no invitation {invitation_id}.")
    return actor, invitation


def _address(invitation: Invitation) -> str:
    found = InvitationAddress.objects.filter(invitation=invitation).first()
    return found.email if found else ""


def _check_address(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError as error:
        raise BadInput(
            "This is no e-mail address.",
            code="address-invalid",
            remedy="Check it and try again.",
        ) from error
