"""Narrow a consent: what the narrower one does not cover ends in the same transaction.

Unreleased productions pinned the old record and stop, covered or not. A released video stays
released if the narrower consent covers it as it is; otherwise its release is revoked.
"""

from uuid import UUID

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_actor
from rakkan.audit.names import EventName
from rakkan.audit.services import Actor, Subject, refusal_recorded
from rakkan.consents.models import Consent
from rakkan.consents.scope import scope_gaps
from rakkan.consents.selectors import (
    ConsentState,
    consent_get,
    consent_state,
    consents_narrowed_to,
)
from rakkan.consents.services import Terms, consent_narrow
from rakkan.productions.models import Production
from rakkan.productions.services.revoke import productions_revoke
from rakkan.productions.services.stop import end
from rakkan.productions.services.submit import use_of
from rakkan.productions.services.transition import productions_lock
from rakkan.productions.states import STOPPABLE, State

REASON = "consent-superseded"
_PROBLEM = {
    "code": REASON,
    "title": "The depicted person has narrowed the consent.",
    "detail": "",
    "remedy": "Make a new production within the narrower consent.",
}


def narrow(*, user: User, consent_id: UUID | str, terms: Terms) -> Consent:
    """Narrow the acting person's own consent and return the new one.

    Raises:
        NotPermitted: the consent is not theirs.
        Refused: it has ended.
        BadInput: the terms allow something the old ones did not, or take nothing away.
    """
    subject = Subject("consent", str(consent_id))
    with refusal_recorded(EventName.CONSENT_REFUSED, actor=user_actor(user), subject=subject):
        consent = consent_get(user, consent_id)
        # Productions are locked before the consent, in the order every claim takes.
        affected = _affected(consent)
        successor = consent_narrow(user=user, consent=consent, terms=terms)
        for production in affected:
            _adjust(production, successor, user_actor(user))
    return successor


def _affected(consent: Consent) -> list[Production]:
    states = [state.value for state in (*STOPPABLE, State.RELEASED)]
    under = Production.objects.filter(consent__in=consents_narrowed_to(consent), state__in=states)
    return productions_lock(list(under.values_list("pk", flat=True)))


def _adjust(production: Production, successor: Consent, actor: Actor) -> None:
    state = State(production.state)
    if state is State.RELEASED and not _covers(successor, production):
        productions_revoke([production], reason=REASON, actor=actor)
    elif state in STOPPABLE:
        end(production, State.STOPPED, actor=actor, problem=_PROBLEM)


def _covers(consent: Consent, production: Production) -> bool:
    """Say whether a released video may stay: live, in scope, and changed as still permitted."""
    changed = (production.request or {})["spec"]["permitted_changes"]
    return (
        consent_state(consent) is ConsentState.LIVE
        and not scope_gaps(consent.scope, use_of(production))
        and set(changed) <= set(consent.permitted_changes)
    )
