"""Forged evidence beside a genuine file: what nobody signed is held against what somebody did."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from compliance.__main__ import main
from compliance.canonical import digest
from compliance.development import DevelopmentKeys
from compliance.provenance import Signer, sign_file
from compliance.verify.case import Case, TrustBundle
from compliance.verify.report import Outcome
from compliance.verify.runner import verify_file
from compliance.watermark import KeyRing
from tests.unit.compliance.productions import (
    NOW,
    PERSON_ID,
    PRODUCTION_ID,
    SPEAKER_ID,
    Inputs,
    Paper,
    make_entry,
    make_event,
    make_evidence,
    make_paper,
)

Evidence = dict[str, Any]
STATUS_URL = "http://127.0.0.1:9/status"  # never asked: these tests are offline


@pytest.fixture(scope="module")
def paper(keys: DevelopmentKeys, inputs: Inputs) -> Paper:
    return make_paper(keys, inputs)


@pytest.fixture(scope="module")
def released(
    video: Path,
    paper: Paper,
    inputs: Inputs,
    signer: Signer,
    tsa_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    path = tmp_path_factory.mktemp("forgeries") / "release.mp4"
    sign_file(video, path, paper.facts(inputs, STATUS_URL), signer, tsa_url)
    return path


@pytest.fixture(scope="module")
def genuine(released: Path, paper: Paper, keys: DevelopmentKeys) -> Case:
    return Case(
        released,
        make_evidence(paper, released),
        TrustBundle.load(keys.trust),
        KeyRing.load(keys.watermark_key).current,
        offline=True,
    )


def _failures(case: Case, evidence: Evidence) -> dict[str, str]:
    report = verify_file(replace(case, evidence=evidence))
    return {c.name: c.detail for c in report.checks if c.outcome is Outcome.FAIL}


def _invented_approver(evidence: Evidence) -> None:
    evidence["approvals"][0] |= {
        "approver": "somebody who never was",
        "step": "board",
        "decided_at": "2001-01-01T00:00:00+00:00",
    }


def _old_decision(evidence: Evidence) -> None:
    evidence["approvals"][0]["decided_at"] = "2001-01-01T00:00:00+00:00"


def _second_approver(evidence: Evidence) -> None:
    evidence["approvals"].append(evidence["approvals"][0] | {"approver": "another"})


def _same_approval_twice(evidence: Evidence) -> None:
    evidence["approvals"].append(dict(evidence["approvals"][0]))


def _bare_names(evidence: Evidence) -> None:
    evidence["events"] = [
        {"sequence": None, "leaf_hash": None, "event": {"name": entry["event"]["name"]}}
        for entry in evidence["events"]
    ]


def _without_places(evidence: Evidence) -> None:
    for entry in evidence["events"]:
        entry |= {"sequence": None, "leaf_hash": None}


def _hash_without_number(evidence: Evidence) -> None:
    for entry in evidence["events"]:
        entry["sequence"] = None


def _of_another_production(evidence: Evidence) -> None:
    for entry in evidence["events"]:
        if entry["event"]["object_id"] == PRODUCTION_ID:
            event = entry["event"] | {"object_id": "another"}
            entry |= make_entry(entry["sequence"] or 99, event)


def _of_another_consent(evidence: Evidence) -> None:
    evidence["events"][0] = make_entry(0, make_event("consents.consent.granted", "another"))


def _of_another_file(evidence: Evidence) -> None:
    name = "productions.production.released"
    evidence["events"][3] = make_entry(3, make_event(name, PRODUCTION_ID, file_sha256="0" * 64))


def _made_up_gate(evidence: Evidence) -> None:
    evidence["gate"]["checks"] = [
        {"number": 1, "name": "everything", "outcome": "pass", "detail": "trust us"}
    ]


def _gate_without_consent(evidence: Evidence) -> None:
    evidence["gate"]["checks"].pop()


def _moved_release(evidence: Evidence) -> None:
    evidence["release"]["released_at"] = (NOW + timedelta(days=2)).isoformat()


def test_the_genuine_evidence_holds_and_says_what_rests_on_the_publishers_word(
    genuine: Case,
) -> None:
    report = verify_file(genuine)
    ended = {check.name: check for check in report.checks}
    assert [c.name for c in report.checks if c.outcome is not Outcome.PASS] == ["status"]
    for name in ("approvals", "gate", "log"):
        assert "an evidence pack proves it by the signed log, this file does not" in (
            ended[name].detail
        )


@pytest.mark.parametrize(
    ("forge", "failed"),
    [
        (_invented_approver, {"approvals"}),
        (_old_decision, {"approvals"}),
        (_second_approver, {"approvals"}),
        (_same_approval_twice, {"approvals"}),
        (_bare_names, {"approvals", "log"}),
        (_without_places, {"log"}),
        (_hash_without_number, {"log"}),
        (_of_another_production, {"approvals", "log"}),
        (_of_another_consent, {"log"}),
        (_of_another_file, {"log"}),
        (_made_up_gate, {"gate"}),
        (_gate_without_consent, {"gate"}),
        (_moved_release, {"consent"}),
    ],
)
def test_forged_evidence_fails(
    forge: Callable[[Evidence], None], failed: set[str], genuine: Case
) -> None:
    evidence = deepcopy(genuine.evidence or {})
    forge(evidence)
    assert set(_failures(genuine, evidence)) == failed


def test_a_missing_place_is_said_in_a_sentence(genuine: Case) -> None:
    evidence = deepcopy(genuine.evidence or {})
    _without_places(evidence)
    assert "has no place in the log" in _failures(genuine, evidence)["log"]


def test_a_refusal_that_the_evidence_leaves_out_fails(genuine: Case) -> None:
    evidence = deepcopy(genuine.evidence or {})
    refusal = make_event(
        "approvals.decision.recorded", PRODUCTION_ID, step="legal", verdict="reject"
    )
    evidence["events"].append(make_entry(9, refusal))
    assert "leaves out" in _failures(genuine, evidence)["approvals"]


def test_the_depicted_person_does_not_approve(genuine: Case, paper: Paper, released: Path) -> None:
    evidence = make_evidence(paper, released, approver=PERSON_ID)
    failures = _failures(genuine, evidence)
    assert set(failures) == {"approvals"}
    assert "depicted person" in failures["approvals"]


@pytest.mark.parametrize(
    ("delegate", "held"),
    [("a colleague", True), ("requester", False), (PERSON_ID, False)],
)
def test_a_delegate_is_held_to_the_same_rules(
    delegate: str, held: bool, genuine: Case, paper: Paper, released: Path
) -> None:
    evidence = make_evidence(paper, released)
    decision = evidence["events"][2]["event"]
    said = decision["data"] | {"in_name_of": "approver"}
    evidence["events"][2] = make_entry(2, decision | {"actor_id": delegate, "data": said})
    assert set(_failures(genuine, evidence)) == (set() if held else {"approvals"})


def test_the_consents_term_is_judged_at_the_trusted_time_stamp(
    genuine: Case,
    keys: DevelopmentKeys,
    inputs: Inputs,
    video: Path,
    signer: Signer,
    tsa_url: str,
    tmp_path: Path,
) -> None:
    ended = (NOW - timedelta(hours=1)).isoformat()
    paper, path = make_paper(keys, inputs, terms={"valid_until": ended}), tmp_path / "a.mp4"
    sign_file(video, path, paper.facts(inputs, STATUS_URL), signer, tsa_url)
    evidence = make_evidence(paper, path)
    evidence["release"]["released_at"] = (NOW - timedelta(hours=2)).isoformat()
    failures = _failures(replace(genuine, path=path), evidence)
    assert set(failures) == {"consent"}
    assert "time-stamped" in failures["consent"]


@pytest.mark.parametrize("content", ['"\\ud800"', "1e999", '{"a":' * 300 + "1" + "}" * 300])
def test_strange_values_end_in_a_report_not_in_a_traceback(
    content: str,
    genuine: Case,
    keys: DevelopmentKeys,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "a.mp4").write_bytes(genuine.path.read_bytes())
    strange = json.dumps(genuine.evidence).replace('"legal"', content)
    (tmp_path / "a.evidence.json").write_text(strange)
    command = ["verify", str(tmp_path / "a.mp4"), "--trust", str(keys.trust), "--offline"]
    assert main(command) == 1
    assert "do not rely" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"voice_terms": {"target_sha256": "00" * 32}}, "another voice"),
        ({"voice_terms": {"target": "likeness"}}, "another voice"),
        ({"voice_terms": {"channels": ("events",)}}, "does not cover channels"),
        ({"voice_terms": {"valid_until": NOW.isoformat()}}, "the consent ran"),
        ({"voice": None}, "names no speaker"),
    ],
)
def test_without_a_consent_that_covers_the_voice_the_consent_check_fails(
    changes: dict[str, Any],
    said: str,
    video: Path,
    genuine: Case,
    keys: DevelopmentKeys,
    inputs: Inputs,
    signer: Signer,
    tsa_url: str,
    tmp_path: Path,
) -> None:
    """Each is a file that a publisher signed in good order: only the voice is nobody's."""
    paper = make_paper(keys, inputs, **changes)
    named = paper.request["voice"] or make_paper(keys, inputs).request["voice"]
    facts = replace(paper, request={**paper.request, "voice": named}).facts(inputs, STATUS_URL)
    facts = replace(facts, request_digest=digest(paper.request))
    sign_file(video, tmp_path / "a.mp4", facts, signer, tsa_url)

    case = replace(genuine, path=tmp_path / "a.mp4")
    failures = _failures(case, make_evidence(paper, tmp_path / "a.mp4"))

    assert said in failures["consent"]


def test_synthetic_speech_without_permission_fails_and_with_it_holds(
    video: Path,
    genuine: Case,
    keys: DevelopmentKeys,
    inputs: Inputs,
    signer: Signer,
    tsa_url: str,
    tmp_path: Path,
) -> None:
    for permitted, held in (((), False), (("synthetic_speech",), True)):
        voice_terms = {"permitted_changes": permitted}
        plain = make_paper(keys, inputs, voice_terms=voice_terms)
        voice = plain.request["voice"] | {"origin": "synthetic", "engine": "Voicebox 2"}
        paper = make_paper(keys, inputs, voice_terms=voice_terms, voice=voice)
        path = tmp_path / f"{held}.mp4"
        sign_file(video, path, paper.facts(inputs, STATUS_URL), signer, tsa_url)
        found = _failures(replace(genuine, path=path), make_evidence(paper, path))
        assert set(found) == (set() if held else {"consent"})


def test_a_voice_that_is_called_a_recording_beside_a_manifest_that_says_otherwise_fails(
    genuine: Case, paper: Paper, released: Path
) -> None:
    evidence = make_evidence(paper, released)
    evidence["request"] = deepcopy(evidence["request"])
    evidence["request"]["voice"]["origin"] = "synthetic"

    assert "voice is recorded" in _failures(genuine, evidence)["consent"]


def test_the_speaker_as_approver_fails(genuine: Case, paper: Paper, released: Path) -> None:
    evidence = make_evidence(paper, released, approver=SPEAKER_ID)

    assert "The person who speaks approved it" in _failures(genuine, evidence)["approvals"]
