"""What waits for whom: reads for the pages, through the apps' own selectors."""

from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

from rakkan.accounts.models import User
from rakkan.approvals.selectors import decisions_of, steps_waiting
from rakkan.consents.models import Consent
from rakkan.consents.selectors import (
    ConsentState,
    consent_state,
    consents_of,
    consents_visible,
)
from rakkan.core.errors import NotFound
from rakkan.identity.models import BiometricConsent, IdentityCheck, RecordingDestruction
from rakkan.identity.selectors import biometric_consent_state, identity_checks_visible
from rakkan.likenesses.guardians import persons_of
from rakkan.likenesses.models import Likeness, Voice
from rakkan.likenesses.selectors import likenesses_visible, voices_visible
from rakkan.pages.reviews import review_panel
from rakkan.productions.models import Production
from rakkan.productions.selectors import of_person, of_their_side, productions_visible
from rakkan.productions.states import State

PER_PAGE = 20
_VIRTUAL = (
    "virtual",
    "obs",
    "manycam",
    "snap camera",
    "droidcam",
    "xsplit",
    "v4l2loopback",
    "fake",
)


def page_of(request: HttpRequest, rows: QuerySet[Any] | list[Any]) -> Page[Any]:
    """Return the page of rows that ``?page=`` names; a number that is none shows the nearest."""
    return Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))


def own_likenesses(user: User) -> QuerySet[Likeness]:
    """Return the portraits of the acting person."""
    return likenesses_visible(user).filter(person__in=persons_of(user))


def own_voices(user: User) -> QuerySet[Voice]:
    """Return the voices of the acting person."""
    return voices_visible(user).filter(person__in=persons_of(user))


def own_consents(user: User) -> list[Consent]:
    """Return the consents the acting person gave, each with its ``state`` now."""
    return with_state(list(consents_visible(user).filter(consents_of(user))))


def with_state(consents: list[Consent]) -> list[Consent]:
    """Give each consent what it is at this moment, for a page to show."""
    for consent in consents:
        consent.now = consent_state(consent).value  # type: ignore[attr-defined]
    return consents


def with_biometric_state(rows: QuerySet[BiometricConsent]) -> list[BiometricConsent]:
    """Give each consent to biometric matching what it is at this moment, for a page to show."""
    consents = list(rows)
    for consent in consents:
        consent.now = biometric_consent_state(consent)  # type: ignore[attr-defined]
    return consents


def depictions(user: User) -> QuerySet[Production]:
    """Return every production of the acting person's face or voice that left the draft."""
    rows = productions_visible(user).filter(of_person(user))
    return rows.exclude(state=State.DRAFT.value)


def productions_to_approve(user: User) -> list[Production]:
    """Return what waits for this approver: not their own, not of them, not decided by them.

    Each has its open steps (``waiting``), for the list to say since when.
    """
    waiting = (
        productions_visible(user)
        .filter(state=State.IN_APPROVAL.value)
        .exclude(requester=user)
        .exclude(of_their_side(user))
        .order_by("changed_at")
    )
    rows = [row for row in waiting if not _took_part(user, row)]
    for row in rows:
        row.waiting = steps_waiting(row.pk)  # type: ignore[attr-defined]
    return rows


def productions_to_review(user: User) -> list[Production]:
    """Return the finished videos that this approver may watch before their release."""
    rows = productions_visible(user).filter(state=State.IN_REVIEW.value).order_by("changed_at")
    return [row for row in rows if (panel := review_panel(user, row)) and panel.may]


def _took_part(user: User, production: Production) -> bool:
    decisions = decisions_of(production.pk)
    return any(user.pk in (said.approver_id, said.delegate_id) for said in decisions)


def checks_to_review(user: User) -> QuerySet[IdentityCheck]:
    """Return the identity checks that wait for a reviewer, oldest first, without their own."""
    rows = identity_checks_visible(user).filter(decision=None).exclude(submitted_by=user)
    return rows.order_by("submitted_at")


def identity_check_get(user: User, check_id: UUID) -> IdentityCheck:
    """Return one visible identity check.

    Raises:
        NotFound: there is none of that id for this user.
    """
    check = identity_checks_visible(user).filter(pk=check_id).first()
    if check is None:
        raise NotFound(f"There is no identity check {check_id}.")
    return check


def check_version(check: IdentityCheck) -> str:
    """Return how far a check is: what its page shows changes with it."""
    if getattr(check, "decision", None) is not None:
        return "decided"
    waits = hasattr(check, "attempt") and not hasattr(check, "measurement")
    return "waiting" if waits else "measured"


def recording_gone(check: IdentityCheck) -> RecordingDestruction | None:
    """Return when and why a check's recording was destroyed, if it was."""
    return RecordingDestruction.objects.filter(attempt__check_made=check).first()


def looks_virtual(check: IdentityCheck) -> bool:
    """Say whether the camera's name is one of programs that feed pictures in; a hint, no more."""
    attempt = getattr(check, "attempt", None)
    return attempt is not None and any(name in attempt.camera.lower() for name in _VIRTUAL)


def uuid_of(text: str, what: str) -> UUID:
    """Return the id that a form sent.

    Raises:
        NotFound: it is none.
    """
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound(f"There is no {what} of that id.") from error


def live(consents: list[Consent]) -> list[Consent]:
    """Return those that are live now."""
    return [consent for consent in consents if consent_state(consent) is ConsentState.LIVE]
