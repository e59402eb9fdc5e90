"""Hand in evidence; decide about it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, refusal_recorded
from rakkan.core.errors import NotFound, NotPermitted, Refused
from rakkan.identity.attempts import Attempt
from rakkan.identity.models import (
    AssuranceAnswer,
    IdentityCheck,
    IdentityDecision,
    RemoteAttempt,
)
from rakkan.identity.providers import REVIEWED_EVIDENCE, HandedIn, provider_of
from rakkan.identity.questions import Assurance
from rakkan.identity.selectors import check_biometric_consent
from rakkan.likenesses.guardians import ever_acted_for
from rakkan.likenesses.models import Person
from rakkan.likenesses.services import person_for

VALIDITY = timedelta(days=365)  # a reviewer's word is asked for again after a year


def identity_submit(
    *,
    user: User,
    evidence: UploadedFile[Any] | None,
    method: str = REVIEWED_EVIDENCE,
    person_id: UUID | None = None,
    attempt: Attempt | Assurance | None = None,
) -> IdentityCheck:
    """Hand in what shows who the acting person is, or whom they act for.

    Args:
        user: who hands it in: the person, or who acts for them.
        evidence: a picture, a PDF or a recording, as the method asks.
        method: the name of a provider.
        person_id: of whom they act for; themself without it.
        attempt: which challenge a recording answers, or what a provider vouches for.

    Raises:
        NotPermitted: the account is not a depicted person's.
        Refused: the method matches biometrics and the person has not consented to that, or the
            challenge cannot be answered.
        BadInput: the method is unknown, or the file is not what it takes.
    """
    subject = Subject("identity_check", "", "new check")
    with refusal_recorded(EventName.IDENTITY_REFUSED, actor=user_actor(user), subject=subject):
        actor = check_user_has_role(user, Role.DEPICTED_PERSON)
        person = person_for(user=user, person_id=person_id)
        provider = provider_of(method)
        if provider.in_person:
            _check_own(person, user)
        if provider.compares:
            check_biometric_consent(person)
        check = provider.keep(person, HandedIn(user, evidence, attempt))
        event_record(
            EventName.IDENTITY_SUBMITTED,
            actor=actor,
            subject=Subject("identity_check", str(check.pk)),
            data={"method": check.method, "evidence_sha256": check.evidence_sha256},
            rows=[check, *_answers(check)],
        )
    return check


def _answers(check: IdentityCheck) -> list[Model]:
    """Return the row that says what a check answers, if it is of a kind that answers something."""
    kinds = (RemoteAttempt, AssuranceAnswer)
    return [row for kind in kinds for row in kind._default_manager.filter(check_made=check)]


def _check_own(person: Person, user: User) -> None:
    if person.user_id != user.pk:
        raise Refused(
            "Nobody does this check for somebody else.",
            code="check-not-own",
            remedy="Hand in evidence of whom you act for instead.",
            status=403,
        )


def identity_decide(
    *, user: User, check_id: UUID | str, verified: bool, note: str = ""
) -> IdentityDecision:
    """Say whether the evidence shows the person.

    Raises:
        NotPermitted: not a reviewer, or the person themself.
        Refused: decided already, or the method does not allow a yes (yet).
        NotFound: no such check in the reviewer's organisation.
    """
    subject = Subject("identity_check", str(check_id))
    with refusal_recorded(EventName.IDENTITY_REFUSED, actor=user_actor(user), subject=subject):
        actor = check_user_has_role(user, Role.IDENTITY_REVIEWER)
        check = IdentityCheck.objects.filter(
            pk=check_id, person__organisation=user.organisation_id
        ).first()
        if check is None:
            raise NotFound(f"There is no identity check {check_id}.")
        if verified:
            provider_of(check.method).check_verifiable(check)
        decision = _decision_create(check, user, verified=verified, note=note)
        event_record(
            EventName.IDENTITY_DECIDED,
            actor=actor,
            subject=subject,
            data={"verified": verified, "valid_until": decision.valid_until.isoformat()},
            rows=[decision],
        )
    return decision


def _decision_create(
    check: IdentityCheck, user: User, *, verified: bool, note: str
) -> IdentityDecision:
    if check.submitted_by_id == user.pk or ever_acted_for(user, check.person):
        raise NotPermitted("Nobody reviews their own identity.", code="own-identity")
    now = timezone.now()
    try:
        with transaction.atomic():
            return IdentityDecision.objects.create(
                check_made=check,
                submitted_by_id=check.submitted_by_id,
                reviewer=user,
                verified=verified,
                note=note[:500],
                decided_at=now,
                valid_until=now + VALIDITY,
            )
    except IntegrityError as error:
        raise Refused("This check was decided already.", code="already-decided") from error
