"""End a production that does not get on: the one thing an operator may do to one."""

from uuid import UUID

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, refusal_recorded
from rakkan.core.errors import NotFound, Refused
from rakkan.productions.models import Production
from rakkan.productions.services.stop import end
from rakkan.productions.services.transition import production_lock
from rakkan.productions.states import State
from rakkan.productions.stuck import stuck

_PROBLEM = {
    "code": "cancelled-as-stuck",
    "title": "An operator cancelled it, because it did not get on.",
    "detail": "",
    "remedy": "Make a new production.",
}


def production_cancel_stuck(*, user: User, production_id: UUID | str) -> Production:
    """Cancel a production that is stuck; it is then made again, with a new approval.

    Raises:
        NotPermitted: the acting user is no operator.
        NotFound: there is no such production in the organisation.
        Refused: it gets on, or has ended.
    """
    subject = Subject("production", str(production_id))
    with refusal_recorded(EventName.PRODUCTION_REFUSED, actor=user_actor(user), subject=subject):
        actor = check_user_has_role(user, Role.OPERATOR)
        production = production_lock(production_id)
        if production.organisation_id != user.organisation_id:
            raise NotFound(f"There is no production {production_id}.")
        if stuck(production) is None:
            raise Refused(
                "It is not stuck.",
                code="not-stuck",
                remedy="Leave it alone; its requester can cancel it.",
            )
        end(production, State.CANCELLED, actor=actor, problem=_PROBLEM)
    return production
