"""Ask both consents of a production: of whoever is seen, and of whoever is heard.

Every step asks here, so that none can ask one of the two only. They are asked, and locked, in
this order everywhere.
"""

from typing import NamedTuple

from django.utils import timezone

from rakkan.consents.models import Consent
from rakkan.consents.scope import Change, Use, scope_gaps
from rakkan.consents.selectors import (
    ConsentState,
    check_consent_covers,
    check_release_is_covered,
    consent_state,
    release_consent_state,
)
from rakkan.core.errors import Refused
from rakkan.likenesses.models import Trait
from rakkan.productions.models import Production
from rakkan.productions.origins import VoiceOrigin

MISSING = "missing"  # what the public is told of a consent that was never asked for


class Pinned(NamedTuple):
    """The consents a production was submitted under."""

    likeness: Consent
    voice: Consent


def pinned_consents(production: Production) -> Pinned:
    """Return the consents a production was submitted under.

    Raises:
        Refused: consent-missing or voice-consent-missing.
    """
    if production.consent is None:
        raise Refused("It has no consent.", code="consent-missing", status=403)
    if production.voice_consent is None:
        raise Refused(
            "Nobody has consented to the use of the voice.",
            code="voice-consent-missing",
            remedy="Make a new production that names who speaks.",
            status=403,
        )
    return Pinned(production.consent, production.voice_consent)


def use_of(production: Production) -> Use:
    """Return what a production asks of the consent of whoever is seen."""
    behind = {Change.BACKGROUND.value} if production.background_sha256 else set()
    return Use(
        purpose=production.purpose,
        channels=frozenset(production.channels),
        territories=frozenset(production.territories),
        language=production.language,
        changes=frozenset(behind),
    )


def voice_use_of(production: Production) -> Use:
    """Return what it asks of the consent of whoever is heard: the same, and what a machine said."""
    synthetic = production.voice_origin == VoiceOrigin.SYNTHETIC
    seen = use_of(production)
    return Use(
        purpose=seen.purpose,
        channels=seen.channels,
        territories=seen.territories,
        language=seen.language,
        changes=frozenset({Change.SYNTHETIC_SPEECH.value} if synthetic else ()),
    )


def consents_at_hand(production: Production) -> tuple[Consent | None, Consent | None]:
    """Return live consents of who is seen and who is heard that cover a draft, where there are."""
    likeness, speaker = production.likeness, production.speaker
    seen = _covering(likeness, use_of(production))
    return seen, _covering(speaker, voice_use_of(production)) if speaker else None


def _covering(trait: Trait, use: Use) -> Consent | None:
    """Return a live consent that covers a use; submitting asks again."""
    now = timezone.now()
    for consent in trait.consents.order_by("-granted_at"):
        if consent_state(consent, now) is ConsentState.LIVE and not scope_gaps(consent.scope, use):
            return consent
    return None


def use_under(production: Production, consent: Consent) -> Use:
    """Return what a production asks of this consent, be it about the likeness or the voice."""
    return use_of(production) if consent.voice_id is None else voice_use_of(production)


def check_consents_cover(production: Production) -> Pinned:
    """Return both consents, live, wide enough and locked for the transaction.

    Raises:
        Refused: one of the two is missing, has ended or does not cover it.
    """
    pinned = pinned_consents(production)
    for consent in pinned:
        check_consent_covers(consent, use_under(production, consent))
    return pinned


def check_release_consents_cover(production: Production) -> None:
    """Raise unless what was released is still covered by the consents in force.

    Raises:
        Refused: one of the two is missing, has ended or does not cover it.
    """
    for consent in pinned_consents(production):
        check_release_is_covered(consent, use_under(production, consent))


def release_consents_state(production: Production) -> str:
    """Return what the consents of a released video are now: live only where both cover it."""
    try:
        pinned = pinned_consents(production)
    except Refused:
        return MISSING
    states = [release_consent_state(each, use_under(production, each)) for each in pinned]
    ended = [state for state in states if state is not ConsentState.LIVE]
    return (ended or states)[0].value
