"""Anybody drops a file and is told whether it is ours: what survives, and what it is not."""

from __future__ import annotations

import base64
import io
import subprocess
from pathlib import Path

import av
import c2pa
import cv2
import imageio_ffmpeg
import iscc_core
import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client

from compliance.canonical import file_sha256
from compliance.provenance import read_manifest
from compliance.verify.asking import Answer
from compliance.verify.verdict import Verdict
from rakkan.audit.models import Event
from rakkan.core.blobs import Area, blob_chunks
from rakkan.core.errors import BadInput, Refused, Unavailable
from rakkan.lifecycle.services import erasure_ask, erasure_carry_out
from rakkan.productions.models import Production
from rakkan.productions.services.withdraw import withdraw
from rakkan.releases.models import Fingerprint, PrintHash
from rakkan.releases.selectors import release_of
from rakkan.releases.signers import trust_anchors
from rakkan.verification.services import ask, examining, recovering
from tests.integration import clips, people
from tests.integration.world import sealed_make

pytestmark = pytest.mark.django_db

API = "/c2pa/v1"
START = 2.0  # seconds of the original at which a clip begins


@pytest.fixture
def team() -> people.Team:
    return people.team_make()


@pytest.fixture
def production(team: people.Team) -> Production:
    clips.moving_frames()
    likeness = people.likeness_make(team)
    people.identity_make(team)
    people.consent_make(team, likeness)
    made = sealed_make(team, likeness, clips.moving_clip)
    assert made.state == "released", made.problem
    return made


def released_bytes(production: Production) -> bytes:
    release = release_of(production.pk)
    assert release is not None
    return b"".join(blob_chunks(Area.RELEASES, release.file_sha256))


def pictures(content: bytes, folder: Path) -> list[np.ndarray]:
    path = folder / "seen.mp4"
    path.write_bytes(content)
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


def clip_of(frames: list[np.ndarray], folder: Path) -> bytes:
    """What a platform makes of a crop of ten per cent: smaller, coarser, no sound, no manifest."""
    path = folder / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=clips.FPS)
        stream.width, stream.height, stream.pix_fmt = 360, 360, "yuv420p"
        stream.options = {"crf": "30"}
        for frame in frames[round(START * clips.FPS) :]:
            small = cv2.resize(frame[26:-26, 26:-26], (360, 360), interpolation=cv2.INTER_AREA)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(small, format="bgr24")))
        container.mux(stream.encode())
    return path.read_bytes()


def screenshot_of(frame: np.ndarray) -> bytes:
    page = cv2.copyMakeBorder(frame, 40, 90, 200, 200, cv2.BORDER_CONSTANT, value=(250, 250, 250))
    return cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()


def second_of(answer: Answer) -> float:
    found = answer.question.found
    assert found is not None
    assert found.placement is not None
    return found.placement.seconds


def outcomes(answer: Answer) -> dict[str, str]:
    return {check.name: check.outcome.value for check in answer.checks}


def test_a_file_is_recognised_whatever_became_of_it(
    team: people.Team, production: Production, tmp_path: Path
) -> None:
    original = released_bytes(production)
    frames = pictures(original, tmp_path)

    same = ask([original])
    assert same.verdict is Verdict.UNCHANGED
    assert set(outcomes(same).values()) == {"pass"}
    assert second_of(same) == pytest.approx(0, abs=0.1)

    clip = clip_of(frames, tmp_path)
    cut = ask([clip])
    assert cut.verdict is Verdict.COPY
    assert cut.question.known is not None
    assert cut.question.known.asset_id == production.asset_id
    assert second_of(cut) == pytest.approx(START, abs=0.2)
    assert outcomes(cut)["manifest"] == outcomes(cut)["file"] == "fail"

    shot = screenshot_of(frames[80])
    shown = ask([shot])
    assert shown.verdict is Verdict.COPY
    assert second_of(shown) == pytest.approx(80 / clips.FPS, abs=0.4)

    longer = original + (8).to_bytes(4, "big") + b"free"
    assert ask([longer]).verdict is Verdict.ALTERED
    at = original.index(b"mdat") + 5000
    changed = original[:at] + bytes([original[at] ^ 1]) + original[at + 1 :]
    assert ask([changed]).verdict is Verdict.ALTERED

    noise = np.random.default_rng(4).integers(0, 255, (300, 300, 3)).astype(np.uint8)
    assert ask([cv2.imencode(".png", noise)[1].tobytes()]).verdict is Verdict.UNKNOWN
    assert ask([b"words, and nothing else"]).verdict is Verdict.UNKNOWN

    assert_each_mark_says_what_it_says(production, original, tmp_path)
    assert_others_tools_find_it(production, clip)
    given = assert_it_gets_its_manifest_back(production, clip, tmp_path)

    withdraw(user=team.person, consent_id=production.consent_id)
    for content in (original, clip, shot, given):
        assert ask([content]).verdict is Verdict.WITHDRAWN
    manifest_id = Fingerprint.objects.get(release__subject_id=production.pk).manifest_id
    assert Client().get(f"{API}/manifests/{manifest_id}").status_code == 403
    with pytest.raises(CommandError, match="consent has ended"):
        call_command("recover", str(tmp_path / "clip.mp4"), "--out", str(tmp_path / "never.mp4"))


def made_of(content: bytes, name: str, folder: Path, *options: str) -> bytes:
    """What ffmpeg makes of a file: ``options`` come between the file and its new name."""
    source, made = folder / "source.mp4", folder / name
    source.write_bytes(content)
    program = imageio_ffmpeg.get_ffmpeg_exe()
    command = [program, "-v", "error", "-y", "-i", str(source), *options, str(made)]
    subprocess.run(command, check=True)
    return made.read_bytes()


def assert_each_mark_says_what_it_says(
    production: Production, original: bytes, folder: Path
) -> None:
    """The picture's mark, the proposed release's, and the sound's, in what people make of it."""
    webm = ask([made_of(original, "a.webm", folder, "-t", "3", "-cpu-used", "8", "-crf", "36")])
    assert webm.verdict is Verdict.COPY
    assert outcomes(webm)["watermark"] == outcomes(webm)["audiomark"] == "pass"

    grey = ask([made_of(original, "grey.mp4", folder, "-vf", "hue=s=0", "-an", "-crf", "20")])
    assert grey.verdict is Verdict.COPY
    assert grey.question.examination.mark["asset_id"] is None
    assert grey.question.examination.asked["state"] == "found"
    assert grey.question.marked == production.asset_id
    assert "asked for" in next(c.detail for c in grey.checks if c.name == "watermark")
    assert outcomes(grey)["audiomark"] == "not-made"

    for name in ("sound.m4a", "sound.ogg"):
        heard = ask([made_of(original, name, folder, "-vn")])
        assert heard.verdict is Verdict.COPY, name
        assert heard.question.heard == production.asset_id
        assert outcomes(heard)["watermark"] == outcomes(heard)["fingerprint"] == "not-made"
        assert outcomes(heard)["status"] == "pass"

    others = ("-filter_complex", "testsrc2=s=320x320:r=25[v]", "-map", "[v]", "-map", "0:a")
    foreign = ask([made_of(original, "foreign.mp4", folder, *others, "-shortest")])
    assert foreign.verdict is Verdict.ALTERED
    assert foreign.question.heard == production.asset_id
    assert outcomes(foreign)["watermark"] == outcomes(foreign)["fingerprint"] == "fail"

    dubbed = ("-f", "lavfi", "-i", "sine=300", "-map", "0:v", "-map", "1:a", "-shortest")
    dub = ask([made_of(original, "dub.mp4", folder, *dubbed)])
    assert dub.verdict is Verdict.COPY
    assert next(c.code for c in dub.checks if c.name == "audiomark") == "mark-missing"


def assert_others_tools_find_it(production: Production, clip: bytes) -> None:
    """By the mark's value, by ISCC as they take it, and by an upload."""
    stranger, fingerprint = Client(), Fingerprint.objects.get(release__subject_id=production.pk)
    value = base64.b64encode(bytes.fromhex(production.asset_id)).decode()
    best = {"manifestId": fingerprint.manifest_id, "similarityScore": 100}
    by_mark = {"alg": "org.rakkan.dwtdctsvd.1", "value": value}
    by_iscc = {
        "alg": "io.iscc.v0",
        "value": base64.b64encode(iscc_core.encode_seq(fingerprint.iscc_units[:2])).decode(),
    }
    for query in (by_mark, by_iscc):
        url = f"{API}/matches/byBinding"
        assert stranger.get(url, query).json() == {"matches": [best]}
        assert stranger.post(url, query, "application/json").json() == {"matches": [best]}
    sent = stranger.post(f"{API}/matches/byContent", clip, "video/mp4").json()["matches"]
    assert [match["manifestId"] for match in sent] == [fingerprint.manifest_id]
    for whole in ("false", "true"):
        store = stranger.get(
            f"{API}/manifests/{fingerprint.manifest_id}", {"returnActiveManifest": whole}
        )
        assert store.headers["content-type"] == "application/c2pa"
        with c2pa.Reader("application/c2pa", io.BytesIO(store.content)) as reader:
            assert fingerprint.manifest_id in reader.json()


def assert_it_gets_its_manifest_back(production: Production, clip: bytes, folder: Path) -> bytes:
    """The copy is signed as a copy, the log says that we did, and asking says the same."""
    copy, given = folder / "clip.mp4", folder / "given.mp4"
    copy.write_bytes(clip)
    call_command("recover", str(copy), "--out", str(given))
    report = read_manifest(given, trust_anchors())
    assert report.state == "Trusted"
    assert report.recovered_for == production.asset_id
    told = Event.objects.get(name="releases.release.recovered")
    assert told.data["file_sha256"] == file_sha256(given)
    assert not list(folder.glob(".recover-*"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recovering, "event_record", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            call_command("recover", str(copy), "--out", str(folder / "untold.mp4"))
    assert not (folder / "untold.mp4").exists()  # no file of ours without its event
    sidecar = folder / "clip.c2pa"
    call_command("recover", str(copy), "--sidecar", str(sidecar))
    assert sidecar.read_bytes()[4:8] == b"jumb"

    content = given.read_bytes()
    again = ask([content])
    assert again.verdict is Verdict.COPY
    assert next(c.code for c in again.checks if c.name == "manifest") == "manifest-recovered"
    return content


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"alg": "com.example.other", "value": "AAAA"}, 400),
        ({"alg": "org.rakkan.dwtdctsvd.1", "value": "no base64!"}, 400),
        ({"alg": "org.rakkan.dwtdctsvd.1", "value": "AAAA"}, 400),
        ({"alg": "io.iscc.v0", "value": "AAAA"}, 400),
        ({"alg": "org.rakkan.dwtdctsvd.1"}, 400),
        ({"alg": "io.iscc.v0", "value": "A" * 3000}, 414),
        ({"alg": "org.rakkan.dwtdctsvd.1", "value": "AAAAAAAAAAA=", "maxResults": "0"}, 400),
        ({"alg": "org.rakkan.dwtdctsvd.1", "value": "AAAAAAAAAAA="}, 200),
    ],
)
def test_queries_are_answered_as_the_specification_has_it(
    query: dict[str, str], status: int
) -> None:
    answer = Client().get(f"{API}/matches/byBinding", query)
    assert answer.status_code == status
    if status == 200:
        assert answer.json() == {"matches": []}
    else:
        assert answer.headers["content-type"] == "application/problem+json"


def test_the_service_says_where_it_is_and_what_it_can() -> None:
    stranger = Client()
    said = stranger.get("/.well-known/c2pa-soft-binding-resolution").json()
    assert said["apiEndpoint"].endswith(API)
    assert said["c2paSpecificationVersion"] == "2.4.0"
    names = stranger.get(f"{API}/services/supportedAlgorithms").json()
    assert names == {
        "watermarks": [{"alg": "org.rakkan.dwtdctsvd.1"}],
        "fingerprints": [{"alg": "io.iscc.v0"}],
    }
    can = stranger.get(f"{API}/services/capabilities").json()
    assert can["supportedCapabilities"] == ["queryByContent"]
    assert stranger.get(f"{API}/services/status").json()["status"] == "ok"
    assert stranger.get(f"{API}/manifests/urn:c2pa:none").status_code == 404


def test_the_page_says_it_in_words_and_names_nobody(
    team: people.Team, production: Production
) -> None:
    team.person.name = "Nobody Else Is Called This"
    team.person.save()
    file = SimpleUploadedFile("video.mp4", released_bytes(production))
    stranger = Client()
    page = stranger.post("/verify", {"file": file}).content.decode()
    assert "Ours and unchanged" in page
    assert page.count('class="pass"') == 7
    assert team.person.name not in page
    assert production.title not in page

    file.seek(0)
    japanese = Client(headers={"accept-language": "ja"}).post("/verify", {"file": file})
    assert "当社のもの、変更なし" in japanese.content.decode()


def test_after_an_erasure_a_copy_is_still_recognised_as_withdrawn(
    team: people.Team, production: Production, tmp_path: Path
) -> None:
    """What shows the person is gone; the hashes stay, so that copies can be called back (0080).

    The clip is grey: in colour its mark is read now and then, and then no hash has to be asked.
    """
    frames = pictures(released_bytes(production), tmp_path)
    clip = clip_of([np.repeat(frame[..., 1:2], 3, 2) for frame in frames], tmp_path)
    erasure, _ = erasure_ask(user=team.person)
    erasure_carry_out(erasure.pk)

    fingerprint = Fingerprint.objects.get(release__subject_id=production.pk)
    for sha256 in (fingerprint.manifest_sha256, fingerprint.print_sha256):
        with pytest.raises(Unavailable):
            blob_chunks(Area.PRINTS, sha256)
    told = ask([clip])
    assert told.verdict is Verdict.WITHDRAWN
    assert told.question.marked is None
    assert told.question.found is not None
    assert told.question.found.placement is None


def test_a_release_has_rows_to_be_found_by_and_its_manifest(production: Production) -> None:
    fingerprint = Fingerprint.objects.get(release__subject_id=production.pk)
    rows = PrintHash.objects.filter(fingerprint=fingerprint)
    assert {row.kind for row in rows} == {1, 2, 3, 4}
    for row in rows:
        bits = row.bits & ((1 << 64) - 1)
        assert [row.band0, row.band1, row.band2, row.band3] == [
            bits >> shift & 0xFFFF for shift in (48, 32, 16, 0)
        ]
    manifest = b"".join(blob_chunks(Area.PRINTS, fingerprint.manifest_sha256))
    assert manifest[4:8] == b"jumb"
    assert fingerprint.manifest_id.encode() in manifest
    assert fingerprint.iscc.startswith("ISCC:")


def test_what_is_too_large_empty_or_one_too_many_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(BadInput, match="empty"):
        ask([])
    monkeypatch.setattr(examining, "MAX_BYTES", 10)
    answer = Client().post("/verify", {"file": SimpleUploadedFile("a.mp4", bytes(11))})
    assert answer.status_code == 413
    assert Client().post("/verify").status_code == 400
    huge = Client().post("/verify", CONTENT_LENGTH=str(1 << 40))
    assert huge.status_code == 413
    assert "larger than" in huge.content.decode()
    monkeypatch.setattr(examining, "_AT_ONCE", 0)
    with pytest.raises(Refused, match="Others"):
        ask([b"x"])


def test_nothing_of_an_upload_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(examining.tempfile, "tempdir", str(tmp_path))
    ask([b"words, and nothing else"])
    assert list(tmp_path.iterdir()) == []


def test_what_examines_a_file_knows_no_database_and_no_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: dict[str, str] = {}
    run = subprocess.run

    def watched(command: list[str], **options: object) -> subprocess.CompletedProcess[bytes]:
        seen.update(options["env"])  # type: ignore[call-overload]
        return run(command, **options)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(examining.subprocess, "run", watched)
    ask([b"words, and nothing else"])
    assert set(seen) <= {
        *("PATH", "LANG", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    }


def test_the_database_takes_no_release_that_nothing_would_find(
    team: people.Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    likeness = people.likeness_make(team)
    people.identity_make(team)
    people.consent_make(team, likeness)
    monkeypatch.setattr(PrintHash.objects, "bulk_create", lambda rows: list(rows))
    sealed_make(team, likeness)

    with (
        pytest.raises(IntegrityError, match="no release without a fingerprint"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    transaction.set_rollback(True)  # it would be refused again where the test ends
