"""Hand in evidence; decide about it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, refusal_recorded
from rakkan.core.errors import BadInput, NotFound, NotPermitted, Refused
from rakkan.core.uploads import evidence_accept
from rakkan.identity.models import IdentityCheck, IdentityDecision
from rakkan.identity.selectors import check_biometric_consent
from rakkan.likenesses.guardians import ever_acted_for
from rakkan.likenesses.models import Person
from rakkan.likenesses.services import person_for

REVIEWED_EVIDENCE = "reviewed-evidence"
MATCHES_BIOMETRICS: dict[str, bool] = {  # each method; whether it compares faces or voices
    REVIEWED_EVIDENCE: False,  # a person looks, no template is made
}
VALIDITY = timedelta(days=365)  # a reviewer's word is asked for again after a year


def identity_submit(
    *,
    user: User,
    evidence: UploadedFile[Any] | None,
    method: str = REVIEWED_EVIDENCE,
    person_id: UUID | None = None,
) -> IdentityCheck:
    """Hand in evidence of who the acting person is, or of whom they act for.

    Raises:
        NotPermitted: the account is not a depicted person's.
        Refused: the method matches biometrics and the person has not consented to that.
        BadInput: the method is unknown, or the file is neither a picture nor a PDF.
    """
    subject = Subject("identity_check", "", "new check")
    with refusal_recorded(EventName.IDENTITY_REFUSED, actor=user_actor(user), subject=subject):
        actor = check_user_has_role(user, Role.DEPICTED_PERSON)
        person = person_for(user=user, person_id=person_id)
        _check_method(person, method)
        upload = evidence_accept(evidence)
        check = IdentityCheck.objects.create(
            person=person,
            method=method,
            evidence_sha256=upload.sha256,
            evidence_media_type=upload.media_type,
            submitted_by=user,
        )
        event_record(
            EventName.IDENTITY_SUBMITTED,
            actor=actor,
            subject=Subject("identity_check", str(check.pk)),
            data={"method": check.method, "evidence_sha256": upload.sha256},
        )
    return check


def _check_method(person: Person, method: str) -> None:
    if method not in MATCHES_BIOMETRICS:
        raise BadInput(
            f"There is no identity check by {method}.",
            code="method-unknown",
            remedy=f"Choose among: {', '.join(MATCHES_BIOMETRICS)}.",
        )
    if MATCHES_BIOMETRICS[method]:
        check_biometric_consent(person)


def identity_decide(
    *, user: User, check_id: UUID | str, verified: bool, note: str = ""
) -> IdentityDecision:
    """Say whether the evidence shows the person.

    Raises:
        NotPermitted: not a reviewer, or the person themself.
        Refused: decided already.
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
        decision = _decision_create(check, user, verified=verified, note=note)
        event_record(
            EventName.IDENTITY_DECIDED,
            actor=actor,
            subject=subject,
            data={"verified": verified, "valid_until": decision.valid_until.isoformat()},
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
