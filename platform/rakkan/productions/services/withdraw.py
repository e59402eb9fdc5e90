"""Withdraw a consent: in one transaction nothing under it goes on and nothing is delivered."""

from uuid import UUID

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_actor
from rakkan.audit.names import EventName
from rakkan.audit.services import Actor, Subject, refusal_recorded
from rakkan.consents.models import Consent, Withdrawal
from rakkan.consents.selectors import consent_get
from rakkan.consents.services import consent_withdraw
from rakkan.productions.models import Production
from rakkan.productions.services.revoke import production_revoke
from rakkan.productions.services.stop import end
from rakkan.productions.services.transition import production_lock
from rakkan.productions.states import STOPPABLE, State

_PROBLEM = {
    "code": "consent-withdrawn",
    "title": "The depicted person has withdrawn the consent.",
    "detail": "",
    "remedy": "Respect it; nothing can be made or shown under this consent any more.",
}


def withdraw(*, user: User, consent_id: UUID | str, reason: str = "") -> Withdrawal:
    """Withdraw the acting person's own consent, stop what runs, revoke what was released.

    Raises:
        NotPermitted: the consent is not theirs.
    """
    subject = Subject("consent", str(consent_id))
    with refusal_recorded(EventName.CONSENT_REFUSED, actor=user_actor(user), subject=subject):
        consent = consent_get(user, consent_id)
        # Productions are locked before the consent, in the order every claim takes.
        affected = _affected(consent)
        withdrawal = consent_withdraw(user=user, consent=consent, reason=reason)
        for production in affected:
            _end(production, user_actor(user))
    return withdrawal


def _affected(consent: Consent) -> list[Production]:
    states = [state.value for state in (*STOPPABLE, State.RELEASED)]
    ids = Production.objects.filter(consent=consent, state__in=states).order_by("pk")
    return [production_lock(pk) for pk in ids.values_list("pk", flat=True)]


def _end(production: Production, actor: Actor) -> None:
    state = State(production.state)
    if state is State.RELEASED:
        production_revoke(production, reason="consent-withdrawn", actor=actor)
    elif state in STOPPABLE:
        end(production, State.STOPPED, actor=actor, problem=_PROBLEM)
