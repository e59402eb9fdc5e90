"""Read consents, and the one question everything else asks: may this be done now?"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_roles
from rakkan.consents.models import Consent, Supersession, Withdrawal
from rakkan.consents.scope import Use, scope_gaps
from rakkan.core.errors import NotFound, Refused
from rakkan.likenesses.guardians import persons_of
from rakkan.likenesses.models import Guardianship, Likeness, Trait
from rakkan.likenesses.selectors import SEE_ALL


class ConsentState(StrEnum):
    """What a consent is at a moment; derived, never stored."""

    LIVE = "live"
    NOT_YET = "not-yet"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"


def consents_of(user: User) -> Q:
    """Return the condition that a consent is about the user's own likeness or voice."""
    own = persons_of(user).values("pk")
    return Q(likeness__person__in=own) | Q(voice__person__in=own)


def consents_visible(user: User) -> QuerySet[Consent]:
    """Return the consents a user may see: their own, or those of their organisation."""
    rows = Consent.objects.select_related(
        "likeness__person__user", "voice__person__user", "withdrawal", "supersession"
    ).filter(controller=user.organisation_id)
    if user_roles(user) & SEE_ALL:
        return rows
    return rows.filter(consents_of(user))


def consent_get(user: User, consent_id: UUID | str) -> Consent:
    """Return one visible consent.

    Raises:
        NotFound: there is none of that id for this user.
    """
    consent = consents_visible(user).filter(pk=consent_id).first()
    if consent is None:
        raise NotFound(f"There is no consent {consent_id}.")
    return consent


def consent_state(consent: Consent, at: datetime | None = None) -> ConsentState:
    """Return what a consent is now, or at a moment.

    Now, an end that exists counts, whatever the clocks of two hosts say about its time.
    """
    moment = at or timezone.now()
    withdrawal = Withdrawal.objects.filter(consent=consent).first()
    if withdrawal is not None and (at is None or withdrawal.withdrawn_at <= moment):
        return ConsentState.WITHDRAWN
    supersession = Supersession.objects.filter(consent=consent).first()
    if supersession is not None and (at is None or supersession.superseded_at <= moment):
        return ConsentState.SUPERSEDED
    if moment < consent.valid_from:
        return ConsentState.NOT_YET
    if moment >= consent.valid_until:
        return ConsentState.EXPIRED
    return ConsentState.LIVE


_LIKENESS_WHY_NOT = {
    ConsentState.NOT_YET: ("The consent is not valid yet.", "Wait for the start of its term."),
    ConsentState.EXPIRED: ("The consent has expired.", "Ask the depicted person for a new one."),
    ConsentState.WITHDRAWN: (
        "The depicted person has withdrawn the consent.",
        "Respect it; nothing can be made or shown under this consent any more.",
    ),
    ConsentState.SUPERSEDED: (
        "The depicted person has narrowed the consent.",
        "Make a new production within the narrower consent.",
    ),
}
_VOICE_WHY_NOT = {
    ConsentState.NOT_YET: (
        "The consent to use the voice is not valid yet.",
        "Wait for the start of its term.",
    ),
    ConsentState.EXPIRED: (
        "The consent to use the voice has expired.",
        "Ask the person who speaks for a new one.",
    ),
    ConsentState.WITHDRAWN: (
        "The person who speaks has withdrawn the consent to use their voice.",
        "Respect it; nothing can be made or shown under this consent any more.",
    ),
    ConsentState.SUPERSEDED: (
        "The person who speaks has narrowed the consent to use their voice.",
        "Make a new production within the narrower consent.",
    ),
}


def _refusal(consent: Consent, state: ConsentState) -> Refused:
    about_likeness = consent.likeness_id is not None
    message, remedy = (_LIKENESS_WHY_NOT if about_likeness else _VOICE_WHY_NOT)[state]
    prefix = "" if about_likeness else "voice-"
    return Refused(message, code=f"{prefix}consent-{state.value}", remedy=remedy, status=403)


def check_consent_covers(consent: Consent, use: Use) -> None:
    """Raise unless ``consent`` is live now and covers ``use``.

    The row is locked, so that a withdrawal either is seen here or waits for this transaction.

    Raises:
        Refused: consent-not-yet, consent-expired, consent-withdrawn, consent-superseded or
            consent-out-of-scope; of a voice, the same with ``voice-`` before it.
    """
    locked = Consent.objects.select_for_update().get(pk=consent.pk)
    state = consent_state(locked)
    if state is not ConsentState.LIVE:
        raise _refusal(locked, state)
    gaps = scope_gaps(locked.scope, use)
    if gaps:
        about_likeness = locked.likeness_id is not None
        what = "The consent" if about_likeness else "The consent to use the voice"
        raise Refused(
            f"{what} does not cover this: " + "; ".join(str(gap) for gap in gaps) + ".",
            code="consent-out-of-scope" if about_likeness else "voice-consent-out-of-scope",
            remedy="Change the request, or ask the person for a wider consent.",
            status=403,
        )


def consent_in_force(consent: Consent) -> Consent:
    """Return the consent that speaks for what was released under ``consent``.

    That is the last of those that narrowed it, unless one on the way was withdrawn.
    """
    current = consent
    while consent_state(current) is ConsentState.SUPERSEDED:
        current = Supersession.objects.select_related("successor").get(consent=current).successor
    return current


def consents_narrowed_to(consent: Consent) -> list[Consent]:
    """Return ``consent`` and every wider one that it replaces, the newest first."""
    found = [consent]
    while row := Supersession.objects.filter(successor=found[-1]).select_related("consent").first():
        found.append(row.consent)
    return found


def check_release_is_covered(consent: Consent, use: Use) -> None:
    """Raise unless what was released under ``consent`` still is covered now.

    Raises:
        Refused: as :func:`check_consent_covers`, about the consent in force.
    """
    check_consent_covers(consent_in_force(consent), use)


def release_consent_state(consent: Consent, use: Use) -> ConsentState:
    """Return what the consent of a released asset is now: live only where it is covered now."""
    current = consent_in_force(consent)
    state = consent_state(current)
    if state is ConsentState.LIVE and scope_gaps(current.scope, use):
        return ConsentState.SUPERSEDED
    return state


def consent_for_use(trait: Trait, use: Use) -> Consent:
    """Return the newest consent that is live now and covers ``use``.

    Raises:
        Refused: consent-missing (of a voice: voice-consent-missing) where the person never gave
            one, else why the newest one fails.
    """
    first_refusal: Refused | None = None
    for consent in trait.consents.order_by("-granted_at"):
        try:
            check_consent_covers(consent, use)
        except Refused as refused:
            first_refusal = first_refusal or refused
        else:
            return consent
    raise first_refusal or _missing(trait)


def _missing(trait: Trait) -> Refused:
    if isinstance(trait, Likeness):
        return Refused(
            "The depicted person has given no consent for this likeness.",
            code="consent-missing",
            remedy="Ask the depicted person to grant one in their own account.",
            status=403,
        )
    return Refused(
        "The person who speaks has given no consent to use this voice.",
        code="voice-consent-missing",
        remedy="Ask the person who speaks to grant one in their own account.",
        status=403,
    )


def consents_of_guardian(guardianship: Guardianship) -> list[Consent]:
    """Return the standing consents that a guardian gave for a person."""
    person = guardianship.person_id
    return list(
        Consent.objects.filter(
            Q(likeness__person=person) | Q(voice__person=person),
            granted_by=guardianship.guardian_id,
            withdrawal=None,
            supersession=None,
        )
    )
