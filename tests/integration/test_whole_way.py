"""One production from a photo to a verified file, through real processes and the public API."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import av
import psycopg
import pytest

from compliance.provenance import TrustAnchors, read_manifest
from compliance.watermark import KeyRing
from compliance.watermark.files import detect_file
from deploy.local.production import Wishes, produce
from tests.databases import ROOT
from tests.integration.people import SPOKEN
from tests.stack import Site

FIXTURES = ROOT / "tests" / "fixtures"


@pytest.fixture(scope="module")
def released(site: Site, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A released video and its evidence."""
    video = tmp_path_factory.mktemp("out") / "demo.mp4"
    speech = FIXTURES / "speech.wav"
    portrait, prompt = FIXTURES / "portrait.png", "calm, product briefing"
    wishes = Wishes(portrait, speech, speech, prompt, "en", transcript=SPOKEN)
    with site.people() as people:
        evidence = produce(people, wishes, video)
    return video, evidence


def verify(site: Site, *arguments: str) -> subprocess.CompletedProcess[str]:
    keys = Path(site.environment["RAKKAN_KEYS"])
    command = [sys.executable, "-m", "compliance", "verify", *arguments, "--json"]
    command += ["--trust", site.environment["RAKKAN_TRUST"]]
    command += ["--watermark-key", str(keys / "watermark.key")]
    return subprocess.run(
        command, cwd=ROOT, env=site.environment, capture_output=True, text=True, check=False
    )


def audio_seconds(path: Path) -> float:
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        return sum(frame.samples for frame in container.decode(stream)) / stream.rate


def test_the_video_is_as_long_as_the_voice_and_decodes(released: tuple[Path, Path]) -> None:
    video, _ = released
    voice = audio_seconds(FIXTURES / "speech.wav")

    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        frames = sum(1 for _ in container.decode(stream))
        assert (stream.width, stream.height, stream.average_rate) == (512, 512, 25)
    assert frames / 25 >= voice - 0.1
    assert abs(audio_seconds(video) - voice) < 0.2


def test_a_stranger_verifies_every_check(site: Site, released: tuple[Path, Path]) -> None:
    video, evidence = released

    result = verify(site, str(video), "--evidence", str(evidence))

    assert result.returncode == 0, result.stdout + result.stderr


def test_captions_lie_beside_it_at_the_times_at_which_they_are_heard(
    site: Site, released: tuple[Path, Path]
) -> None:
    video, evidence = released
    captions = video.with_suffix(".en.vtt").read_bytes()

    report = read_manifest(video, TrustAnchors.load(Path(site.environment["RAKKAN_TRUST"])))
    assert report.captions_sha256 == hashlib.sha256(captions).hexdigest()
    assert json.loads(evidence.read_text())["request"]["captions"] == report.captions_sha256
    blocks = captions.decode().split("\n\n")
    assert blocks[0] == "WEBVTT"
    assert blocks[1].splitlines()[2:] == ["Please leave your message after the tone."]
    assert blocks[2].splitlines()[1].startswith("00:00:02.")  # after the pause


def test_manifest_and_watermark_name_the_same_asset(
    site: Site, released: tuple[Path, Path]
) -> None:
    video, evidence = released
    asset = json.loads(evidence.read_text())["release"]["asset_id"]

    report = read_manifest(video, TrustAnchors.load(Path(site.environment["RAKKAN_TRUST"])))
    key = KeyRing.load(Path(site.environment["RAKKAN_KEYS"]) / "watermark.key").current

    assert report.state == "Trusted"
    assert report.asset_id == asset
    assert detect_file(video, key).asset_id == asset


def test_the_prompt_report_leaves_nothing_out(released: tuple[Path, Path]) -> None:
    _, evidence = released
    report = json.loads(evidence.read_text())["result"]["prompt_report"]

    words = " ".join(line["words"] for line in report)
    assert "calm" in words
    assert "product briefing" in words
    assert all(line["effect"] if line["honoured"] else line["why"] for line in report)


def test_the_application_cannot_rewrite_the_log(site: Site, released: tuple[Path, Path]) -> None:
    statements = (
        "UPDATE audit_event SET name = name",
        "UPDATE consents_consent SET ai_label = ai_label",
        "DELETE FROM consents_consent",
        "UPDATE approvals_decision SET comment = comment",
        "DELETE FROM approvals_decision",
        "DELETE FROM productions_production",
        "DELETE FROM dispatch_job",
        "UPDATE dispatch_issuedpermit SET token = token",
        "UPDATE releases_gatereport SET passed = true",
        "DELETE FROM releases_revocation",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event CASCADE",
        "ALTER TABLE audit_event DISABLE TRIGGER ALL",
        "DROP TABLE audit_leaf",
    )
    assert released
    with psycopg.connect(site.database) as connection:
        owns = connection.execute(
            "SELECT pg_has_role(tableowner, 'MEMBER') FROM pg_tables"
            " WHERE tablename = 'audit_event'"
        ).fetchone()
    if owns == (True,):
        pytest.skip("DATABASE_URL names the owner of the tables: there is no lesser role to test")
    with psycopg.connect(site.database, autocommit=True) as connection:
        for statement in statements:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_the_application_cannot_switch_triggers_off(
    site: Site, released: tuple[Path, Path]
) -> None:
    assert released
    everything = ",".join(
        ["productions_production:production_transitions", "consents_consent:consent_no_change"]
    )
    with psycopg.connect(site.database, autocommit=True) as connection:
        connection.execute("SET rakkan.organisation = 'system'")  # so that there are rows
        connection.execute(f"SET pgtrigger.ignore = '{{{everything}}}'")
        with pytest.raises(psycopg.errors.RaiseException, match="Invalid transition"):
            connection.execute("UPDATE productions_production SET state = 'draft'")
        with pytest.raises(psycopg.Error, match=r"append-only|permission denied"):
            connection.execute("UPDATE consents_consent SET id = id")


def test_withdrawal_stops_delivery_and_the_status_page_says_so(
    site: Site, released: tuple[Path, Path]
) -> None:
    video, evidence = released
    bundle = json.loads(evidence.read_text())
    production, consent = bundle["request"]["production"], bundle["request"]["consent"]["id"]

    with site.people() as people:
        people.person.post(f"consents/{consent}/withdraw", json={})
        detail = people.requester.get(f"productions/{production}")
        refused = people.requester._http.get(f"productions/{production}/video")

    assert detail["state"] == "revoked"
    assert refused.status_code == 403
    assert refused.json()["code"] == "consent-withdrawn"
    result = verify(site, str(video), "--evidence", str(evidence))
    assert result.returncode == 1, result.stdout
    assert "withdrawn" in result.stdout
