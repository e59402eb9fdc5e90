"""Evidence packs of productions that never were, with real signatures, proofs and videos."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from compliance.canonical import canonical_json, digest
from compliance.development import DevelopmentKeys
from compliance.evidence import layout
from compliance.evidence.build import PackInput, pack_write, write_signed
from compliance.evidence.case import PackCase, PackTrust, work_folder
from compliance.evidence.checks import pack_verify
from compliance.evidence.document import render_summary
from compliance.evidence.facts import own_note
from compliance.evidence.signatures import SignatureTrust
from compliance.evidence.signers import EvidenceSigner
from compliance.evidence.stamps import ask_stamp
from compliance.ledger import Checkpoint, LogProof, LogTrust, leaf_hash
from compliance.provenance import Signer, read_manifest, sign_file
from compliance.provenance.trust import TrustAnchors
from compliance.verify.case import TrustBundle
from compliance.verify.report import Outcome, Report
from compliance.watermark import KeyRing
from tests.unit.compliance.logs import LOG, WITNESS, grown
from tests.unit.compliance.productions import (
    NOW,
    PERSON_ID,
    PRODUCTION_ID,
    Inputs,
    Paper,
    make_evidence,
    make_paper,
    make_spec,
)

MODEL, MODEL_SHA256 = "face_landmarker.task", "ab" * 32
STATUS_URL = "http://127.0.0.1:9/status"  # never asked
Changes = dict[str, Any]


@dataclass(frozen=True)
class Scenario:
    """How one honest production went."""

    steps: tuple[tuple[str, int], ...] = (("legal", 1),)  # name and quorum
    same_speaker: bool = False
    record: int = 3  # version of the consent record of who is seen
    narrowed: bool = False
    synthetic: bool = False
    japanese: bool = False
    reviewers: int = 0
    with_video: bool = True
    filler: int = 40  # other events in the log, half of them before
    language: str = "en"
    deputy: bool = False
    revoked: bool = False


@dataclass(frozen=True)
class Publisher:
    """Whoever signs."""

    keys: DevelopmentKeys
    inputs: Inputs
    film: Path  # marked, not signed
    claims: Signer
    evidence: EvidenceSigner
    tsa_url: str


@dataclass
class Made:
    """A pack and what it was made of."""

    path: Path
    given: PackInput
    released: Path
    members: dict[str, bytes | Path] = field(default_factory=dict)


def honest(
    publisher: Publisher,
    scenario: Scenario,
    folder: Path,
    twist: Callable[[dict[str, Any]], None] = lambda evidence: None,
) -> Made:
    """Take one production the whole way, and pack it.

    Args:
        publisher: who signs.
        scenario: how it went.
        folder: where the files go.
        twist: changes what happened, before the log is written and anything of the pack is signed.
    """
    paper = _paper(publisher, scenario)
    released = folder / "released.mp4"
    facts = paper.facts(publisher.inputs, STATUS_URL)
    sign_file(publisher.film, released, facts, publisher.claims, publisher.tsa_url)
    evidence = _evidence(paper, released, scenario)
    twist(evidence)
    given = _given(publisher, evidence, released, scenario)
    path = folder / "pack.zip"
    pack_write(path, given, publisher.evidence, render_summary)
    return Made(path, given, released, members_of(path))


def pack_again(publisher: Publisher, path: Path, given: PackInput) -> Path:
    """Pack changed data, with all that the publisher signs: what an insider could do."""
    pack_write(path, given, publisher.evidence, render_summary)
    return path


def sign_again(made: Made, publisher: Publisher, path: Path, members: Changes) -> Path:
    """Pack changed members under a fresh manifest, and leave the summary as it was."""
    fresh = {k: v for k, v in (made.members | members).items() if v is not None}
    write_signed(path, made.given, fresh, publisher.evidence)
    return path


def members_of(path: Path) -> dict[str, bytes | Path]:
    """Return what the manifest lists, as bytes."""
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist()) - {layout.MANIFEST, layout.SIGNATURE}
        return {name: archive.read(name) for name in sorted(names)}


def trust_of(keys: DevelopmentKeys, *, quorum: int = 1) -> PackTrust:
    """Return whom an auditor believes who holds the keys of the log and of one witness."""
    log = LogTrust((LOG.key,), (WITNESS.key,) if quorum else (), quorum)
    return PackTrust(TrustBundle.load(keys.trust), SignatureTrust.load(keys.trust), log)


def report_on(
    path: Path, keys: DevelopmentKeys, *, video: Path | None = None, quorum: int = 1
) -> Report:
    key = KeyRing.load(keys.watermark_key).current
    with work_folder() as work:
        return pack_verify(PackCase(path, trust_of(keys, quorum=quorum), video, key, work))


def failures(report: Report) -> dict[str, str]:
    """Return name and reason of each check that failed."""
    return {check.name: check.code for check in report.checks if check.outcome is Outcome.FAIL}


def scenarios(count: int) -> Iterator[Scenario]:
    """Yield productions that differ in everything that may differ."""
    steps = [
        (("legal", 1),),
        (("legal", 1), ("brand", 1)),
        (("legal", 2),),
        (("legal", 1), ("brand", 2), ("法務", 1)),
    ]
    for number in range(count):
        yield Scenario(
            steps=steps[number % 4],
            same_speaker=number % 3 == 1,
            record=3 if number % 5 else 1 + number // 5 % 3,
            narrowed=number % 4 == 2 and bool(number % 5),
            synthetic=number % 7 == 3,
            japanese=number % 2 == 1,
            reviewers=(0, 1, 2)[number % 3],
            with_video=number % 5 != 4,
            filler=(0, 1, 7, 40, 255, 256, 300, 700)[number % 8],
            language=("en", "ja")[number // 2 % 2],
            deputy=number % 6 == 5,
            revoked=number % 11 == 10,
        )


def _paper(publisher: Publisher, scenario: Scenario) -> Paper:
    spec = make_spec(publisher.inputs).to_dict()
    changes: Changes = {"title": "Spring briefing", "spec": spec}
    terms: Changes = {}
    voice_terms: Changes = {"granted_by": PERSON_ID} if scenario.same_speaker else {}
    if scenario.japanese:
        changes |= {"title": "春の新製品紹介(山田太郎)", "spec": spec | {"language": "ja"}}
        terms["ai_label"] = voice_terms["ai_label"] = "AIで作られた動画です"
    if scenario.narrowed:
        terms |= {"supersedes": "0b5c1c52-6a35-4a8e-8c55-5f3f6f1f0099", "channels": ("intranet",)}
    if scenario.synthetic:
        voice_terms["permitted_changes"] = ("synthetic_speech",)
    paper = make_paper(
        publisher.keys,
        publisher.inputs,
        scenario.record,
        terms=terms,
        voice_terms=voice_terms,
        **changes,
    )
    if not scenario.synthetic:
        return paper
    voice = paper.request["voice"] | {"origin": "synthetic", "engine": "machine-voice 2"}
    return make_paper(
        publisher.keys,
        publisher.inputs,
        scenario.record,
        terms=terms,
        voice_terms=voice_terms,
        voice=voice,
        **changes,
    )


def _evidence(paper: Paper, released: Path, scenario: Scenario) -> dict[str, Any]:
    evidence = make_evidence(paper, released)
    approvals, decisions = _decided(paper, scenario)
    events = [entry["event"] for entry in evidence["events"] if entry["sequence"] is not None]
    events = [e for e in events if e["name"] != "approvals.decision.recorded"] + decisions
    if scenario.revoked:
        events.append(_event("consents.consent.withdrawn", paper.request["consent"]["id"]))
        events.append(_event("productions.production.revoked", PRODUCTION_ID))
    terms = {name: _identity(paper, name) for name in ("seen", "heard")}
    file_sha256 = evidence["release"]["file_sha256"]
    return evidence | {
        "approvals": approvals,
        "events": events,
        "identity": terms,
        "policy": {
            "policies": ["standard"],
            "steps": [
                {"stage": stage, "name": name, "quorum": quorum}
                for stage, (name, quorum) in enumerate(scenario.steps)
            ],
            "reviewers": scenario.reviewers,
        },
        "reviews": [
            {"reviewer": f"reviewer {n}", "accepted": True, "file_sha256": file_sha256}
            for n in range(scenario.reviewers)
        ],
        "result": {"engine": "mesh", "engine_version": "1", "models": {MODEL: MODEL_SHA256}},
    }


def _identity(paper: Paper, who: str) -> dict[str, str]:
    principal = {"seen": "0b5c1c52-6a35-4a8e-8c55-5f3f6f1f0003"}
    person = principal.get(who, "0b5c1c52-6a35-4a8e-8c55-5f3f6f1f0013")
    return {"person": person, "decision": "d1", "method": "reviewed-evidence"}


def _decided(paper: Paper, scenario: Scenario) -> tuple[list[Any], list[Any]]:
    pinned, approvals, events = {"request_digest": digest(paper.request)}, [], []
    for step, quorum in scenario.steps:
        for number in range(quorum):
            who = f"approver {number} of {step}"
            moment = (NOW - timedelta(minutes=5 + number)).isoformat()
            approval = {"step": step, "approver": who, "decision": "approve", **pinned}
            approvals.append(approval | {"decided_at": moment})
            event = _event(
                "approvals.decision.recorded", PRODUCTION_ID, step=step, verdict="approve", **pinned
            ) | {"actor_id": who, "occurred_at": moment, "id": f"{step} {number}"}
            if scenario.deputy:
                approvals[-1]["delegate"] = "deputy"
                event |= {"actor_id": "deputy", "data": event["data"] | {"in_name_of": who}}
            events.append(event)
    return approvals, events


def _event(name: str, object_id: str, **data: Any) -> dict[str, Any]:
    return {
        "id": f"event of {name} {object_id}",
        "name": name,
        "occurred_at": NOW.isoformat(),
        "actor_id": "somebody",
        "object_id": object_id,
        "data": data,
    }


def _given(
    publisher: Publisher, evidence: dict[str, Any], released: Path, scenario: Scenario
) -> PackInput:
    before, after = scenario.filler // 2, scenario.filler - scenario.filler // 2
    own = [canonical_json(event) for event in evidence["events"]]
    entries = [*_others(0, before), *own, *_others(before, after)]
    placed = [
        {"sequence": at, "leaf_hash": leaf_hash(entry).hex(), "event": event}
        for at, (entry, event) in enumerate(zip(own, evidence["events"], strict=True), start=before)
    ]
    checkpoint, proofs = prove(entries, [entry["sequence"] for entry in placed])
    return PackInput(
        evidence=evidence | {"events": placed},
        credentials=read_manifest(released, TrustAnchors.load(publisher.keys.trust)),
        checkpoint=checkpoint,
        stamp=ask_stamp(own_note(checkpoint), publisher.tsa_url),
        proofs=proofs,
        made_at=NOW,
        language=scenario.language,
        cards={"face_landmarker.md": f"# Model card\n\nSHA-256 `{MODEL_SHA256}`\n".encode()},
        keys={"log.vkey": LOG.key.text.encode() + b"\n"},
        video=released if scenario.with_video else None,
    )


def prove(entries: list[bytes], numbers: list[int]) -> tuple[bytes, dict[int, bytes]]:
    """Return a cosigned checkpoint of a log of these entries, and proofs of some."""
    log = grown(entries)
    stated = Checkpoint(LOG.name, log.tree.size, log.tree.root)
    note = stated.sign([LOG]) + WITNESS.sign(stated.text, int(NOW.timestamp()))
    return note, {
        number: LogProof.make(log.read, note, number, entries[number]).encode()
        for number in numbers
    }


def _others(start: int, count: int) -> list[bytes]:
    return [
        canonical_json(_event("audit.log.read", f"another {number}"))
        for number in range(start, start + count)
    ]
