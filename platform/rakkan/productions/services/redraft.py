"""Make a new draft from a production that has ended: what is changed is asked for anew."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile

from compliance.permit import InputFile
from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, refusal_recorded
from rakkan.core.errors import BadInput, NotFound, NotPermitted, Refused
from rakkan.core.uploads import audio_accept
from rakkan.likenesses.models import Likeness, Voice
from rakkan.productions.models import Production
from rakkan.productions.services.behind import background_accept, background_of
from rakkan.productions.services.create import Cast, Draft, Files, draft_store
from rakkan.productions.services.measure import voice_of
from rakkan.productions.services.transition import production_lock
from rakkan.productions.states import FINAL, State


@dataclass(frozen=True, slots=True)
class Changed:
    """What the new draft has of its own; what is None is taken over."""

    draft: Draft | None = None
    likeness: Likeness | None = None
    speaker: Voice | None = None
    voice: UploadedFile[Any] | None = None
    background: UploadedFile[Any] | None = None
    without_background: bool = False  # leaves the earlier picture out


def draft_of(production: Production) -> Draft:
    """Return what a production asked for, as its requester filled it in."""
    return Draft(**{field.name: getattr(production, field.name) for field in fields(Draft)})


def production_redraft(
    *, user: User, production_id: UUID | str, changed: Changed | None = None
) -> Production:
    """Make a draft from one's own production that has ended; the old one stays as it is.

    Consent, decisions and asset id are not taken over: the new draft gets its own.

    Raises:
        NotPermitted: it is somebody else's.
        Refused: it has not ended.
        BadInput: a field or a file cannot be used.
    """
    changed = changed or Changed()
    subject = Subject("production", str(production_id))
    with refusal_recorded(EventName.PRODUCTION_REFUSED, actor=user_actor(user), subject=subject):
        check_user_has_role(user, Role.REQUESTER)
        old = production_lock(production_id)
        _check_may_redraft(user, old)
        return draft_store(
            user,
            _cast(changed, old),
            changed.draft or draft_of(old),
            Files(_track(changed, old), _background(changed, old)),
            made_from=old,
        )


def _cast(changed: Changed, old: Production) -> Cast:
    speaker = changed.speaker or old.speaker
    if speaker is None:
        raise BadInput(
            "The earlier production does not name who speaks.",
            code="speaker-missing",
            remedy="Name whose voice is heard.",
        )
    return Cast(changed.likeness or old.likeness, speaker)


def _track(changed: Changed, old: Production) -> InputFile:
    if changed.voice is None:
        return voice_of(old)  # files are named by their digest, so both may name the same one
    upload = audio_accept(changed.voice)
    return InputFile("voice", upload.sha256, upload.size, upload.media_type)


def _background(changed: Changed, old: Production) -> InputFile | None:
    if changed.background is not None:
        return background_accept(changed.background)
    return None if changed.without_background else background_of(old)


def _check_may_redraft(user: User, old: Production) -> None:
    if old.organisation_id != user.organisation_id:
        raise NotFound(f"There is no production {old.pk}.")
    if old.requester_id != user.pk:
        raise NotPermitted("Only its requester makes a new draft from a production.")
    if State(old.state) not in FINAL:
        raise Refused(
            f"It is {old.state}; a new draft is made from what has ended.",
            code="wrong-state",
            remedy="Wait until it has ended, or cancel it.",
        )
