"""Hand in a recording and have it measured."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile

from compliance.permit import InputFile, JobKind, JobSpec
from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_actor
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, refusal_recorded
from rakkan.dispatch.services import job_create
from rakkan.identity.attempts import Attempt
from rakkan.identity.models import IdentityCheck
from rakkan.identity.providers import REMOTE_CHECK
from rakkan.identity.services import identity_submit
from rakkan.productions.services.measure import IDENTITY


def recording_hand_in(
    *, user: User, recording: UploadedFile[Any] | None, attempt: Attempt
) -> IdentityCheck:
    """Keep the acting person's recording, use up its challenge, and ask a worker about it.

    Raises:
        NotPermitted, Refused, BadInput: as :func:`identity_submit`.
    """
    subject = Subject("identity_check", "", "new check")
    with refusal_recorded(EventName.IDENTITY_REFUSED, actor=user_actor(user), subject=subject):
        check = identity_submit(user=user, evidence=recording, method=REMOTE_CHECK, attempt=attempt)
        job_create(spec=_spec(check), subject_id=check.pk, person=check.person)
    return check


def _spec(check: IdentityCheck) -> JobSpec:
    attempt, challenge = check.attempt, check.attempt.challenge
    portrait = challenge.likeness
    return JobSpec(
        JobKind.MEASURE,
        IDENTITY,
        (
            InputFile("clip", check.evidence_sha256, attempt.size, check.evidence_media_type),
            InputFile(
                "portrait",
                portrait.portrait_sha256,
                portrait.portrait_size,
                portrait.portrait_media_type,
            ),
            InputFile(
                "challenge",
                challenge.document_sha256,
                challenge.document_size,
                "application/json",
            ),
        ),
    )
