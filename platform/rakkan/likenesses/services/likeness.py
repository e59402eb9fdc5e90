"""Add a portrait, keep what the gate measured."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from compliance.permit import MeasureResult
from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role
from rakkan.accounts.roles import Role
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, system
from rakkan.core.uploads import image_accept
from rakkan.likenesses.models import Likeness, Measurement
from rakkan.likenesses.services.person import person_for


@transaction.atomic
def likeness_add(
    *, user: User, label: str, portrait: UploadedFile[Any] | None, person_id: UUID | None = None
) -> Likeness:
    """Store a portrait of the acting person, or of whom they act for.

    The depicted person adds their own photo: a requester never owns a likeness.

    Raises:
        NotPermitted: the account is not a depicted person's.
        NotFound: they act for no such person.
        BadInput: the file is not a usable photo file.
    """
    actor = check_user_has_role(user, Role.DEPICTED_PERSON)
    person = person_for(user=user, person_id=person_id)
    upload = image_accept(portrait)
    likeness = Likeness.objects.create(
        person=person,
        label=label.strip()[:120] or "Portrait",
        portrait_sha256=upload.sha256,
        portrait_size=upload.size,
        portrait_media_type=upload.media_type,
        added_by=user,
    )
    event_record(
        EventName.LIKENESS_ADDED,
        actor=actor,
        subject=Subject("likeness", str(likeness.pk)),
        data={"portrait_sha256": upload.sha256},
        rows=[likeness],
    )
    return likeness


@transaction.atomic
def likeness_measured(*, likeness: Likeness, result: MeasureResult, worker: str) -> Measurement:
    """Keep the gate's verdict; a repeated delivery of the same result changes nothing."""
    document = result.to_dict()
    measurement, made = Measurement.objects.get_or_create(
        likeness=likeness,
        defaults={
            "verdict": result.verdict.value,
            "findings": document["findings"],
            "facts": result.facts,
        },
    )
    if made:
        event_record(
            EventName.LIKENESS_MEASURED,
            actor=system(worker, likeness.person.organisation_id),
            subject=Subject("likeness", str(likeness.pk)),
            data={"verdict": result.verdict.value},
            rows=[measurement],
        )
    return measurement
