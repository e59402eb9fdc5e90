"""Withdraw a consent: from its commit on nothing starts; then, batch by batch, all else ends."""

from uuid import UUID

from django.db import transaction

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_actor
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, refusal_recorded
from rakkan.consents.models import Consent, Withdrawal
from rakkan.consents.selectors import consent_get
from rakkan.consents.services import consent_withdraw, withdrawal_record
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
            withdrawal_tell(consent)
    end_carry_out(consent, actor=user_actor(user))
    return withdrawal


def withdrawal_tell(consent: Consent) -> None:
    """Queue what the organisation's systems are told of a withdrawal, in its transaction."""
    said = {"consent": str(consent.pk), "consent_state": "withdrawn"}
    message_queue(Topic.CONSENT_WITHDRAWN, consent.controller_id, [(consent.pk, said)])


def withdraw_for(*, user: User, consent: Consent, reason: str) -> None:
    """Withdraw a consent because of an act of ``user`` that ends it; the caller has checked that.

    Safe to run again after a crash.
    """
    with transaction.atomic():
        first = not Withdrawal.objects.filter(consent=consent).exists()
        withdrawal_record(user=user, consent=consent, reason=reason, actor=user_actor(user))
        if first:
            withdrawal_tell(consent)
    end_carry_out(consent, actor=user_actor(user))
