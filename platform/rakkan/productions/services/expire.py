"""End what waited longer for its approval, or after it, than an approval lasts."""

from uuid import UUID

from django.db import transaction

from rakkan.approvals.services import workflows_expired
from rakkan.audit.services import system
from rakkan.productions.models import Production
from rakkan.productions.services.stop import end
from rakkan.productions.services.transition import production_lock
from rakkan.productions.states import State

# What a worker holds is asked again at the gate.
WAITING = (State.IN_APPROVAL, State.QUEUED, State.IN_REVIEW)
_PROBLEM = {
    "code": "approval-expired",
    "title": "The approval has expired.",
    "detail": "",
    "remedy": "Make a new production and have it approved.",
}


def approvals_expire() -> None:
    """Stop every waiting production whose approval has expired. Safe to run at any time."""
    waiting = Production.objects.filter(
        state__in=[state.value for state in WAITING],
        pk__in=workflows_expired().values("subject_id"),
    )
    for production_id in list(waiting.values_list("pk", flat=True)):
        _expire(production_id)


@transaction.atomic
def _expire(production_id: UUID) -> None:
    production = production_lock(production_id)
    if State(production.state) in WAITING:
        actor = system("reconciler", production.organisation_id)
        end(production, State.STOPPED, actor=actor, problem=_PROBLEM)
