"""Grant a consent: the depicted person's own act."""

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, refusal_recorded
from rakkan.consents.models import Consent
from rakkan.consents.services.record import consent_create
from rakkan.consents.services.terms import Terms, check_terms
from rakkan.identity.selectors import check_identity_is_verified
from rakkan.likenesses.models import Likeness
from rakkan.likenesses.selectors import check_likeness_is_usable
from rakkan.likenesses.services import check_likeness_is_own


def consent_grant(*, user: User, likeness: Likeness, terms: Terms) -> Consent:
    """Record what the acting person allows with their likeness and sign them a receipt.

    Raises:
        NotPermitted: the likeness shows somebody else.
        Refused: identity not verified, or portrait unusable.
        BadInput: an empty or unknown scope, or a term that does not lie ahead.
    """
    subject = Subject("likeness", str(likeness.pk))
    with refusal_recorded(EventName.CONSENT_REFUSED, actor=user_actor(user), subject=subject):
        actor = check_user_has_role(user, Role.DEPICTED_PERSON)
        check_likeness_is_own(user, likeness)
        check_likeness_is_usable(likeness)
        identity = check_identity_is_verified(likeness.person)
        check_terms(terms)
        consent = consent_create(user=user, likeness=likeness, terms=terms, identity=identity)
        event_record(
            EventName.CONSENT_GRANTED,
            actor=actor,
            subject=Subject("consent", str(consent.pk)),
            data={"record_digest": consent.record_digest, "likeness": str(likeness.pk)},
        )
    return consent
