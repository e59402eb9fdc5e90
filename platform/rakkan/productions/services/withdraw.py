"""Withdraw a consent: from its commit on nothing starts; then, batch by batch, all else ends.

The first transaction writes the withdrawal. Every check of every step asks the consent, so
dispatch, results, gate, release and delivery are blocked with it. What already exists under the
consent is ended in further transactions, one a batch; a process that dies between two of them
leaves the rest to the reconciler.
"""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_actor
from rakkan.audit.names import EventName
from rakkan.audit.services import Actor, Subject, refusal_recorded, system
from rakkan.consents.models import Consent, Withdrawal
from rakkan.consents.selectors import consent_get, consents_narrowed_to
from rakkan.consents.services import consent_withdraw
from rakkan.productions.models import Production
from rakkan.productions.services.revoke import productions_revoke
from rakkan.productions.services.stop import end
from rakkan.productions.services.transition import productions_lock
from rakkan.productions.states import STOPPABLE, State

REASON = "consent-withdrawn"
BATCH = 500  # productions ended in one transaction
_LOOK_BACK = timedelta(days=2)  # how long the reconciler looks after a withdrawal
_PROBLEM = {
    "code": REASON,
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
        withdrawal = consent_withdraw(user=user, consent=consent, reason=reason)
    withdrawal_carry_out(consent, actor=user_actor(user))
    return withdrawal


def withdrawal_carry_out(consent: Consent, *, actor: Actor) -> int:
    """End everything under a withdrawn consent, batch by batch, and return how many there were."""
    ended = 0
    while count := _batch(consent, actor):
        ended += count
    return ended


@transaction.atomic
def _batch(consent: Consent, actor: Actor) -> int:
    states = [state.value for state in (*STOPPABLE, State.RELEASED)]
    # What a wider consent released still stands on this one, if this one narrowed it.
    under = consents_narrowed_to(consent)
    ids = Production.objects.filter(consent__in=under, state__in=states).order_by("pk")
    productions = productions_lock(list(ids.values_list("pk", flat=True)[:BATCH]))
    released = [p for p in productions if p.state == State.RELEASED]
    productions_revoke(released, reason=REASON, actor=actor)
    for production in productions:
        if State(production.state) in STOPPABLE:
            end(production, State.STOPPED, actor=actor, problem=_PROBLEM)
    return len(productions)


def withdrawals_resume() -> None:
    """Carry out what a dead process left of recent withdrawals."""
    states = [state.value for state in (*STOPPABLE, State.RELEASED)]
    since = timezone.now() - _LOOK_BACK
    recent = Consent.objects.filter(withdrawal__withdrawn_at__gt=since)
    unfinished = recent.filter(Q(production__state__in=states) | Q(replaces__isnull=False))
    for consent in unfinished.distinct():
        withdrawal_carry_out(consent, actor=system("reconciler", consent.controller_id))
