"""Close an account and open it again: an administrator's act."""

from uuid import UUID

from rakkan.accounts.models import Membership, User
from rakkan.accounts.permissions import user_actor
from rakkan.accounts.roles import Role
from rakkan.accounts.services.roles import check_administrator_remains, member_lock
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, refusal_recorded


def user_deactivate(*, user: User, member_id: UUID | str) -> User:
    """Close a colleague's account: whoever is signed in with it is out with their next request.

    Raises:
        NotPermitted: the acting user is no administrator, or it is their own.
        NotFound: there is no such account in the organisation.
        Refused: it is the last administrator's.
    """
    return _switch(user, member_id, active=False, event=EventName.USER_DEACTIVATED)


def user_reactivate(*, user: User, member_id: UUID | str) -> User:
    """Open a closed account again, with the roles that nobody took and no term ended.

    Raises:
        NotPermitted: the acting user is no administrator, or it is their own.
        NotFound: there is no such account in the organisation.
    """
    return _switch(user, member_id, active=True, event=EventName.USER_REACTIVATED)


def _switch(user: User, member_id: UUID | str, *, active: bool, event: EventName) -> User:
    subject = Subject("user", str(member_id))
    with refusal_recorded(EventName.ACCOUNT_REFUSED, actor=user_actor(user), subject=subject):
        actor, member = member_lock(user, member_id)
        if member.is_active is active:
            return member
        administers = Membership.objects.live().filter(user=member, role=Role.ADMINISTRATOR.value)
        if not active and administers.exists():
            check_administrator_remains(member)
        member.is_active = active
        member.save(update_fields=["is_active"])
        event_record(event, actor=actor, subject=subject, rows=[member])
    return member
