"""Read identity checks."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_has_role
from rakkan.accounts.roles import Role
from rakkan.core.errors import NotFound, Refused
from rakkan.identity.models import (
    BiometricConsent,
    BiometricWithdrawal,
    IdentityCheck,
    IdentityDecision,
    RecordingDestruction,
)
from rakkan.likenesses.guardians import persons_of
from rakkan.likenesses.models import Person


def identity_checks_visible(user: User) -> QuerySet[IdentityCheck]:
    """Return the checks a user may see: all of the organisation for a reviewer, else their own."""
    rows = IdentityCheck.objects.select_related(
        "person__user",
        "decision",
        "measurement",
        "attempt__challenge__likeness",
        "assurance__request",
    )
    if user_has_role(user, Role.IDENTITY_REVIEWER):
        return rows.filter(person__organisation=user.organisation_id)
    return rows.filter(person__in=persons_of(user))


def identity_providers(user: User) -> list[Any]:
    """Return the providers of the user's organisation that say who a person is, by their names."""
    known = settings.RAKKAN_PROVIDERS.values()
    own = [one for one in known if one.relying and one.organisation == user.organisation_id]
    return sorted(own, key=lambda one: one.name)


def identity_decision(person: Person, at: datetime | None = None) -> IdentityDecision | None:
    """Return the newest decision that verifies the person at that moment, if any."""
    moment = at or timezone.now()
    return (
        IdentityDecision.objects.filter(
            check_made__person=person,
            verified=True,
            decided_at__lte=moment,
            valid_until__gt=moment,
        )
        .order_by("-decided_at")
        .first()
    )


def check_identity_is_verified(person: Person) -> IdentityDecision:
    """Return the decision that verifies the person now.

    Raises:
        Refused: there is none.
    """
    decision = identity_decision(person)
    if decision is None:
        raise Refused(
            "The depicted person's identity is not verified.",
            code="identity-not-verified",
            remedy="Hand in evidence and wait for a reviewer's decision.",
        )
    return decision


def check_with_recording(check_id: UUID) -> IdentityCheck | None:
    """Return the check of that id if it has a recording."""
    rows = IdentityCheck.objects.filter(pk=check_id, attempt__isnull=False)
    return rows.select_related("person", "attempt").first()


def check_may_be_measured(check: IdentityCheck) -> None:
    """Raise unless the person still consents to measuring and the recording is there.

    Raises:
        Refused: they do not, or it was destroyed.
    """
    check_biometric_consent(check.person)
    if RecordingDestruction.objects.filter(attempt__check_made=check).exists():
        raise Refused("The recording was destroyed.", code="recording-destroyed", status=410)


def biometric_consents_visible(user: User) -> QuerySet[BiometricConsent]:
    """Return the acting person's own consents to biometric matching, the newest first."""
    rows = BiometricConsent.objects.select_related("withdrawal", "person__organisation")
    return rows.filter(person__user=user)


def biometric_consent_get(user: User, consent_id: UUID | str) -> BiometricConsent:
    """Return one of the acting person's own.

    Raises:
        NotFound: there is none of that id for this user.
    """
    consent = biometric_consents_visible(user).filter(pk=consent_id).first()
    if consent is None:
        raise NotFound(f"There is no consent {consent_id}.")
    return consent


def biometric_consent_state(consent: BiometricConsent) -> str:
    """Return what it is now: live, expired or withdrawn."""
    if getattr(consent, "withdrawal", None) is not None:
        return "withdrawn"
    return "live" if timezone.now() < consent.valid_until else "expired"


def check_biometric_consent(person: Person) -> BiometricConsent:
    """Return the person's live consent to biometric matching, locked for the transaction.

    Whatever compares faces or voices to verify who somebody is calls this first, in the
    transaction in which it starts: a withdrawal either is seen here or waits for it.

    Raises:
        Refused: there is none.
    """
    rows = BiometricConsent.objects.select_for_update().filter(person=person)
    for consent in rows.order_by("-granted_at"):
        # Asked after the lock: a withdrawal that it waited for is seen.
        withdrawn = BiometricWithdrawal.objects.filter(consent=consent).exists()
        if not withdrawn and timezone.now() < consent.valid_until:
            return consent
    raise Refused(
        "The person has not consented to biometric matching.",
        code="biometric-consent-missing",
        remedy="The person gives this consent in their own account, before the check.",
        status=403,
    )
