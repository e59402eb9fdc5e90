"""Grant a consent: the act of the person whose face or voice it is about."""

from collections.abc import Sequence
from dataclasses import replace

from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, refusal_recorded
from rakkan.consents.models import Consent
from rakkan.consents.scope import CHANGES_OF
from rakkan.consents.services.record import consent_create, target_of
from rakkan.consents.services.terms import Terms, check_terms
from rakkan.core.errors import BadInput, Refused
from rakkan.identity.selectors import check_identity_is_verified
from rakkan.likenesses.guardians import guardianship_lock
from rakkan.likenesses.leaving import check_not_leaving
from rakkan.likenesses.models import Trait
from rakkan.likenesses.selectors import check_trait_is_usable
from rakkan.likenesses.services import check_trait_is_own


def consent_grant(*, user: User, trait: Trait, terms: Terms) -> Consent:
    """Record what the acting person allows with their face or voice and sign them a receipt.

    Raises:
        NotPermitted: the likeness or voice is somebody else's.
        Refused: identity not verified, or the person's erasure was asked for.
        BadInput: portrait or sample unusable, an empty or unknown scope, or a term that does not
            lie ahead.
    """
    subject = Subject(target_of(trait), str(trait.pk))
    with refusal_recorded(EventName.CONSENT_REFUSED, actor=user_actor(user), subject=subject):
        return _grant(user, trait, terms)


def consents_grant(*, user: User, traits: Sequence[Trait], terms: Terms) -> list[Consent]:
    """Record the same terms about several things in one act: all of them, or none.

    Each consent permits what can be changed of its kind: a picture has no words to put into a
    mouth, and a voice no clothes.

    Raises:
        BadInput: there is nothing to consent about, or as :func:`consent_grant`.
        NotPermitted, Refused: as :func:`consent_grant`.
    """
    if not traits:
        raise BadInput(
            "A consent is about a portrait, a voice, or both.",
            code="target-missing",
            remedy="Choose a portrait, a voice, or both.",
        )
    subject = Subject(target_of(traits[0]), str(traits[0].pk))
    with refusal_recorded(EventName.CONSENT_REFUSED, actor=user_actor(user), subject=subject):
        return [_grant(user, trait, _terms_about(trait, terms)) for trait in traits]


def _terms_about(trait: Trait, terms: Terms) -> Terms:
    elsewhere = {word for words in CHANGES_OF.values() for word in words}
    elsewhere -= set(CHANGES_OF[target_of(trait)])
    return replace(
        terms,
        permitted_changes=[word for word in terms.permitted_changes if word not in elsewhere],
    )


def _check_guardian_lasts(user: User, trait: Trait, terms: Terms) -> None:
    guardianship = guardianship_lock(user, trait.person)
    if guardianship is not None and timezone.now() < guardianship.decision.decided_at:
        raise Refused(
            "By the clock of this machine, nobody has decided yet that you act for this person.",
            code="guardianship-not-begun",
            remedy="Try again later. Tell the operators: their clock was set back.",
        )
    if guardianship is not None and terms.valid_until > guardianship.decision.valid_until:
        last = guardianship.decision.valid_until
        raise BadInput(
            f"You act for this person until {last:%Y-%m-%d %H:%M} (UTC); the consent is longer.",
            code="term-beyond-guardianship",
            remedy="Choose an earlier end.",
        )


def _grant(user: User, trait: Trait, terms: Terms) -> Consent:
    kind = target_of(trait)
    actor = check_user_has_role(user, Role.DEPICTED_PERSON)
    check_trait_is_own(user, trait)
    check_not_leaving(trait.person)
    check_trait_is_usable(trait)
    identity = check_identity_is_verified(trait.person)
    check_terms(terms, kind)
    _check_guardian_lasts(user, trait, terms)
    consent = consent_create(user=user, trait=trait, terms=terms, identity=identity)
    event_record(
        EventName.CONSENT_GRANTED,
        actor=actor,
        subject=Subject("consent", str(consent.pk)),
        data={"record_digest": consent.record_digest, kind: str(trait.pk)},
        rows=[consent],
    )
    return consent
