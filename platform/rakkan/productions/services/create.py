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
from rakkan.core.errors import BadInput, NotFound
from rakkan.core.uploads import audio_accept
from rakkan.likenesses.models import Likeness, Voice
from rakkan.productions.models import Production
from rakkan.productions.origins import VoiceOrigin
from rakkan.productions.services.behind import background_accept
from rakkan.productions.services.engines import check_engine_is_here, check_engine_shows
from rakkan.productions.services.measure import voice_measure
from rakkan.productions.services.transition import subject_of
from rakkan.vault.services import Erased, subject_is_erased


@dataclass(frozen=True, slots=True)
class Draft:
    """What a requester fills in."""

    title: str
    purpose: str
    channels: list[str]
    territories: list[str]
    language: str
    voice_origin: str  # recorded or synthetic: the requester declares it
    voice_engine: str = ""  # that made synthetic speech
    prompt: str = ""
    transcript: str = ""
    engine: str = "mesh"
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Files:
    """The stored files of a draft.

    Attributes:
        voice: the track; it is measured anew, since a verdict belongs to one production.
        background: the picture behind the person, if one is given.
    """

    voice: InputFile
    background: InputFile | None = None


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is seen, and whose voice is heard."""

    likeness: Likeness
    speaker: Voice


def production_create(
    *,
    user: User,
    cast: Cast,
    draft: Draft,
    voice: UploadedFile[Any] | None,
    background: UploadedFile[Any] | None = None,
) -> Production:
    """Make a draft and have its voice track measured.

    Raises:
        NotPermitted: the user is no requester.
        BadInput: a field, the voice track or the background's picture cannot be used.
        NotFound: who is seen or heard is of another organisation.
    """
    subject = Subject("production", "", "new draft")
    with refusal_recorded(EventName.PRODUCTION_REFUSED, actor=user_actor(user), subject=subject):
        check_user_has_role(user, Role.REQUESTER)
        check_draft(draft)  # before the file is read
        upload = audio_accept(voice)
        track = InputFile("voice", upload.sha256, upload.size, upload.media_type)
        return draft_store(user, cast, draft, Files(track, background_accept(background)))


def draft_store(
    user: User,
    cast: Cast,
    draft: Draft,
    files: Files,
    made_from: Production | None = None,
) -> Production:
    """Keep a draft whose files are in the store, in the caller's transaction.

    Args:
        user: the requester; the caller has checked the role.
        cast: whom it shows, and who speaks.
        draft: what was filled in.
        files: what was handed in.
        made_from: the production that it is drafted anew from, if it is.

    Raises:
        BadInput: a field cannot be used.
        NotFound: who is seen or heard is of another organisation, whose consents are not ours.
        Erased: who is seen or heard was erased.
    """
    check_draft(draft)
    people = (cast.likeness.person, cast.speaker.person)
    if any(person.organisation_id != user.organisation_id for person in people):
        raise NotFound("There is no such portrait or voice here.")
    if any(subject_is_erased(person.pk) for person in people):
        raise Erased("Who would be seen or heard was erased: nothing is made of them any more.")
    voice, behind = files.voice, files.background
    check_engine_shows(draft.engine, picture=behind is not None)
    production = Production.objects.create(
        organisation=user.organisation,
        requester=user,
        likeness=cast.likeness,
        speaker=cast.speaker,
        voice_origin=draft.voice_origin,
        voice_engine=draft.voice_engine.strip(),
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
        background_sha256=behind.sha256 if behind else "",
        background_size=behind.size if behind else 0,
        background_media_type=behind.media_type if behind else "",
        made_from=made_from,
    )
    origin = {"made_from": str(made_from.pk)} if made_from else {}
    event_record(
        EventName.PRODUCTION_CREATED,
        actor=user_actor(user),
        subject=subject_of(production),
        data={
            "voice_sha256": voice.sha256,
            "likeness": str(cast.likeness.pk),
            "speaker": str(cast.speaker.pk),
            "voice_origin": draft.voice_origin,
            **({"background_sha256": behind.sha256} if behind else {}),
            **origin,
        },
        rows=[production],
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
    _check_words("voice_origin", [draft.voice_origin], [o.value for o in VoiceOrigin])
    check_engine_is_here(draft.engine)
    _check_voice_engine(draft)
    if not draft.title.strip():
        raise BadInput("The title is empty.", code="title-empty", remedy="Name the video.")
    if len(draft.prompt) > 500:
        raise BadInput("The prompt is longer than 500 characters.", code="prompt-too-long")


def _check_voice_engine(draft: Draft) -> None:
    engine = draft.voice_engine.strip()
    if (draft.voice_origin == VoiceOrigin.SYNTHETIC) != bool(engine) or len(engine) > 60:
        raise BadInput(
            "Synthetic speech names the engine that made it; a recording names none.",
            code="voice-engine-invalid",
            remedy="Give the engine's name and version, in at most 60 characters.",
        )


def _check_words(field: str, words: list[str], known: list[str]) -> None:
    unknown = sorted(set(words) - set(known))
    if unknown or not words:
        what = f"{', '.join(unknown)} is unknown" if unknown else "choose at least one"
        raise BadInput(
            f"{field}: {what}.",
            code=f"{field}-invalid",
            remedy=f"Choose among: {', '.join(known)}.",
        )
