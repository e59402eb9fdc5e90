"""Bad input gets a message that says what to do; nothing half-written, nothing lost."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile

from compliance.permit import Finding, MeasureResult, Verdict
from rakkan.audit.models import Event
from rakkan.likenesses.models import Likeness
from rakkan.productions.models import Production
from rakkan.productions.services.create import production_create
from tests.integration import people

pytestmark = pytest.mark.django_db


def huge_png() -> bytes:
    """A PNG whose header says 20,000 x 10,000 pixels; it would take 600 MB to decode."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", 20_000, 10_000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def stored(folder: str = "inputs") -> set[str]:
    """The names of all stored inputs."""
    try:
        folders, files = storages["blobs"].listdir(folder)
    except FileNotFoundError:
        return set()
    deeper = (stored(f"{folder}/{name}") for name in folders)
    return {f"{folder}/{name}" for name in files}.union(*deeper)


def assert_problem(answer: Any, code: str, status: int) -> None:
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), body
    assert answer["Content-Type"] == "application/problem+json"
    assert body["title"]
    assert body["remedy"]


PORTRAITS = [
    ("a text file named .jpg", b"This is not a photo.", "file-not-an-image", 415),
    ("an empty file", b"", "file-empty", 400),
    ("a GIF", b"GIF89a" + b"\0" * 100, "file-not-an-image", 415),
    ("200 megapixels", huge_png(), "image-too-large", 413),
]


@pytest.mark.parametrize(
    ("data", "code", "status"),
    [pytest.param(data, code, status, id=name) for name, data, code, status in PORTRAITS],
)
def test_a_portrait_that_cannot_be_used_is_refused_and_not_kept(
    data: bytes, code: str, status: int
) -> None:
    team = people.team_make()
    upload = SimpleUploadedFile("me.jpg", data, "image/jpeg")
    before = stored()

    answer = people.signed_in(team.person).post("/api/v1/likenesses", {"portrait": upload})

    assert_problem(answer, code, status)
    assert not Likeness.objects.filter(person__user=team.person).exists()
    assert stored() == before
    refused = Event.objects.get(name="likenesses.likeness.refused", actor_id=str(team.person.pk))
    assert refused.data["code"] == code


VOICES = [
    ("a text file named .wav", b"This is not speech.", "file-not-audio", 415),
    ("an empty file", b"", "file-empty", 400),
    ("a photo named .wav", b"\xff\xd8\xff\xe0" + b"\0" * 100, "file-not-audio", 415),
]


@pytest.mark.parametrize(
    ("data", "code", "status"),
    [pytest.param(data, code, status, id=name) for name, data, code, status in VOICES],
)
def test_a_voice_track_that_cannot_be_used_is_refused_and_not_kept(
    data: bytes, code: str, status: int
) -> None:
    team = people.team_make()
    likeness, speaker = people.likeness_make(team), people.voice_of(team)
    before = stored()
    body = {
        "likeness": str(likeness.pk),
        "speaker": str(speaker.pk),
        "voice_origin": "recorded",
        "title": "Briefing",
        "purpose": "product_briefing",
        "channels": ["intranet"],
        "territories": ["JP"],
        "language": "en",
        "voice": SimpleUploadedFile("speech.wav", data, "audio/wav"),
    }

    answer = people.signed_in(team.requester).post("/api/v1/productions", body)

    assert_problem(answer, code, status)
    assert not Production.objects.filter(requester=team.requester).exists()
    assert stored() == before


def test_a_request_without_a_file_says_which_file_is_missing() -> None:
    team = people.team_make()

    answer = people.signed_in(team.person).post("/api/v1/likenesses", {"label": "Me"})

    assert_problem(answer, "file-missing", 400)


def test_unknown_words_are_refused_with_the_known_ones() -> None:
    team = people.team_make()
    likeness, speaker = people.likeness_make(team), people.voice_of(team)
    body = {
        "likeness": str(likeness.pk),
        "speaker": str(speaker.pk),
        "voice_origin": "recorded",
        "title": "Briefing",
        "purpose": "world_domination",
        "channels": ["intranet"],
        "territories": ["JP"],
        "language": "en",
        "voice": people.voice_file(),
    }

    answer = people.signed_in(team.requester).post("/api/v1/productions", body)

    assert_problem(answer, "purpose-invalid", 400)
    assert "product_briefing" in answer.json()["remedy"]


def test_missing_fields_are_named() -> None:
    team = people.team_make()

    answer = people.signed_in(team.requester).post("/api/v1/productions", {})

    assert_problem(answer, "fields-invalid", 400)
    assert {"likeness", "speaker", "voice_origin", "title", "purpose"} <= set(
        answer.json()["errors"]
    )


def test_an_unusable_voice_track_is_not_submitted_and_says_why() -> None:
    team = people.team_make()
    likeness = people.likeness_make(team)
    people.identity_make(team)
    people.consent_make(team, likeness)
    production = production_create(
        user=team.requester,
        cast=people.cast_of(team, likeness),
        draft=people.draft(),
        voice=people.voice_file(),
    )
    finding = Finding(
        check="speech",
        verdict=Verdict.UNUSABLE,
        value=0.0,
        threshold=0.5,
        unit="s",
        reason={"en": "Nobody speaks."},
        remedy={"en": "Record speech."},
    )
    people.measured(production.pk, MeasureResult(Verdict.UNUSABLE, (finding,), {}))

    answer = people.signed_in(team.requester).post(f"/api/v1/productions/{production.pk}/submit")

    assert_problem(answer, "voice-unusable", 409)
    assert "Nobody speaks." in answer.json()["title"]
