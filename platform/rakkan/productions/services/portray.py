"""Add a portrait or a voice sample and have it measured: the first step of the way."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_actor
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, refusal_recorded
from rakkan.likenesses.models import Likeness, Voice
from rakkan.likenesses.services import likeness_add, voice_add
from rakkan.productions.services.measure import portrait_measure, sample_measure


def portrait_add(
    *, user: User, label: str, portrait: UploadedFile[Any] | None, person_id: UUID | None = None
) -> Likeness:
    """Store a portrait of the acting person, or of whom they act for, and ask the gate about it.

    Raises:
        NotPermitted: the account is not a depicted person's.
        BadInput: the file is not a usable photo file.
    """
    subject = Subject("likeness", "", "new portrait")
    with refusal_recorded(EventName.LIKENESS_REFUSED, actor=user_actor(user), subject=subject):
        likeness = likeness_add(user=user, label=label, portrait=portrait, person_id=person_id)
        portrait_measure(likeness=likeness)
    return likeness


def voice_enrol(
    *, user: User, label: str, sample: UploadedFile[Any] | None, person_id: UUID | None = None
) -> Voice:
    """Store a voice sample of the acting person, or of whom they act for; ask the gate about it.

    Raises:
        NotPermitted: the account is not a depicted person's.
        BadInput: the file is not a sound file.
    """
    subject = Subject("voice", "", "new voice")
    with refusal_recorded(EventName.VOICE_REFUSED, actor=user_actor(user), subject=subject):
        voice = voice_add(user=user, label=label, sample=sample, person_id=person_id)
        sample_measure(voice=voice)
    return voice
