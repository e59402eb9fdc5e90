"""The recording that answers a challenge: who may hand it in, and how it is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.core.blobs import Area, blob_chunks, blob_put
from rakkan.core.errors import Refused
from rakkan.core.uploads import MAX_RECORDING_BYTES, recording_accept
from rakkan.identity.models import (
    IdentityChallenge,
    IdentityCheck,
    RecordingDestruction,
    RemoteAttempt,
)
from rakkan.likenesses.models import Person
from rakkan.vault.services import Place, subject_open, subject_seal

_MOST_PROMPTS = 10


@dataclass(frozen=True, slots=True)
class Attempt:
    """What comes with a recording.

    Attributes:
        challenge_id: of the challenge it answers.
        session: of the browser, as the challenge was asked for.
        camera: what the browser calls the camera.
        prompted: milliseconds at which the browser says it showed each prompt.
    """

    challenge_id: UUID
    session: str = field(repr=False)
    camera: str = ""
    prompted: tuple[int, ...] = ()


def session_digest(session: str) -> str:
    """Return what is stored of a session: nothing that opens it."""
    return hashlib.sha256(b"rakkan identity session\0" + session.encode()).hexdigest()


def check_attempt(person: Person, attempt: Attempt) -> IdentityChallenge:
    """Return the challenge if this person may answer it now from this session.

    The caller holds the lock on the person's consent, so two answers come one after the other.

    Raises:
        Refused: it is another's, another session's, over, or was answered before.
    """
    rows = IdentityChallenge.objects.select_related("likeness").filter(person=person)
    challenge = rows.filter(pk=attempt.challenge_id).first()
    if challenge is None or challenge.session_digest != session_digest(attempt.session):
        raise _refused("challenge-unknown", "There is no such challenge for you here.", 404)
    # By a clock that was set back since then it would live for longer.
    if not challenge.issued_at <= timezone.now() < challenge.expires_at:
        raise _refused("challenge-expired", "The challenge is over.")
    if RemoteAttempt.objects.filter(challenge=challenge).exists():
        raise _refused("challenge-used", "The challenge was answered before.")
    return challenge


def _refused(code: str, message: str, status: int = 409) -> Refused:
    remedy = "Start a new check; each challenge is used once."
    return Refused(message, code=code, remedy=remedy, status=status)


def attempt_keep(
    user: User,
    method: str,
    challenge: IdentityChallenge,
    recording: UploadedFile[Any] | None,
    attempt: Attempt,
) -> IdentityCheck:
    """Store a recording of the acting person, sealed under their key; use up its challenge.

    Raises:
        BadInput: it is no recording.
    """
    content, media_type = recording_accept(recording)
    check_id = uuid4()
    sealed = subject_seal(subject_id=challenge.person_id, content=content, place=_place(check_id))
    blob = blob_put(Area.RECORDINGS, [sealed], limit=MAX_RECORDING_BYTES + 1024)
    check = IdentityCheck.objects.create(
        pk=check_id,
        person=challenge.person,
        method=method,
        evidence_sha256=hashlib.sha256(content).hexdigest(),
        evidence_media_type=media_type,
        submitted_by=user,
    )
    RemoteAttempt.objects.create(
        check_made=check,
        challenge=challenge,
        sealed_sha256=blob.sha256,
        size=len(content),
        camera=attempt.camera[:200],
        prompted=list(attempt.prompted[:_MOST_PROMPTS]),
    )
    return check


def recording_open(check: IdentityCheck) -> bytes:
    """Return the recording of a remote check.

    Raises:
        Refused: it was destroyed.
        Erased: the person's key was.
    """
    if RecordingDestruction.objects.filter(attempt__check_made=check).exists():
        raise Refused("The recording was destroyed.", code="recording-destroyed", status=410)
    sealed = b"".join(_stored(check))
    return subject_open(sealed=sealed, place=_place(check.pk))


def _stored(check: IdentityCheck) -> Iterator[bytes]:
    return blob_chunks(Area.RECORDINGS, check.attempt.sealed_sha256)


def _place(check_id: UUID) -> Place:
    return Place("identity_remoteattempt", "recording", str(check_id))
