"""Files that look right and are not: the workers say what is wrong and what to do, and go on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import psycopg
import pytest
from PIL import Image

from deploy.local.errors import LocalError
from tests.stack import Site
from tests.steps import FIXTURES, USE, approve, cast_with_consents, measured_draft

SECONDS = 60.0


def no_face(path: Path) -> Path:
    pixels = np.random.default_rng(1).integers(0, 255, (600, 600, 3), np.uint8)
    Image.fromarray(pixels).save(path, "JPEG")
    return path


def two_faces(path: Path) -> Path:
    with Image.open(FIXTURES / "portrait.png") as portrait:
        face = portrait.convert("RGB")
    both = Image.new("RGB", (face.width * 2, face.height))
    both.paste(face, (0, 0))
    both.paste(face, (face.width, 0))
    both.save(path, "JPEG", quality=95)
    return path


def cut_off_photo(path: Path) -> Path:
    data = (FIXTURES / "portrait.png").read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return path


def three_hours(path: Path) -> Path:
    """Three hours of silence in a few hundred kilobytes: FLAC packs what says nothing."""
    with av.open(str(path), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=8000, layout="mono")
        block = np.zeros((1, 8000 * 60), np.int16)
        for minute in range(180):
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
            frame.sample_rate, frame.pts = 8000, minute * block.shape[1]
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def silent(path: Path) -> Path:
    with av.open(str(path), "w", format="wav") as container:
        stream = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 48_000), np.int16), format="s16", layout="mono"
        )
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def broken_wav(path: Path) -> Path:
    path.write_bytes(b"RIFF\xff\xff\xff\x7fWAVEfmt " + b"\x13" * 400)
    return path


def broken_mp4(path: Path) -> Path:
    path.write_bytes(b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + b"\x13" * 4000)
    return path


def assert_says_what_to_do(measurement: dict[str, Any]) -> None:
    assert measurement["verdict"] == "unusable"
    worst = [f for f in measurement["findings"] if f["verdict"] == "unusable"]
    assert worst
    for finding in worst:
        assert finding["reason"]["en"]
        assert finding["remedy"]["en"]


@pytest.mark.parametrize("make", [no_face, two_faces, cut_off_photo])
def test_an_unusable_photo_is_measured_as_such(
    make: Callable[[Path], Path], site: Site, tmp_path: Path
) -> None:
    photo = make(tmp_path / "photo.jpg")
    with site.people() as people:
        likeness = people.person.upload("likenesses", "portrait", photo)
        path = f"likenesses/{likeness['id']}"
        measured = people.person.wait(path, lambda found: bool(found["measurement"]), SECONDS)

    assert_says_what_to_do(measured["measurement"])


@pytest.mark.parametrize("make", [three_hours, silent, broken_wav, broken_mp4])
def test_an_unusable_voice_is_measured_as_such_and_cannot_be_submitted(
    make: Callable[[Path], Path], site: Site, tmp_path: Path
) -> None:
    voice = make(tmp_path / "voice")
    fields = {**USE, "title": "T", "purpose": "product_briefing", "language": "en"}
    with site.people() as people:
        fields |= cast_with_consents(people)
        draft = people.requester.upload("productions", "voice", voice, fields)
        path = f"productions/{draft['id']}"
        measured = people.requester.wait(path, lambda found: bool(found["voice"]), SECONDS)
        problem = people.requester.refused(f"{path}/submit")

    assert_says_what_to_do(measured["voice"])
    assert problem["code"] == "voice-unusable"
    assert problem["remedy"]


def test_a_text_file_named_jpg_is_refused_at_the_door(site: Site, tmp_path: Path) -> None:
    text = tmp_path / "me.jpg"
    text.write_text("This is not a photo.")
    with site.people() as people, pytest.raises(LocalError) as error:
        people.person.upload("likenesses", "portrait", text)

    assert error.value.code == "file-not-an-image"


def flip_one_byte(site: Site, sha256: str) -> None:
    """Change a stored input behind the platform's back."""
    path = site.blobs / "inputs" / sha256[:2] / sha256
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def test_one_changed_byte_of_the_voice_after_approval_renders_nothing(
    site: Site, tmp_path: Path
) -> None:
    if not site.environment["STORAGE_URL"].startswith("file:"):
        pytest.skip("only a storage of files can be changed behind the platform's back here")
    own = tmp_path / "speech.wav"  # of this test only: its stored bytes are changed
    own.write_bytes((FIXTURES / "speech.wav").read_bytes()[:-640])
    with site.people() as people:
        path = measured_draft(people, cast_with_consents(people), own)
        site.kill("render")
        approve(people, path)
        flip_one_byte(site, people.requester.get(path)["voice_sha256"])
        site.start("render")
        ended = people.requester.wait(path, lambda found: bool(found["problem"]), SECONDS)
        video = people.requester._http.get(f"{path}/video")
        events = people.auditor.wait(  # they are found once they have their number
            f"events?object={ended['id']}&page_size=500",
            lambda found: any(
                e["name"] == "productions.production.failed" for e in found["results"]
            ),
            SECONDS,
        )["results"]

    assert ended["state"] == "failed"
    assert ended["problem"]["code"] == "input-mismatch"
    assert ended["problem"]["remedy"]
    assert video.status_code == 409
    assert video.headers["Content-Type"] == "application/problem+json"
    failed = next(e for e in events if e["name"] == "productions.production.failed")
    assert failed["data"]["code"] == "input-mismatch"
    with psycopg.connect(site.database) as connection:
        connection.execute("SELECT set_config('rakkan.organisation', 'system', false)")
        query = "SELECT count(*) FROM productions_rendering WHERE production_id = %s"
        found = connection.execute(query, [ended["id"]]).fetchone()
    assert found == (0,)
