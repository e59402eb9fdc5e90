"""Narrow a consent: a new record replaces it; what that does not cover ends, batch by batch."""

from uuid import UUID

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_actor
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, refusal_recorded
from rakkan.consents.models import Consent
from rakkan.consents.selectors import consent_get
from rakkan.consents.services import Terms, consent_narrow
from rakkan.productions.services.ending import end_carry_out


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
        successor = consent_narrow(user=user, consent=consent, terms=terms)
    end_carry_out(consent, actor=user_actor(user))
    return successor
