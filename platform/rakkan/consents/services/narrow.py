"""Narrow a consent: a new record, and the end of the old one, in one act."""

from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_actor
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record
from rakkan.consents.models import Consent, Supersession
from rakkan.consents.scope import Scope, scope_within
from rakkan.consents.selectors import ConsentState, consent_state
from rakkan.consents.services.record import consent_create, target_of
from rakkan.consents.services.terms import Terms, check_terms, words_of
from rakkan.core.errors import BadInput, Refused
from rakkan.identity.selectors import check_identity_is_verified
from rakkan.likenesses.leaving import check_not_leaving
from rakkan.likenesses.services import check_trait_is_own

_NARROWABLE = (ConsentState.LIVE, ConsentState.NOT_YET)


def consent_narrow(*, user: User, consent: Consent, terms: Terms) -> Consent:
    """Replace a consent by a narrower one inside the caller's transaction and return that.

    What must stop because of it is the business of ``productions``.

    Raises:
        NotPermitted: the consent is not the acting person's own.
        Refused: it has ended, the identity is not verified any more, or the person's erasure was
            asked for.
        BadInput: the terms are no consent, or allow something the old ones did not.
    """
    actor = user_actor(user)  # it is theirs: taking something away needs no role
    check_trait_is_own(user, consent.trait)
    check_not_leaving(consent.person)
    Consent.objects.select_for_update().get(pk=consent.pk)  # after, or before, any claim under it
    state = consent_state(consent)
    if state not in _NARROWABLE:
        raise Refused(
            f"This consent has ended: it is {state.value}.",
            code="consent-ended",
            remedy="Grant a new one instead.",
        )
    identity = check_identity_is_verified(consent.person)
    check_terms(terms, target_of(consent.trait))
    _check_narrower(consent, terms)
    successor = consent_create(
        user=user,
        trait=consent.trait,
        terms=terms,
        identity=identity,
        supersedes=consent,
    )
    ended = Supersession.objects.create(
        consent=consent, successor=successor, superseded_at=timezone.now()
    )
    event_record(
        EventName.CONSENT_NARROWED,
        actor=actor,
        subject=Subject("consent", str(consent.pk)),
        data={"successor": str(successor.pk), "record_digest": successor.record_digest},
        rows=[successor, ended],
    )
    return successor


def _check_narrower(consent: Consent, terms: Terms) -> None:
    words = words_of(terms)
    scope = Scope(
        frozenset(words["purposes"]),
        frozenset(words["channels"]),
        frozenset(words["territories"]),
        frozenset(words["languages"]),
        frozenset(words["permitted_changes"]),
    )
    within = (
        scope_within(scope, consent.scope)
        and consent.valid_from <= terms.valid_from
        and terms.valid_until <= consent.valid_until
        and terms.ai_label.strip() == consent.ai_label
    )
    if not within:
        raise BadInput(
            "This allows something that the consent does not allow.",
            code="consent-not-narrower",
            remedy="Take things away only; grant a new consent for anything wider.",
        )
    same = all(words[field] == getattr(consent, field) for field in words)
    if same and terms.valid_until == consent.valid_until:
        raise BadInput(
            "Nothing was taken away.",
            code="consent-unchanged",
            remedy="Take something away, or leave the consent as it is.",
        )
