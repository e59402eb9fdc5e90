"""Make a draft: what a team asks for, with its voice track."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from compliance.permit import InputFile
from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, refusal_recorded
from rakkan.consents.scope import LANGUAGES, TERRITORIES, Channel, Purpose
from rakkan.core.errors import BadInput
from rakkan.core.uploads import audio_accept
from rakkan.likenesses.models import Likeness
from rakkan.productions.models import Production
from rakkan.productions.services.measure import voice_measure
from rakkan.productions.services.transition import subject_of


@dataclass(frozen=True, slots=True)
class Draft:
    """What a requester fills in."""

    title: str
    purpose: str
    channels: list[str]
    territories: list[str]
    language: str
    prompt: str = ""
    transcript: str = ""
    engine: str = "mesh"
    seed: int = 0


def production_create(
    *, user: User, likeness: Likeness, draft: Draft, voice: UploadedFile[Any] | None
) -> Production:
    """Make a draft and have its voice track measured.

    Raises:
        NotPermitted: the user is no requester.
        BadInput: a field or the voice track cannot be used.
    """
    subject = Subject("production", "", "new draft")
    with refusal_recorded(EventName.PRODUCTION_REFUSED, actor=user_actor(user), subject=subject):
        check_user_has_role(user, Role.REQUESTER)
        check_draft(draft)  # before the file is read
        upload = audio_accept(voice)
        track = InputFile("voice", upload.sha256, upload.size, upload.media_type)
        return draft_store(user, likeness, draft, track, {})


def draft_store(
    user: User, likeness: Likeness, draft: Draft, voice: InputFile, data: dict[str, str]
) -> Production:
    """Keep a draft whose voice track is in the store, in the caller's transaction.

    Args:
        user: the requester; the caller has checked the role.
        likeness: whom it shows.
        draft: what was filled in.
        voice: the track; it is measured anew, since a verdict belongs to one production.
        data: what the event shall say beside the inputs.

    Raises:
        BadInput: a field cannot be used.
    """
    check_draft(draft)
    production = Production.objects.create(
        organisation=user.organisation,
        requester=user,
        likeness=likeness,
        title=draft.title.strip()[:120],
        purpose=draft.purpose,
        channels=sorted(set(draft.channels)),
        territories=sorted(set(draft.territories)),
        language=draft.language,
        prompt=draft.prompt.strip(),
        transcript=draft.transcript.strip(),
        engine=draft.engine,
        seed=draft.seed,
        voice_sha256=voice.sha256,
        voice_size=voice.size,
        voice_media_type=voice.media_type,
    )
    event_record(
        EventName.PRODUCTION_CREATED,
        actor=user_actor(user),
        subject=subject_of(production),
        data={"voice_sha256": voice.sha256, "likeness": str(likeness.pk), **data},
    )
    voice_measure(production=production)
    return production


def check_draft(draft: Draft) -> None:
    """Raise unless every field can be used.

    Raises:
        BadInput: one cannot.
    """
    _check_words("purpose", [draft.purpose], [p.value for p in Purpose])
    _check_words("channels", draft.channels, [c.value for c in Channel])
    _check_words("territories", draft.territories, list(TERRITORIES))
    _check_words("language", [draft.language], list(LANGUAGES))
    _check_words("engine", [draft.engine], list(settings.RAKKAN_ENGINE_QUEUES))
    if not draft.title.strip():
        raise BadInput("The title is empty.", code="title-empty", remedy="Name the video.")
    if len(draft.prompt) > 500:
        raise BadInput("The prompt is longer than 500 characters.", code="prompt-too-long")


def _check_words(field: str, words: list[str], known: list[str]) -> None:
    unknown = sorted(set(words) - set(known))
    if unknown or not words:
        what = f"{', '.join(unknown)} is unknown" if unknown else "choose at least one"
        raise BadInput(
            f"{field}: {what}.",
            code=f"{field}-invalid",
            remedy=f"Choose among: {', '.join(known)}.",
        )
