"""Promise 2: what is not marked all through, or cannot be read back, is never released."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from pytest_django import Settings

from compliance.permit import RenderResult
from compliance.watermark import Marker, Pattern, expand
from deploy.local.probes import free_port
from rakkan.audit.models import Event
from rakkan.core.errors import Unavailable
from rakkan.productions.models import Production
from rakkan.productions.services.finish import production_finish
from rakkan.productions.services.withdraw import withdraw
from rakkan.releases.keys import watermark_key
from rakkan.releases.models import GateReport, Release, Sealing
from tests.integration import people

pytestmark = pytest.mark.django_db

SIZE, FPS, SECONDS = 512, 25, 5.2


def portrait() -> np.ndarray:
    with Image.open(people.FIXTURES / "portrait.png") as picture:
        return np.asarray(picture.convert("RGB").resize((SIZE, SIZE)))


def clip(path: Path, parts: list[Pattern | None], *, sound: bool = True) -> bytes:
    """A real MP4 in equal parts, each marked with its pattern, or not at all."""
    markers = [Marker(part, SIZE, SIZE) if part else None for part in parts]
    picture, frames = portrait(), int(SECONDS * FPS)
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"crf": "18"})
        stream.width = stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        tone = container.add_stream("aac", rate=16_000, layout="mono") if sound else None
        for index in range(frames):
            shifted = av.VideoFrame.from_ndarray(np.roll(picture, index % 5, axis=1), "rgb24")
            planes = np.ascontiguousarray(shifted.to_ndarray(format="yuv420p"))
            marker = markers[index * len(parts) // frames]
            if marker is not None:
                marker.mark(planes, index)
            frame = av.VideoFrame.from_ndarray(planes, "yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if tone is not None:
            noise = np.random.default_rng(0).normal(0, 0.1, (1, int(SECONDS * 16_000)))
            samples = av.AudioFrame.from_ndarray(noise.astype(np.float32), "flt", layout="mono")
            samples.sample_rate, samples.pts = 16_000, 0
            container.mux(tone.encode(samples))
            container.mux(tone.encode(None))
    return path.read_bytes()


@dataclass
class Rendered:
    """A production whose worker has just handed in a file."""

    production: Production
    team: people.Team


def handed_in(folder: Path, *, parts: str = "right", sound: bool = True) -> Rendered:
    """Let a worker hand in a file marked as ``parts`` says: right, wrong, none or half."""
    team = people.team_make()
    production = people.approved_make(team)
    worker = people.render_worker(production)
    own = Pattern.from_bytes(base64.b64decode(worker.claim().json()["watermark"]))
    other = expand(watermark_key(), "0123456789abcdef")
    patterns = {"right": [own], "wrong": [other], "none": [None], "half": [own, None]}
    data = clip(folder / "rendered.mp4", patterns[parts], sound=sound)
    sha256 = hashlib.sha256(data).hexdigest()
    assert worker.upload(sha256, data).status_code == 201
    result = RenderResult(
        sha256=sha256,
        size=len(data),
        frames=int(SECONDS * FPS),
        seconds=SECONDS,
        engine="mesh",
        engine_version="1.0",
        models={},
        prompt_report=[],
        cpu_seconds=1.0,
        wall_seconds=1.0,
    )
    assert worker.result(result.to_dict()).status_code == 200
    return Rendered(production, team)


def assert_not_released(production: Production, state: str, code: str) -> None:
    production.refresh_from_db()
    assert (production.state, production.problem["code"]) == (state, code), production.problem
    assert production.problem["title"]
    assert not Release.objects.filter(subject_id=production.pk).exists()


def test_a_marked_file_is_sealed_gated_and_released(tmp_path: Path) -> None:
    rendered = handed_in(tmp_path)

    production_finish(rendered.production.pk)

    rendered.production.refresh_from_db()
    assert rendered.production.state == "released", rendered.production.problem
    report = GateReport.objects.get(subject_id=rendered.production.pk)
    assert [check["outcome"] for check in report.checks] == ["pass"] * 6
    production_finish(rendered.production.pk)  # a repeated message changes nothing
    assert Release.objects.filter(subject_id=rendered.production.pk).count() == 1


@pytest.mark.parametrize(
    ("parts", "code"),
    [("none", "mark-missing"), ("wrong", "mark-missing"), ("half", "mark-in-part")],
)
def test_a_file_without_its_mark_all_through_is_never_sealed(
    parts: str, code: str, tmp_path: Path
) -> None:
    rendered = handed_in(tmp_path, parts=parts)

    production_finish(rendered.production.pk)

    assert_not_released(rendered.production, "failed", code)
    assert not Sealing.objects.filter(subject_id=rendered.production.pk).exists()
    refused = Event.objects.get(name="releases.seal.refused", object_id=rendered.production.pk)
    assert refused.data["code"] == code


def test_a_file_that_the_gate_cannot_play_is_not_released(tmp_path: Path) -> None:
    rendered = handed_in(tmp_path, sound=False)

    production_finish(rendered.production.pk)

    assert_not_released(rendered.production, "failed", "gate-playable")
    failed = Event.objects.get(name="releases.gate.failed", object_id=rendered.production.pk)
    assert failed.data["failed"] == ["playable"]


def test_without_time_stamps_nothing_is_sealed_and_nothing_is_lost(
    tmp_path: Path, settings: Settings
) -> None:
    rendered, working = handed_in(tmp_path), settings.TSA_URL
    settings.TSA_URL = f"http://127.0.0.1:{free_port()}/"

    for _ in range(2):  # the second try says nothing new
        with pytest.raises(Unavailable):
            production_finish(rendered.production.pk)

    rendered.production.refresh_from_db()
    assert rendered.production.state == "rendered"
    assert Event.objects.get(name="releases.seal.refused", object_id=rendered.production.pk)
    settings.TSA_URL = working
    production_finish(rendered.production.pk)
    rendered.production.refresh_from_db()
    assert rendered.production.state == "released"


def test_a_consent_withdrawn_before_sealing_stops_it(tmp_path: Path) -> None:
    rendered = handed_in(tmp_path)

    withdraw(user=rendered.team.person, consent_id=rendered.production.consent_id)
    production_finish(rendered.production.pk)

    assert_not_released(rendered.production, "stopped", "consent-withdrawn")


def test_a_consent_that_ends_between_sealing_and_gate_stops_the_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rakkan.productions.services import finish  # noqa: PLC0415  its gate is held up here
    from rakkan.productions.services.gate import production_gate  # noqa: PLC0415

    rendered = handed_in(tmp_path)

    def late_gate(production: Production, work: Path) -> None:
        withdraw(user=rendered.team.person, consent_id=production.consent_id)
        production_gate(production, work)

    monkeypatch.setattr(finish, "production_gate", late_gate)
    production_finish(rendered.production.pk)

    assert_not_released(rendered.production, "stopped", "consent-withdrawn")
    assert Sealing.objects.filter(subject_id=rendered.production.pk).exists()


def test_a_stored_file_that_changed_after_rendering_is_not_sealed(
    tmp_path: Path, settings: Settings
) -> None:
    rendered = handed_in(tmp_path)
    sha256 = rendered.production.rendering.file_sha256
    stored = tmp_path / "blobs" / "quarantine" / sha256[:2] / sha256
    if not stored.exists():
        pytest.skip("only a storage of files can be changed behind the platform's back here")
    stored.write_bytes(stored.read_bytes()[:-1] + b"\0")

    production_finish(rendered.production.pk)

    assert_not_released(rendered.production, "failed", "blob-changed")
    assert not Sealing.objects.filter(subject_id=rendered.production.pk).exists()
