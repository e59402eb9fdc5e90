"""What the publisher itself could try, with its evidence key: something else gives it away."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from compliance.canonical import canonical_json
from compliance.development.tsa import DevelopmentTimestampAuthority
from compliance.errors import RakkanDevelopmentWarning
from compliance.evidence import layout
from compliance.evidence.document import render_summary
from compliance.evidence.facts import own_note
from compliance.evidence.signatures import (
    pdf_attachment,
)
from compliance.evidence.stamps import ask_stamp
from compliance.ledger import Checkpoint, LogProof, parse_note
from compliance.provenance import sign_file
from tests.unit.compliance.logs import LOG, STRANGER, WITNESS
from tests.unit.compliance.pack_outsiders import Lab, Mutation, flipped
from tests.unit.compliance.packs import (
    Scenario,
    honest,
    pack_again,
    prove,
    sign_again,
)
from tests.unit.compliance.productions import (
    PERSON_ID,
    make_paper,
    make_receipt,
    make_record,
)
from tests.unit.compliance.videos import encode, synthetic_frames

Evidence = dict[str, Any]


def _insider(change: Callable[[Evidence, Lab], None]) -> Callable[[Lab], Path]:
    """Change the evidence after the fact, and sign manifest and summary anew."""

    def mutate(lab: Lab) -> Path:
        evidence = deepcopy(lab.lean.given.evidence)
        change(evidence, lab)
        return pack_again(lab.publisher, lab.path, replace(lab.lean.given, evidence=evidence))

    return mutate


def _twisted(twist: Callable[[Evidence], None]) -> Callable[[Lab], Path]:
    """Change what happened: the log tells it as the evidence does."""

    def mutate(lab: Lab) -> Path:
        scenario = Scenario((("legal", 1),), with_video=False)
        return honest(lab.publisher, scenario, lab.folder, twist).path

    return mutate


def _members(change: Callable[[Lab], dict[str, Any]]) -> Callable[[Lab], Path]:
    """Replace members, and sign the manifest anew."""
    return lambda lab: sign_again(lab.lean, lab.publisher, lab.path, change(lab))


def _title(evidence: Evidence, lab: Lab) -> None:
    evidence["request"]["title"] = "Something else"


def _receipt_of(**terms: Any) -> Callable[[Evidence, Lab], None]:
    def change(evidence: Evidence, lab: Lab) -> None:
        record = make_record(lab.publisher.inputs, 3, **terms)
        evidence["consent"]["receipt"] = make_receipt(lab.publisher.keys, record)

    return change


def _forged_receipt(evidence: Evidence, lab: Lab) -> None:
    record = make_record(lab.publisher.inputs, 3)
    evidence["consent"]["receipt"] = make_receipt(lab.stranger.keys, record)


def _edited_receipt(evidence: Evidence, lab: Lab) -> None:
    wider = make_record(lab.publisher.inputs, 3, territories=("WORLD",))
    _, payload, _ = make_receipt(lab.publisher.keys, wider).split(".")
    head, _, signature = evidence["consent"]["receipt"].split(".")
    evidence["consent"]["receipt"] = f"{head}.{payload}.{signature}"


def _forged_permit(evidence: Evidence, lab: Lab) -> None:
    evidence["permit"] = make_paper(lab.stranger.keys, lab.publisher.inputs).permit


def _permit_of_another(evidence: Evidence, lab: Lab) -> None:
    evidence["permit"] = make_paper(lab.publisher.keys, lab.publisher.inputs).permit


def _gate_failed(evidence: Evidence, lab: Lab) -> None:
    evidence["gate"]["checks"][3]["outcome"] = "fail"


def _gate_left_out(evidence: Evidence, lab: Lab) -> None:
    evidence["gate"]["checks"].pop()


def _identity(evidence: Evidence, lab: Lab) -> None:
    evidence["identity"]["seen"]["decision"] = "d2"


def _invented_approval(evidence: Evidence, lab: Lab) -> None:
    evidence["approvals"].append(evidence["approvals"][0] | {"approver": "somebody"})


def _other_digest(evidence: Evidence, lab: Lab) -> None:
    evidence["approvals"][0]["request_digest"] = "0" * 64


def _hidden_refusal(evidence: Evidence, lab: Lab) -> None:
    evidence["approvals"].pop()


def _quorum(evidence: Evidence) -> None:
    evidence["policy"]["steps"].append({"stage": 1, "name": "brand", "quorum": 1})


def _review(evidence: Evidence, lab: Lab) -> None:
    evidence["reviews"] = []


def _decided_by(who: str) -> Callable[[Evidence], None]:
    def twist(evidence: Evidence) -> None:
        evidence["approvals"][0]["approver"] = who
        for event in evidence["events"]:
            if event["name"] == "approvals.decision.recorded":
                event["actor_id"] = who

    return twist


def _no_release(evidence: Evidence) -> None:
    evidence["events"] = [e for e in evidence["events"] if not e["name"].endswith("released")]


def _edited_event(evidence: Evidence, lab: Lab) -> None:
    evidence["events"][0]["event"]["actor_id"] = "somebody else"


def _other_models(evidence: Evidence, lab: Lab) -> None:
    evidence["result"]["models"] = {"another.task": "cd" * 32}


def _proof(change: Callable[[LogProof], LogProof]) -> Callable[[Lab], Path]:
    def members(lab: Lab) -> dict[str, Any]:
        index = min(lab.lean.given.proofs)
        proof = change(LogProof.parse(lab.lean.given.proofs[index]))
        return {layout.proof_name(index): proof.encode()}

    return _members(members)


def _other_path(proof: LogProof) -> LogProof:
    return replace(proof, path=(b"\0" * 32, *proof.path[1:]))


def _other_checkpoint(proof: LogProof) -> LogProof:
    return replace(proof, checkpoint=own_note(proof.checkpoint))


def _empty(proof: LogProof) -> LogProof:
    return replace(proof, extra=None)


def _renamed(lab: Lab) -> dict[str, Any]:
    index = min(lab.lean.given.proofs)
    proof = lab.lean.given.proofs[index]
    return {layout.proof_name(index): None, layout.proof_name(7_000): proof}


def _dropped(lab: Lab) -> dict[str, Any]:
    return {layout.proof_name(min(lab.lean.given.proofs)): None}


def _relogged(lab: Lab, note: Callable[[Checkpoint], bytes]) -> Path:
    """Give the pack another checkpoint, with proofs and time-stamp that fit it."""
    given = lab.lean.given
    text = parse_note(given.checkpoint).text
    checkpoint = note(Checkpoint.parse(text))
    proofs = {
        index: replace(LogProof.parse(proof), checkpoint=checkpoint).encode()
        for index, proof in given.proofs.items()
    }
    stamp = ask_stamp(own_note(checkpoint), lab.publisher.tsa_url)
    changed = replace(given, checkpoint=checkpoint, proofs=proofs, stamp=stamp)
    return pack_again(lab.publisher, lab.path, changed)


def _unpinned(lab: Lab) -> Path:
    return _relogged(lab, lambda stated: stated.sign([STRANGER]) + WITNESS.sign(stated.text, 1))


def _unwitnessed(lab: Lab) -> Path:
    return _relogged(lab, lambda stated: stated.sign([LOG]))


def _grown(lab: Lab) -> dict[str, Any]:
    size = Checkpoint.parse(parse_note(lab.lean.given.checkpoint).text).size
    old, new = b"\n%d\n" % size, b"\n%d\n" % (size + 1)
    return {layout.CHECKPOINT: lab.lean.given.checkpoint.replace(old, new)}


def _forked(lab: Lab) -> Path:
    """Another history, of the events told, signed by the log, cosigned by nobody."""
    given = lab.lean.given
    own = [entry["event"] for entry in given.evidence["events"]]
    checkpoint, proofs = prove([canonical_json(event) for event in own], list(range(len(own))))
    stated = Checkpoint.parse(parse_note(checkpoint).text)
    note = stated.sign([LOG])
    proofs = {
        index: replace(LogProof.parse(proof), checkpoint=note).encode()
        for index, proof in proofs.items()
    }
    evidence = given.evidence | {
        "events": [e | {"sequence": at} for at, e in enumerate(given.evidence["events"])]
    }
    stamp = ask_stamp(own_note(note), lab.publisher.tsa_url)
    changed = replace(given, evidence=evidence, checkpoint=note, proofs=proofs, stamp=stamp)
    return pack_again(lab.publisher, lab.path, changed)


def _other_stamp(lab: Lab) -> dict[str, Any]:
    return {layout.STAMP: ask_stamp(b"another checkpoint", lab.publisher.tsa_url)}


def _strange_stamp(lab: Lab) -> dict[str, Any]:
    keys = lab.stranger.keys.keys
    with pytest.warns(RakkanDevelopmentWarning):
        authority = DevelopmentTimestampAuthority(keys / "tsa_chain.pem", keys / "tsa_key.pem")
    server = authority.serve()
    try:
        url = f"http://127.0.0.1:{server.server_port}/"
        return {layout.STAMP: ask_stamp(own_note(lab.lean.given.checkpoint), url)}
    finally:
        server.shutdown()
        server.server_close()


def _pdf(change: Callable[[bytes, Lab], bytes]) -> Callable[[Lab], Path]:
    def members(lab: Lab) -> dict[str, Any]:
        summary = lab.lean.members[layout.SUMMARY]
        assert isinstance(summary, bytes)
        return {layout.SUMMARY: change(summary, lab)}

    return _members(members)


def _rendered(summary: bytes) -> bytes:
    return render_summary(pdf_attachment(summary, layout.FACTS), "en")


def _pdf_of_another(summary: bytes, lab: Lab) -> bytes:
    other = lab.full.members[layout.SUMMARY]
    assert isinstance(other, bytes)
    return other


def _credentials(lab: Lab) -> Path:
    credentials = replace(lab.full.given.credentials, signer="Somebody of renown")
    return pack_again(lab.publisher, lab.path, replace(lab.full.given, credentials=credentials))


def _film(change: Callable[[bytes], bytes]) -> Callable[[Lab], Path]:
    def mutate(lab: Lab) -> Path:
        path = lab.folder / "video.mp4"
        path.write_bytes(change(lab.lean.released.read_bytes()))
        return path

    return mutate


def _resigned(lab: Lab) -> Path:
    path = lab.folder / "video.mp4"
    paper = make_paper(lab.stranger.keys, lab.publisher.inputs)
    facts = paper.facts(lab.publisher.inputs, "http://127.0.0.1:9/status")
    sign_file(lab.publisher.film, path, facts, lab.stranger.claims, lab.publisher.tsa_url)
    return path


def _unsigned(lab: Lab) -> Path:
    return lab.publisher.film


def _unmarked(lab: Lab) -> Path:
    bare = encode(synthetic_frames(256, 256, 30), lab.folder / "bare.mp4", 18)
    return honest(replace(lab.publisher, film=bare), Scenario(), lab.folder).path


INSIDER: dict[str, Mutation] = {
    "the request is edited": ("request", "request-changed", _insider(_title)),
    "the receipt of another consent": (
        "consents",
        "receipt-of-another",
        _insider(_receipt_of(territories=("WORLD",))),
    ),
    "a receipt signed by a stranger": (
        "consents",
        "signature-unknown-key",
        _insider(_forged_receipt),
    ),
    "a receipt is edited": ("consents", "signature-invalid", _insider(_edited_receipt)),
    "another identity decision": ("identity", "identity-of-another", _insider(_identity)),
    "the requester approves": (
        "approvals",
        "approval-by-requester",
        _twisted(_decided_by("requester")),
    ),
    "the depicted person approves": (
        "approvals",
        "approval-by-the-person",
        _twisted(_decided_by(PERSON_ID)),
    ),
    "an approval of another request": (
        "approvals",
        "approval-of-another-request",
        _insider(_other_digest),
    ),
    "an approval is invented": ("approvals", "decision-not-in-log", _insider(_invented_approval)),
    "a decision is left out": ("approvals", "decision-left-out", _insider(_hidden_refusal)),
    "fewer approvals than the policy asks for": ("policy", "policy-quorum", _twisted(_quorum)),
    "nobody watched the result": ("policy", "review-missing", _insider(_review)),
    "a permit signed by a stranger": ("permit", "signature-unknown-key", _insider(_forged_permit)),
    "the permit of another request": ("permit", "permit-of-another", _insider(_permit_of_another)),
    "the gate failed": ("gate", "gate-failed", _insider(_gate_failed)),
    "the gate left something out": ("gate", "gate-incomplete", _insider(_gate_left_out)),
    "a checkpoint of another key": ("checkpoint", "checkpoint-unsigned", _unpinned),
    "the checkpoint is edited": ("checkpoint", "signature-invalid", _members(_grown)),
    "an event is edited": ("proofs", "events-unproven", _insider(_edited_event)),
    "a proof is edited": ("proofs", "proof-invalid", _proof(_other_path)),
    "a proof against another checkpoint": ("proofs", "proof-of-another", _proof(_other_checkpoint)),
    "a proof without its event": ("proofs", "proof-empty", _proof(_empty)),
    "a proof under another number": ("proofs", "proof-misnamed", _members(_renamed)),
    "a proof is left out": ("proofs", "events-unproven", _members(_dropped)),
    "an act is not in the log": ("story", "event-missing", _twisted(_no_release)),
    "no witness cosigned": ("witnesses", "checkpoint-quorum", _unwitnessed),
    "the log tells another history": ("witnesses", "checkpoint-quorum", _forked),
    "the time-stamp of another checkpoint": (
        "timestamp",
        "timestamp-invalid",
        _members(_other_stamp),
    ),
    "a time-stamp of a strange authority": (
        "timestamp",
        "timestamp-untrusted",
        _members(_strange_stamp),
    ),
    "other models are named": ("models", "models-of-another", _insider(_other_models)),
    "the summary is edited": (
        "summary",
        "signature-invalid",
        _pdf(lambda pdf, lab: pdf.replace(b"Rakkan", b"Nakkar", 1)),
    ),
    "something is appended to the summary": (
        "summary",
        "pdf-appended",
        _pdf(lambda pdf, lab: pdf + b"\n% more\n"),
    ),
    "the summary is not signed": ("summary", "pdf-unsigned", _pdf(lambda pdf, lab: _rendered(pdf))),
    "the summary is signed by a stranger": (
        "summary",
        "signature-untrusted",
        _pdf(lambda pdf, lab: lab.stranger.evidence.sign_pdf(_rendered(pdf))),
    ),
    "the summary of another pack": ("facts", "facts-of-another", _pdf(_pdf_of_another)),
    "the video's manifest is misreported": ("credentials", "credentials-of-another", _credentials),
    "a video without the mark": ("watermark", "mark-missing", _unmarked),
}
VIDEO: dict[str, Mutation] = {
    "one bit of the video is flipped": ("credentials", "manifest-untrusted", _film(flipped)),
    "a box is appended to the video": (
        "video",
        "file-changed",
        _film(lambda data: data + b"\0\0\0\x10free" + b"x" * 8),
    ),
    "the video is signed by a stranger": ("credentials", "manifest-untrusted", _resigned),
    "the video has no manifest": ("credentials", "manifest-missing", _unsigned),
}
