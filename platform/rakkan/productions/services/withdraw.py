"""Withdraw a consent: from its commit on nothing starts; then, batch by batch, all else ends."""

from uuid import UUID

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_actor
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, refusal_recorded
from rakkan.consents.models import Withdrawal
from rakkan.consents.selectors import consent_get
from rakkan.consents.services import consent_withdraw
from rakkan.productions.services.ending import end_carry_out
from rakkan.webhooks.models import Topic
from rakkan.webhooks.services import message_queue


def withdraw(*, user: User, consent_id: UUID | str, reason: str = "") -> Withdrawal:
    """Withdraw the acting person's own consent, stop what runs, revoke what was released.

    Raises:
        NotPermitted: the consent is not theirs.
    """
    subject = Subject("consent", str(consent_id))
    with refusal_recorded(EventName.CONSENT_REFUSED, actor=user_actor(user), subject=subject):
        consent = consent_get(user, consent_id)
        first = getattr(consent, "withdrawal", None) is None
        withdrawal = consent_withdraw(user=user, consent=consent, reason=reason)
        if first:
            said = {"consent": str(consent.pk), "consent_state": "withdrawn"}
            message_queue(Topic.CONSENT_WITHDRAWN, consent.controller_id, [(consent.pk, said)])
    end_carry_out(consent, actor=user_actor(user))
    return withdrawal
