"""Withdraw a consent: the row only; what must stop because of it is ``productions``' business."""

from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_actor
from rakkan.audit.names import EventName
from rakkan.audit.services import Actor, Subject, event_record
from rakkan.consents.models import Consent, Withdrawal
from rakkan.likenesses.services import check_trait_is_own


def consent_withdraw(*, user: User, consent: Consent, reason: str) -> Withdrawal:
    """Record the withdrawal inside the caller's transaction; a second one changes nothing.

    Raises:
        NotPermitted: the consent is not the acting person's own.
    """
    actor = user_actor(user)  # it is theirs: no role that somebody could take away is needed
    if user.pk != consent.granted_by_id:
        check_trait_is_own(user, consent.trait)
    return withdrawal_record(user=user, consent=consent, reason=reason, actor=actor)


def withdrawal_record(*, user: User, consent: Consent, reason: str, actor: Actor) -> Withdrawal:
    """Write that a consent is withdrawn; who may do that, the caller has checked."""
    Consent.objects.select_for_update().get(pk=consent.pk)  # after, or before, any claim under it
    withdrawal, made = Withdrawal.objects.get_or_create(
        consent=consent,
        defaults={"withdrawn_by": user, "withdrawn_at": timezone.now(), "reason": reason[:500]},
    )
    if made:
        subject = Subject("consent", str(consent.pk))
        event_record(EventName.CONSENT_WITHDRAWN, actor=actor, subject=subject, rows=[withdrawal])
    return withdrawal
