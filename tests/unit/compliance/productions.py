"""A small but complete production: real inputs, real keys, real signatures."""

from __future__ import annotations

import wave
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from compliance.audiomark.marker import AudioMarker
from compliance.canonical import canonical_json, digest, file_sha256, sha256_hex
from compliance.carrier import Carrier
from compliance.development import DevelopmentKeys
from compliance.label import plan_label
from compliance.label.drawing import draw_label
from compliance.label.picture import LabelPicture
from compliance.ledger import leaf_hash
from compliance.media import sound_samples
from compliance.permit import InputFile, JobKind, JobSpec, Permit, permit_issue
from compliance.provenance import InputFact, ManifestFacts
from compliance.receipt import ConsentTerms, write_record
from compliance.signing import KeyRole, StatementSigner
from compliance.watermark import KeyRing
from tests.unit.compliance.videos import Frame, encode, marked_frames, synthetic_frames

ASSET = "0123456789abcdef"
SPEECH = Path(__file__).resolve().parents[2] / "fixtures" / "speech.wav"
# the time-stamp authority of the tests stamps the true time: everything is dated around it
NOW = datetime.now(UTC).replace(microsecond=0)
PRODUCTION_ID = "0b5c1c52-6a35-4a8e-8c55-5f3f6f1f0007"
PERSON_ID = "0b5c1c52-6a35-4a8e-8c55-5f3f6f1f0006"
GATE_CHECKS = ("file", "manifest", "binding", "watermark", "playable", "lips", "consent")
VOICE_CONSENT_ID = "0b5c1c52-6a35-4a8e-8c55-5f3f6f1f0011"
CONSENT_ID = "0b5c1c52-6a35-4a8e-8c55-5f3f6f1f0001"
SPEAKER_ID = "0b5c1c52-6a35-4a8e-8c55-5f3f6f1f0016"
SAMPLE_SHA256 = "5a" * 32
LABEL = draw_label(plan_label(["JP"], "en", "Made with AI"), "en", 256, 256, 25)
PERMIT_ID = "0b5c1c52-6a35-4a8e-8c55-5f3f6f1f0002"


@dataclass(frozen=True)
class Inputs:
    """What a production is made from."""

    portrait: InputFact
    voice: InputFact
    label: InputFact


def make_inputs(folder: Path) -> Inputs:
    """Write a noisy JPEG, one second of a tone and a label."""
    picture = np.random.default_rng(1).integers(0, 255, (600, 450, 3)).astype(np.uint8)
    cv2.imwrite(str(folder / "Taro Yamada.jpg"), cv2.GaussianBlur(picture, (0, 0), 3))
    tone = (8000 * np.sin(np.arange(16000) / 8)).astype("<i2")
    with wave.open(str(folder / "voice.wav"), "wb") as stream:
        stream.setparams((1, 2, 16000, 0, "NONE", ""))
        stream.writeframes(tone.tobytes())
    (folder / "label.png").write_bytes(LABEL.png)
    return Inputs(
        input_fact(folder / "Taro Yamada.jpg", "image/jpeg"),
        input_fact(folder / "voice.wav", "audio/wav"),
        input_fact(folder / "label.png", "image/png"),
    )


def input_fact(path: Path, media_type: str) -> InputFact:
    return InputFact(path, file_sha256(path), media_type)


def make_video(path: Path, key: Path, asset_id: str, *, labelled: bool = True) -> Path:
    carrier = Carrier.of(KeyRing.load(key).current, asset_id)
    spoken = sound_samples(SPEECH, rate=48_000, layout="mono", max_seconds=60)[:, :57_600]
    sound = np.concatenate(list(AudioMarker(carrier.sound, 48_000).mark([spoken])), axis=1)
    frames = synthetic_frames(256, 256, 30)
    frames = marked_frames(_labelled(frames) if labelled else frames, carrier.picture)
    return encode(frames, path, 18, heard=sound)


def _labelled(frames: Iterable[Frame]) -> Iterator[Frame]:
    picture = LabelPicture.from_png(LABEL.png, LABEL.place)
    for frame in frames:
        picture.lay_over(frame, LABEL.place)
        yield frame


def make_facts(inputs: Inputs, **changes: Any) -> ManifestFacts:
    values: dict[str, Any] = {
        "title": f"Rakkan {ASSET}",
        "asset_id": ASSET,
        "engine": "mesh",
        "engine_version": "1",
        "models": {"face_landmarker.task": "ab" * 32},
        "portrait": inputs.portrait,
        "voice": inputs.voice,
        "consent_receipt_sha256": "cd" * 32,
        "consent_receipt_url": f"http://127.0.0.1:9/consents/{CONSENT_ID}/receipt",
        "voice_consent_receipt_sha256": "ce" * 32,
        "voice_consent_receipt_url": f"http://127.0.0.1:9/consents/{VOICE_CONSENT_ID}/receipt",
        "voice_origin": "recorded",
        "voice_engine": "",
        "request_digest": "ef" * 32,
        "permit_id": PERMIT_ID,
        "status_url": f"http://127.0.0.1:9/status/{ASSET}",
        "created_at": NOW,
        "ai_label": "Made with AI",
        "cpu_seconds": 4.25,
        "wall_seconds": 3.5,
        "watched": False,
        "label": inputs.label,
        "label_place": LABEL.place,
    }
    return ManifestFacts(**values | changes)


@dataclass(frozen=True)
class Paper:
    """Everything that was decided and signed before a file is sealed."""

    request: dict[str, Any]
    receipt: str
    permit: str
    voice_receipt: str

    def facts(self, inputs: Inputs, status_url: str) -> ManifestFacts:
        return make_facts(
            inputs,
            consent_receipt_sha256=sha256_hex(self.receipt.encode()),
            voice_consent_receipt_sha256=sha256_hex(self.voice_receipt.encode()),
            voice_origin=self.request["voice"]["origin"],
            voice_engine=self.request["voice"]["engine"],
            request_digest=digest(self.request),
            status_url=status_url,
        )


def make_record(inputs: Inputs, version: int, **changes: Any) -> dict[str, Any]:
    """Return a consent record of a version; all say the same."""
    terms = make_terms(inputs, **changes)
    if version > 1:
        return write_record(terms, f"rakkan-consent/{version}")
    return {
        "schema_version": "rakkan-consent/1",
        "consent_id": terms.consent_id,
        "pii_controller": terms.controller,
        "pii_principal": terms.principal,
        "granted_by": terms.granted_by,
        "granted_at": terms.granted_at,
        "likeness": {"id": terms.target_id, "portrait_sha256": terms.target_sha256},
        "identity": terms.identity,
        "purposes": list(terms.purposes),
        "channels": list(terms.channels),
        "territories": list(terms.territories),
        "languages": list(terms.languages),
        "permitted_changes": list(terms.permitted_changes),
        "ai_label": terms.ai_label,
        "validity": {"from": terms.valid_from, "until": terms.valid_until},
        "withdrawal": terms.withdrawal,
    }


def make_terms(inputs: Inputs, **changes: Any) -> ConsentTerms:
    values: dict[str, Any] = {
        "consent_id": CONSENT_ID,
        "principal": "0b5c1c52-6a35-4a8e-8c55-5f3f6f1f0003",
        "controller": "Example Co.",
        "controller_id": "0b5c1c52-6a35-4a8e-8c55-5f3f6f1f0004",
        "target_id": "0b5c1c52-6a35-4a8e-8c55-5f3f6f1f0005",
        "target_sha256": inputs.portrait.sha256,
        "granted_by": PERSON_ID,
        "granted_at": (NOW - timedelta(days=1)).isoformat(),
        "purposes": ("product_briefing",),
        "channels": ("intranet", "website"),
        "territories": ("JP",),
        "languages": ("en", "ja"),
        "permitted_changes": ("expression",),
        "ai_label": "Made with AI",
        "valid_from": (NOW - timedelta(days=1)).isoformat(),
        "valid_until": (NOW + timedelta(days=30)).isoformat(),
        "withdrawal": "at any time, in the person's own account",
        "identity": {"decision": "d1", "method": "reviewed-evidence"},
    }
    return ConsentTerms(**values | changes)


def make_voice_terms(inputs: Inputs, **changes: Any) -> ConsentTerms:
    """Return the terms under which somebody else's voice is used."""
    values: dict[str, Any] = {
        "consent_id": VOICE_CONSENT_ID,
        "principal": "0b5c1c52-6a35-4a8e-8c55-5f3f6f1f0013",
        "target": "voice",
        "target_id": "0b5c1c52-6a35-4a8e-8c55-5f3f6f1f0015",
        "target_sha256": SAMPLE_SHA256,
        "granted_by": SPEAKER_ID,
        "permitted_changes": (),
    }
    return make_terms(inputs, **values | changes)


def make_paper(keys: DevelopmentKeys, inputs: Inputs, version: int = 3, **changes: Any) -> Paper:
    """Sign a consent receipt and a permit for a request under it.

    Args:
        keys: who signs.
        inputs: what it is made from.
        version: of the consent record.
        **changes: other values in the request; ``terms`` are other terms of the consent, and
            ``voice_terms`` of the consent to the voice.
    """
    record = make_record(inputs, version, **changes.pop("terms", {}))
    voice_terms = make_voice_terms(inputs, **changes.pop("voice_terms", {}))
    voice_record = write_record(voice_terms)
    spec = JobSpec.from_dict(changes.get("spec") or make_spec(inputs).to_dict())
    request = {
        "production": PRODUCTION_ID,
        "requester": "requester",
        "consent": {"id": CONSENT_ID, "record_digest": digest(record)},
        "voice": {
            "id": voice_terms.target_id,
            "speaker": voice_terms.principal,
            "sample_sha256": SAMPLE_SHA256,
            "origin": "recorded",
            "engine": "",
            "consent": {"id": VOICE_CONSENT_ID, "record_digest": digest(voice_record)},
        },
        "purpose": "product_briefing",
        "channels": ["intranet"],
        "territories": ["JP"],
        "spec": spec.to_dict(),
    } | changes
    return Paper(
        request,
        make_receipt(keys, record),
        make_permit(keys, spec, digest(request)),
        make_receipt(keys, voice_record),
    )


def make_spec(inputs: Inputs) -> JobSpec:
    files = [
        InputFile(role, item.sha256, item.path.stat().st_size, item.media_type)
        for role, item in (
            ("portrait", inputs.portrait),
            ("voice", inputs.voice),
            ("label", inputs.label),
        )
    ]
    told = {"permitted_changes": ("expression",), "language": "en", "label": LABEL.place}
    return JobSpec(JobKind.RENDER, "mesh", tuple(files), "calm", **told)


def make_receipt(keys: DevelopmentKeys, record: dict[str, Any]) -> str:
    statement = {
        "format": record["schema_version"].replace("consent", "consent-receipt"),
        "consent_id": record.get("record_id", CONSENT_ID),
        "record": record,
        "record_digest": digest(record),
    }
    return signer_of(keys, KeyRole.RECEIPT).sign(statement)


def make_permit(keys: DevelopmentKeys, spec: JobSpec, request_digest: str, **changes: Any) -> str:
    values: dict[str, Any] = {
        "permit_id": PERMIT_ID,
        "kind": spec.kind,
        "job_id": "job",
        "subject_id": PRODUCTION_ID,
        "request_digest": request_digest,
        "spec": spec,
        "spec_digest": spec.digest(),
        "asset_id": ASSET,
        "fence": 1,
        "max_seconds": 60.0,
        "issued_at": NOW,
        "expires_at": NOW + timedelta(minutes=5),
    }
    return permit_issue(Permit(**values | changes), signer_of(keys, KeyRole.PERMIT))


def signer_of(keys: DevelopmentKeys, role: KeyRole) -> StatementSigner:
    return StatementSigner.load(role, keys.statement_key(role))


def make_evidence(paper: Paper, released: Path, **decided: Any) -> dict[str, Any]:
    """Return the evidence of a released file as the platform serves it.

    Args:
        paper: what was signed before the file was.
        released: the file.
        **decided: other values for the one approval.
    """
    approval = {
        "step": "legal",
        "approver": "approver",
        "decision": "approve",
        "request_digest": digest(paper.request),
        "decided_at": (NOW - timedelta(minutes=5)).isoformat(),
    } | decided
    release = {
        "asset_id": ASSET,
        "file_sha256": file_sha256(released),
        "size": released.stat().st_size,
        "released_at": datetime.now(UTC).isoformat(),  # the file was time-stamped just before
    }
    return {
        "format": "rakkan-evidence/1",
        "request": paper.request,
        "request_digest": digest(paper.request),
        "requester": "requester",
        "consent": {"receipt": paper.receipt},
        "voice_consent": {"receipt": paper.voice_receipt},
        "approvals": [approval],
        "permit": paper.permit,
        "result": {"engine": "mesh"},
        "gate": {
            "checks": [
                {"number": number, "name": name, "outcome": "pass", "detail": ""}
                for number, name in enumerate(GATE_CHECKS, start=1)
            ]
        },
        "lips": {"outcome": "in-step", "facts": {"in_time": 0.713}},
        "release": release,
        "events": _events(paper, approval, release),
    }


def make_event(name: str, object_id: str, **data: Any) -> dict[str, Any]:
    """Return an event as the platform writes it."""
    return {
        "id": f"event of {name} {object_id}",
        "name": name,
        "occurred_at": NOW.isoformat(),
        "actor_id": "somebody",
        "object_id": object_id,
        "data": data,
    }


def make_entry(sequence: int, event: dict[str, Any]) -> dict[str, Any]:
    """Return an event with a place in the log."""
    return {
        "sequence": sequence,
        "leaf_hash": leaf_hash(canonical_json(event)).hex(),
        "event": event,
    }


def _events(
    paper: Paper, approval: dict[str, Any], release: dict[str, Any]
) -> list[dict[str, Any]]:
    pinned = {"request_digest": digest(paper.request)}
    decision = make_event(
        "approvals.decision.recorded",
        PRODUCTION_ID,
        step=approval["step"],
        verdict=approval["decision"],
        **pinned,
    ) | {"actor_id": approval["approver"], "occurred_at": approval["decided_at"]}
    events = [
        make_event("consents.consent.granted", CONSENT_ID),
        make_event("productions.production.submitted", PRODUCTION_ID, **pinned),
        decision,
        make_event(
            "productions.production.released", PRODUCTION_ID, file_sha256=release["file_sha256"]
        ),
        make_event("consents.consent.granted", VOICE_CONSENT_ID),
    ]
    waiting = make_event("evidence.bundle.exported", PRODUCTION_ID)
    return [
        *(make_entry(number, event) for number, event in enumerate(events)),
        {"sequence": None, "leaf_hash": None, "event": waiting},
    ]
