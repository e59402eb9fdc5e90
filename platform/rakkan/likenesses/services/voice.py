"""Enrol a voice sample; keep what the gate measured."""

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
from rakkan.core.uploads import audio_accept
from rakkan.likenesses.models import SampleMeasurement, Voice
from rakkan.likenesses.services.person import person_for


@transaction.atomic
def voice_add(
    *, user: User, label: str, sample: UploadedFile[Any] | None, person_id: UUID | None = None
) -> Voice:
    """Store a voice sample of the acting person, or of whom they act for.

    The person who speaks enrols their own voice: a requester never owns one.

    Raises:
        NotPermitted: the account is not a depicted person's.
        NotFound: they act for no such person.
        BadInput: the file is not a sound file.
    """
    actor = check_user_has_role(user, Role.DEPICTED_PERSON)
    person = person_for(user=user, person_id=person_id)
    upload = audio_accept(sample)
    voice = Voice.objects.create(
        person=person,
        label=label.strip()[:120] or "Voice",
        sample_sha256=upload.sha256,
        sample_size=upload.size,
        sample_media_type=upload.media_type,
        added_by=user,
    )
    event_record(
        EventName.VOICE_ADDED,
        actor=actor,
        subject=Subject("voice", str(voice.pk)),
        data={"sample_sha256": upload.sha256},
        rows=[voice],
    )
    return voice


@transaction.atomic
def sample_measured(*, voice: Voice, result: MeasureResult, worker: str) -> SampleMeasurement:
    """Keep the gate's verdict; a repeated delivery of the same result changes nothing."""
    measurement, made = SampleMeasurement.objects.get_or_create(
        voice=voice,
        defaults={
            "verdict": result.verdict.value,
            "findings": result.to_dict()["findings"],
            "facts": result.facts,
        },
    )
    if made:
        event_record(
            EventName.SAMPLE_MEASURED,
            actor=system(worker, voice.person.organisation_id),
            subject=Subject("voice", str(voice.pk)),
            data={"verdict": result.verdict.value},
            rows=[measurement],
        )
    return measurement
