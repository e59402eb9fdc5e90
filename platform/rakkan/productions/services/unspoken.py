"""End what was submitted before voices had owners: nobody has consented to the voice in it."""

from uuid import UUID

from django.db import transaction

from rakkan.audit.services import system
from rakkan.productions.models import Production
from rakkan.productions.services.revoke import productions_revoke
from rakkan.productions.services.stop import end
from rakkan.productions.services.transition import productions_lock
from rakkan.productions.states import STOPPABLE, State

BATCH = 500  # productions ended in one transaction
_CODE = "voice-consent-missing"
_PROBLEM = {
    "code": _CODE,
    "title": "Nobody has consented to the use of the voice.",
    "detail": "",
    "remedy": "Make a new production that names who speaks.",
}
_STATES = [state.value for state in (*STOPPABLE, State.RELEASED) if state is not State.DRAFT]


def unspoken_end() -> None:
    """Stop them, and call their releases back. Safe to run at any time; most times finds none."""
    while ids := _found():
        _end(ids)


def _found() -> list[UUID]:
    rows = Production.objects.filter(voice_consent=None, state__in=_STATES).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:BATCH])


@transaction.atomic
def _end(ids: list[UUID]) -> None:
    for production in productions_lock(ids):
        actor = system("reconciler", production.organisation_id)
        if State(production.state) is State.RELEASED:
            productions_revoke([production], reason=_CODE, actor=actor)
        elif State(production.state) in STOPPABLE:
            end(production, State.STOPPED, actor=actor, problem=_PROBLEM)
