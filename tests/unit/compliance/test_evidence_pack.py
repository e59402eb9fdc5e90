"""Honest packs are accepted, whatever the production was like; what nobody can check is said."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from compliance.__main__ import main
from compliance.canonical import canonical_json, sha256_hex
from compliance.development import DevelopmentKeys
from compliance.evidence import layout
from compliance.evidence.credentials import credentials_document, read_credentials
from compliance.evidence.signatures import pdf_attachment
from compliance.evidence.signers import EvidenceSigner
from compliance.provenance import Signer
from compliance.provenance.reader import ManifestReport, ManifestState
from compliance.verify.report import Outcome
from tests.unit.compliance.logs import LOG, WITNESS
from tests.unit.compliance.packs import (
    Made,
    Publisher,
    Scenario,
    failures,
    honest,
    report_on,
    scenarios,
)
from tests.unit.compliance.productions import ASSET, Inputs

NEEDS_THE_VIDEO = ["video", "credentials", "watermark"]


@pytest.fixture(scope="module")
def publisher(
    keys: DevelopmentKeys,
    inputs: Inputs,
    video: Path,
    signer: Signer,
    evidence_signer: EvidenceSigner,
    tsa_url: str,
) -> Publisher:
    return Publisher(keys, inputs, video, signer, evidence_signer, tsa_url)


@pytest.fixture(scope="module")
def made(publisher: Publisher, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return honest(publisher, Scenario(japanese=True), tmp_path_factory.mktemp("pack"))


def _check_accepted(publisher: Publisher, scenario: Scenario, folder: Path) -> None:
    report = report_on(honest(publisher, scenario, folder).path, publisher.keys)
    left = [check.name for check in report.checks if check.outcome is Outcome.NOT_MADE]
    assert (report.exit_status, failures(report)) == (0, {}), scenario
    assert left == ([] if scenario.with_video else NEEDS_THE_VIDEO)


@pytest.mark.parametrize("number", [0, 3, 9, 10])
def test_a_handful_of_honest_packs_is_accepted(
    publisher: Publisher, tmp_path: Path, number: int
) -> None:
    _check_accepted(publisher, list(scenarios(number + 1))[-1], tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("number", range(100))
def test_a_hundred_honest_packs_that_all_differ_are_accepted(
    publisher: Publisher, tmp_path: Path, number: int
) -> None:
    _check_accepted(publisher, list(scenarios(100))[number], tmp_path)


def test_without_the_video_its_checks_are_not_made_and_with_it_beside_they_are(
    publisher: Publisher, tmp_path: Path
) -> None:
    made = honest(publisher, Scenario(with_video=False), tmp_path)
    alone = report_on(made.path, publisher.keys)
    beside = report_on(made.path, publisher.keys, video=made.released)
    told = {check.name: check for check in alone.checks}
    assert [told[name].outcome for name in NEEDS_THE_VIDEO] == [Outcome.NOT_MADE] * 3
    assert "By what the pack says of the video's manifest" in told["request"].detail
    assert {check.outcome for check in beside.checks} == {Outcome.PASS}
    assert alone.exit_status == beside.exit_status == 0


def test_without_a_witness_that_one_trusts_nothing_is_said_about_witnesses(
    publisher: Publisher, made: Made
) -> None:
    report = report_on(made.path, publisher.keys, quorum=0)
    (witnesses,) = [check for check in report.checks if check.name == "witnesses"]
    assert witnesses.outcome is Outcome.NOT_MADE
    assert report.exit_status == 0


def test_what_happened_after_the_release_is_told(publisher: Publisher, tmp_path: Path) -> None:
    made = honest(publisher, Scenario(revoked=True, with_video=False), tmp_path)
    (story,) = [c for c in report_on(made.path, publisher.keys).checks if c.name == "story"]
    assert "AFTERWARDS: consents.consent.withdrawn" in story.detail


def test_the_command_prints_a_report_and_its_status(
    publisher: Publisher, made: Made, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shutil.copytree(publisher.keys.trust, tmp_path / "trust")
    (tmp_path / "trust/log.vkey").write_text(LOG.key.text + "\n")
    trust = ["--trust", str(tmp_path / "trust"), "--witness", WITNESS.key.text]
    command = ["evidence", "verify", str(made.path), *trust]
    assert main(command) == 0
    assert "No check failed" in capsys.readouterr().out
    assert main([*command, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["checks"]) == 21
    made_up = tmp_path / "made-up.zip"
    made_up.write_bytes(b"PK")
    assert main(["evidence", "verify", str(made_up), *trust]) == 2
    (tmp_path / "trust/evidence_root.pem").unlink()
    assert main(command) == 2
    assert "evidence_root.pem" in capsys.readouterr().err


def test_compliance_verify_reads_the_evidence_in_a_pack(
    publisher: Publisher, made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(
        [
            *("verify", str(made.released), "--evidence", str(made.path), "--offline", "--json"),
            *("--trust", str(publisher.keys.trust)),
            *("--watermark-key", str(publisher.keys.watermark_key)),
        ]
    )
    report = json.loads(capsys.readouterr().out)
    assert status == 3  # the live status was not asked for
    assert [c["name"] for c in report["checks"] if c["outcome"] != "pass"] == ["status"]


def test_the_facts_in_the_summary_are_the_packs_and_their_digest_is_on_the_page(
    made: Made,
) -> None:
    summary = made.members[layout.SUMMARY]
    assert isinstance(summary, bytes)
    facts = pdf_attachment(summary, layout.FACTS)
    told = json.loads(facts)
    assert told["made"]["asset_id"] == ASSET
    assert told["production"]["title"].startswith("春の新製品紹介")
    assert told["lips"] == {"outcome": "in-step", "in_time": "0.71"}
    program = shutil.which("pdftotext")
    if program:
        text = subprocess.run([program, "-", "-"], input=summary, capture_output=True, check=True)
        words = text.stdout.decode()
        assert sha256_hex(facts) in words
        assert "春の新製品紹介" in words
        assert "0.71" in words


def test_verifying_loads_no_library_that_only_the_builder_needs(made: Made) -> None:
    code = "import sys, compliance.evidence.checks; print({'fpdf', 'django'} & {*sys.modules})"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert answer.stdout.strip() == b"set()"


def test_every_field_of_a_manifest_is_read_back_from_a_pack_as_it_was() -> None:
    report = ManifestReport(
        state=ManifestState.TRUSTED,
        asset_id=ASSET,
        models={"weights": "0" * 64},
        timestamped_at=datetime(2026, 11, 28, tzinfo=UTC),
        iscc="AAECAwQFBgcICQ==",
        manifest_id="urn:c2pa:1",
    )

    packed = canonical_json(credentials_document(report))

    assert read_credentials(json.loads(packed)) == report
