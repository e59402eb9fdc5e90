"""Let a reviewer look at evidence: each look is in the log before the first byte leaves."""

from uuid import UUID

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, refusal_recorded
from rakkan.core.errors import NotFound
from rakkan.identity.models import IdentityCheck


def evidence_view(*, user: User, check_id: UUID | str) -> IdentityCheck:
    """Return the check whose evidence the acting reviewer is about to be shown.

    Raises:
        NotPermitted: the account is not a reviewer's.
        NotFound: no such check in the reviewer's organisation.
    """
    subject = Subject("identity_check", str(check_id))
    with refusal_recorded(EventName.IDENTITY_REFUSED, actor=user_actor(user), subject=subject):
        actor = check_user_has_role(user, Role.IDENTITY_REVIEWER)
        check = IdentityCheck.objects.filter(
            pk=check_id, person__organisation=user.organisation_id
        ).first()
        if check is None:
            raise NotFound(f"There is no identity check {check_id}.")
        event_record(
            EventName.EVIDENCE_VIEWED,
            actor=actor,
            subject=subject,
            data={"evidence_sha256": check.evidence_sha256},
        )
    return check
