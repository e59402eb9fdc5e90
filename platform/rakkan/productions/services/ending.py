"""Carry out the end of a consent: withdrawn or narrowed, one way, batch by batch.

Whatever ends a consent commits that first. Every check of every step asks the consent, so from
that commit on nothing starts, ends well or is handed out. What exists under it is ended here,
what still runs first, one transaction a batch. A process that dies in between leaves the rest to
the reconciler, which knows from a row which ends were carried out.
"""

from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from rakkan.audit.services import Actor, system
from rakkan.consents.models import Consent, Withdrawal
from rakkan.consents.scope import scope_gaps
from rakkan.consents.selectors import (
    ConsentState,
    consent_in_force,
    consent_state,
    consents_narrowed_to,
)
from rakkan.productions.models import EndCarriedOut, Production
from rakkan.productions.selectors import made_under
from rakkan.productions.services.covered import use_under
from rakkan.productions.services.revoke import productions_revoke
from rakkan.productions.services.stop import end
from rakkan.productions.services.transition import productions_lock
from rakkan.productions.states import STOPPABLE, State

BATCH = 500  # productions ended in one transaction
WITHDRAWN = {
    "code": "consent-withdrawn",
    "title": "The depicted person has withdrawn the consent.",
    "detail": "",
    "remedy": "Respect it; nothing can be made or shown under this consent any more.",
}
NARROWED = {
    "code": "consent-superseded",
    "title": "The depicted person has narrowed the consent.",
    "detail": "",
    "remedy": "Make a new production within the narrower consent.",
}
VOICE_WITHDRAWN = WITHDRAWN | {
    "code": "voice-consent-withdrawn",
    "title": "The person who speaks has withdrawn the consent to use their voice.",
}
VOICE_NARROWED = NARROWED | {
    "code": "voice-consent-superseded",
    "title": "The person who speaks has narrowed the consent to use their voice.",
}


def end_carry_out(consent: Consent, *, actor: Actor) -> int:
    """End what an ended consent does not cover any more and return how much that was.

    Unreleased productions pinned the old record and stop, covered or not. A released video stays
    released if the consent in force covers it as it is; otherwise its release is revoked.
    """
    ended = 0
    for states in (STOPPABLE, frozenset({State.RELEASED})):
        last: UUID | None = None
        while True:
            seen, count = _batch(consent, states, last, actor)
            ended += count
            if not seen:
                break
            last = seen[-1]
    EndCarriedOut.objects.get_or_create(consent=consent, defaults={"done_at": timezone.now()})
    return ended


@transaction.atomic
def _batch(
    consent: Consent, states: frozenset[State], after: UUID | None, actor: Actor
) -> tuple[list[UUID], int]:
    """End the next batch; return the ids that were looked at and how many were ended."""
    # What a wider consent released still stands on this one, if this one narrowed it.
    rows = Production.objects.filter(
        made_under(consents_narrowed_to(consent)), state__in=[state.value for state in states]
    )
    if after is not None:
        rows = rows.filter(pk__gt=after)
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    problem = _problem(consent)
    force = consent_in_force(consent)
    live = consent_state(force) is ConsentState.LIVE
    found = [row for row in productions_lock(ids) if State(row.state) in states]
    if State.RELEASED in states:
        found = [row for row in found if not (live and _covers(force, row))]
        productions_revoke(found, reason=problem["code"], actor=actor)
    else:
        for production in found:
            end(production, State.STOPPED, actor=actor, problem=problem)
    return ids, len(found)


def _problem(consent: Consent) -> dict[str, str]:
    withdrawn = Withdrawal.objects.filter(consent=consent).exists()
    if consent.voice_id is None:
        return WITHDRAWN if withdrawn else NARROWED
    return VOICE_WITHDRAWN if withdrawn else VOICE_NARROWED


def _covers(consent: Consent, production: Production) -> bool:
    """Say whether a released video may stay: in scope, and changed as still permitted."""
    if scope_gaps(consent.scope, use_under(production, consent)):
        return False
    changed = (production.request or {})["spec"]["permitted_changes"]  # of the picture
    return consent.likeness_id is None or set(changed) <= set(consent.permitted_changes)


def ends_resume() -> None:
    """Carry out what a dead process left of withdrawals and narrowings."""
    ended = Q(withdrawal__isnull=False) | Q(supersession__isnull=False)
    for consent in Consent.objects.filter(ended, endcarriedout=None):
        end_carry_out(consent, actor=system("reconciler", consent.controller_id))
