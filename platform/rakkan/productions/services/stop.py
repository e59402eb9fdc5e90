"""End a production before its release: cancelled, stopped by consent or approval, or failed."""

from uuid import UUID

from django.db import transaction

from compliance.permit import JobKind
from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.audit.names import EventName
from rakkan.audit.services import Actor, Subject, refusal_recorded, system
from rakkan.core.errors import NotFound, NotPermitted, RakkanError
from rakkan.dispatch.services import job_stop, jobs_of
from rakkan.dispatch.states import JobState
from rakkan.productions.models import Production
from rakkan.productions.services.lips import lips_jobs_of
from rakkan.productions.services.transition import move, production_lock
from rakkan.productions.states import FINAL, State


def problem_of(error: RakkanError) -> dict[str, str]:
    """Return an error as what people read on the production's page."""
    problem = {"code": error.code, "title": str(error), "detail": "", "remedy": error.remedy}
    japanese = getattr(error, "detail_ja", "")  # of errors that say what an organisation wrote
    return problem | ({"detail_ja": japanese} if japanese else {})


def permission_ended(error: RakkanError) -> bool:
    """Say whether an error means that it may not be made (any more), not that it cannot."""
    permissions = ("consent-", "voice-consent-", "approval-", "request-", "use-", "preview-")
    return error.code.startswith(permissions)


def end(production: Production, target: State, *, actor: Actor, problem: dict[str, str]) -> None:
    """End a locked production and its open jobs; their permits are called back."""
    for job in [*jobs_of(production.pk, JobKind.RENDER), *lips_jobs_of(production)]:
        state = JobState.FAILED if target is State.FAILED else JobState.CANCELLED
        job_stop(job, state, problem)
    production.problem = problem
    move(production, target, actor=actor, data={"code": problem["code"]})


@transaction.atomic
def production_stop(*, production_id: UUID | str, refused: RakkanError) -> None:
    """Stop a production whose consent or approval no longer holds; final ones stay as they are."""
    production = production_lock(production_id)
    if State(production.state) in FINAL or State(production.state) is State.RELEASED:
        return
    actor = system("dispatch", production.organisation_id)
    end(production, State.STOPPED, actor=actor, problem=problem_of(refused))


@transaction.atomic
def production_fail(*, production_id: UUID | str, problem: dict[str, str], process: str) -> None:
    """Fail a production for good; final ones stay as they are."""
    production = production_lock(production_id)
    if State(production.state) in FINAL or State(production.state) is State.RELEASED:
        return
    actor = system(process, production.organisation_id)
    end(production, State.FAILED, actor=actor, problem=problem)


def production_cancel(*, user: User, production_id: UUID | str) -> Production:
    """Cancel one's own production before it is released.

    Raises:
        NotPermitted: it is somebody else's.
        Refused: it is released or has ended.
    """
    subject = Subject("production", str(production_id))
    with refusal_recorded(EventName.PRODUCTION_REFUSED, actor=user_actor(user), subject=subject):
        actor = check_user_has_role(user, Role.REQUESTER)
        production = production_lock(production_id)
        if production.organisation_id != user.organisation_id:
            raise NotFound(f"There is no production {production_id}.")
        if production.requester_id != user.pk:
            raise NotPermitted("Only its requester cancels a production.")
        problem = {
            "code": "cancelled",
            "title": "The requester cancelled it.",
            "detail": "",
            "remedy": "Make a new production.",
        }
        end(production, State.CANCELLED, actor=actor, problem=problem)
    return production
