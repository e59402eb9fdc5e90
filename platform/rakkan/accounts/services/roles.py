"""Give and take roles: an administrator's act, about a colleague and never about themselves."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from rakkan.accounts.models import Membership, MembershipEnd, Organisation, User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import LONGEST_AUDIT, Role, may_be_held_together
from rakkan.audit.names import EventName
from rakkan.audit.services import Actor, Subject, event_record, refusal_recorded, system
from rakkan.core.errors import BadInput, NotFound, NotPermitted, Refused


def role_grant(
    *, user: User, to: UUID | str, role: Role, valid_until: datetime | None = None
) -> Membership:
    """Give a colleague a role, until further notice or to the end of a term.

    Raises:
        NotPermitted: the acting user is no administrator, or it is about themselves.
        NotFound: there is no such account in the organisation.
        Refused: the role is held, or cannot be held beside another one.
        BadInput: the term is missing, too long or over.
    """
    subject, data = Subject("user", str(to)), {"role": role.value}
    with refusal_recorded(
        EventName.ACCOUNT_REFUSED, actor=user_actor(user), subject=subject, data=data
    ):
        actor, member = member_lock(user, to)
        return membership_add(
            user=member, role=role, actor=actor, granted_by=user, valid_until=valid_until
        )


def role_revoke(*, user: User, of: UUID | str, role: Role) -> MembershipEnd:
    """Take a role from a colleague, at once.

    Raises:
        NotPermitted: the acting user is no administrator, or it is about themselves.
        NotFound: there is no such account in the organisation.
        Refused: they do not hold it, or they are the last administrator.
    """
    subject, data = Subject("user", str(of)), {"role": role.value}
    with refusal_recorded(
        EventName.ACCOUNT_REFUSED, actor=user_actor(user), subject=subject, data=data
    ):
        actor, member = member_lock(user, of)
        held = Membership.objects.live().filter(user=member, role=role.value).first()
        if held is None:
            raise Refused(
                "They do not hold this role.",
                code="role-not-held",
                remedy="Reload the page and look again.",
            )
        if role is Role.ADMINISTRATOR:
            check_administrator_remains(member)
        end = MembershipEnd.objects.create(membership=held, ended_at=timezone.now(), ended_by=user)
        event_record(EventName.ROLE_REVOKED, actor=actor, subject=subject, data=data, rows=[end])
    return end


def member_lock(user: User, member_id: UUID | str) -> tuple[Actor, User]:
    """Return the acting administrator and a colleague's account, locked.

    The organisation is locked first: two administrators act one after the other, and the second
    may have lost the role to the first.
    """
    Organisation.objects.select_for_update().get(pk=user.organisation_id)
    actor = check_user_has_role(user, Role.ADMINISTRATOR)
    rows = User.objects.select_for_update().filter(organisation=user.organisation_id)
    member = rows.filter(pk=member_id).first()
    if member is None:
        raise NotFound(f"There is no account {member_id}.")
    if member.pk == user.pk:
        raise NotPermitted(
            "Nobody changes their own account or roles.",
            code="own-account",
            remedy="Ask another administrator.",
        )
    return actor, member


def membership_add(
    *,
    user: User,
    role: Role,
    actor: Actor,
    granted_by: User | None,
    valid_until: datetime | None,
) -> Membership:
    """Write a membership in the caller's transaction; who may give it, the caller has checked.

    A membership whose term ran out is closed first, so that none but open ones can be in the way.
    """
    User.objects.select_for_update().get(pk=user.pk)
    now = timezone.now()
    check_term(role, valid_until, now)
    memberships_close(user=user, now=now)
    _check_fits(user, role)
    membership = Membership.objects.create(
        user=user, role=role.value, granted_at=now, granted_by=granted_by, valid_until=valid_until
    )
    until = valid_until.isoformat() if valid_until else None
    event_record(
        EventName.ROLE_GRANTED,
        actor=actor,
        subject=Subject("user", str(user.pk)),
        data={"role": role.value, "until": until},
        rows=[membership],
    )
    return membership


def memberships_close(*, user: User, now: datetime) -> None:
    """Write the end of each membership whose term has run out."""
    for row in Membership.objects.open().filter(user=user, valid_until__lte=now):
        end = MembershipEnd.objects.create(membership=row, ended_at=now)
        event_record(
            EventName.ROLE_EXPIRED,
            actor=system("accounts", user.organisation_id),
            subject=Subject("user", str(user.pk)),
            data={"role": row.role},
            rows=[end],
        )


def check_administrator_remains(member: User) -> None:
    """Raise unless somebody else who can sign in administers the organisation.

    Raises:
        Refused: ``member`` is the last one.
    """
    others = User.objects.filter(organisation=member.organisation_id, is_active=True)
    others = others.exclude(pk=member.pk)
    administrators = Membership.objects.live().filter(role=Role.ADMINISTRATOR.value)
    if not administrators.filter(user__in=others).exists():
        raise Refused(
            "An organisation keeps at least one administrator.",
            code="last-administrator",
            remedy="Make somebody else an administrator first.",
        )


def check_term(role: Role, valid_until: datetime | None, now: datetime) -> None:
    """Raise unless a term fits the role, seen from ``now``.

    Raises:
        BadInput: it is missing, too long, over, or not for this role.
    """
    if role is Role.ADMINISTRATOR and valid_until is not None:
        raise BadInput(
            "An administrator's role has no end of its own.",
            code="term-not-for-this-role",
            remedy="Leave the end empty; another administrator takes the role away.",
        )
    if role is Role.AUDITOR and (valid_until is None or valid_until > now + LONGEST_AUDIT):
        raise BadInput(
            "An auditor's role has an end, at most a year away.",
            code="auditor-term",
            remedy="Choose the last day of the audit.",
        )
    if valid_until is not None and valid_until <= now:
        raise BadInput(
            "The term must end after it starts, and in the future.",
            code="term-invalid",
            remedy="Choose a later end.",
        )


def _check_fits(user: User, role: Role) -> None:
    held = {Role(row.role) for row in Membership.objects.open().filter(user=user)}
    if role in held:
        raise Refused(
            "They hold this role already.",
            code="role-held",
            remedy="To change its term, take it away and grant it anew.",
        )
    if not all(may_be_held_together(role, other) for other in held):
        raise Refused(
            "Who looks after accounts or machines holds no role in productions.",
            code="roles-exclude-each-other",
            remedy="Take the other roles away first, or choose somebody else.",
        )
