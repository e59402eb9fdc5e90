"""What a manifest states, and the one place that writes it in C2PA's words."""

import base64
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from compliance.canonical import digest
from compliance.label.place import LabelPlace
from compliance.watermark.payload import asset_id_bytes

GENERATOR = "Rakkan"
PRODUCTION_LABEL = "org.rakkan.production"
RECOVERY_LABEL = "org.rakkan.recovery"
WATERMARK_ALGORITHM = "org.rakkan.dwtdctsvd.1"
AUDIOMARK_ALGORITHM = "org.rakkan.contrast.1"  # of the sound (0083)
ISCC_ALGORITHM = "io.iscc.v0"  # on C2PA's list; its value is an ISCC-SEQ (IEP-0020)
SOFT_BINDING_LABEL = "c2pa.soft-binding"
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
_NO_MINING = ("ai_generative_training", "ai_inference", "ai_training", "data_mining")


@dataclass(frozen=True, slots=True)
class InputFact:
    """One file that went into the production."""

    path: Path
    sha256: str
    media_type: str


@dataclass(frozen=True, slots=True)
class ManifestFacts:
    """Everything a manifest says; the caller vouches for it, the signature freezes it."""

    title: str
    asset_id: str  # 16 lower-case hexadecimal digits, the same that the watermark carries
    engine: str
    engine_version: str
    models: dict[str, str]  # weight file -> SHA-256
    portrait: InputFact
    voice: InputFact
    consent_receipt_sha256: str  # of the ASCII bytes of the receipt's compact JWS
    consent_receipt_url: str  # where whoever may read it finds it
    voice_consent_receipt_sha256: str  # the same, of whoever is heard
    voice_consent_receipt_url: str
    voice_origin: str  # "recorded" or "synthetic", as the requester declared
    voice_engine: str  # that made synthetic speech; empty for a recording
    request_digest: str
    permit_id: str
    status_url: str
    created_at: datetime  # aware
    ai_label: str  # the words that disclose synthesis, as the consent asks
    cpu_seconds: float
    wall_seconds: float
    watched: bool  # a person watches the result before it is released
    label: InputFact | None = None  # the picture of the visible AI label; older files have none
    label_place: LabelPlace | None = None
    background: InputFact | None = None  # the picture behind the person, if one was given
    captions_sha256: str = ""  # of a WebVTT file that comes with the video; empty: there is none
    iscc: bytes = b""  # ISCC-SEQ of the file before it is signed; empty: no such soft binding

    def inputs(self) -> dict[str, InputFact]:
        """Return the inputs by role."""
        maybe = {"label": self.label, "background": self.background}
        given = {role: item for role, item in maybe.items() if item is not None}
        return {"portrait": self.portrait, "voice": self.voice, **given}


def manifest_definition(facts: ManifestFacts, version: str) -> dict[str, Any]:
    """Return the manifest definition for c2pa's Builder (ingredients are added to it apart).

    Args:
        facts: what to state.
        version: version of this program.

    Raises:
        InvalidInput: the asset id is not 16 hexadecimal digits.
    """
    assertions = [
        ("c2pa.actions.v2", {"actions": _actions(facts)}),
        *((SOFT_BINDING_LABEL, binding) for binding in _soft_bindings(facts)),
        ("c2pa.ai-disclosure", _disclosure(facts)),
        *(("c2pa.external-reference", {"location": place}) for place in _references(facts)),
        (
            "cawg.training-mining",
            {"entries": {f"cawg.{use}": {"use": "notAllowed"} for use in _NO_MINING}},
        ),
        (PRODUCTION_LABEL, _production(facts)),
    ]
    return {
        "claim_generator_info": [{"name": GENERATOR, "version": version}],
        "title": facts.title,
        "format": "video/mp4",
        "assertions": [
            # "created", not "gathered": every statement here is the signer's own
            {"label": label, "data": data, "created": True}
            for label, data in assertions
        ],
    }


def _actions(facts: ManifestFacts) -> list[dict[str, Any]]:
    return [
        {
            "action": "c2pa.created",
            "digitalSourceType": SOURCE_TYPE,
            "softwareAgent": {"name": facts.engine, "version": facts.engine_version},
            "when": facts.created_at.isoformat(),
            "description": facts.ai_label,
        },
        {"action": "c2pa.placed", "parameters": {"ingredientIds": list(facts.inputs())}},
        *(
            {"action": "c2pa.watermarked.bound", "parameters": {"alg": algorithm}}
            for algorithm in (WATERMARK_ALGORITHM, AUDIOMARK_ALGORITHM)
        ),
    ]


def _soft_bindings(facts: ManifestFacts) -> list[dict[str, Any]]:
    marked = asset_id_bytes(facts.asset_id)  # picture and sound carry the same
    values = {
        WATERMARK_ALGORITHM: marked,
        AUDIOMARK_ALGORITHM: marked,
        ISCC_ALGORITHM: facts.iscc,
    }
    return [
        {"alg": alg, "blocks": [{"scope": {}, "value": base64.b64encode(value).decode()}]}
        for alg, value in values.items()
        if value
    ]


def _disclosure(facts: ManifestFacts) -> dict[str, Any]:
    """Say which model made it and how far people saw to it; the models' digests pin its weights."""
    return {
        "modelType": "c2pa.types.model",
        "modelName": f"{facts.engine} {facts.engine_version}",
        "modelIdentifier": f"urn:org.rakkan:models:sha256:{digest(facts.models)}",
        "contentProfile": {
            "humanOversightLevel": "human_validated" if facts.watched else "prompt_guided"
        },
    }


def _references(facts: ManifestFacts) -> list[dict[str, Any]]:
    """Name what lies elsewhere: the consent receipts by their digests, the status that changes."""
    receipts = (
        (facts.consent_receipt_url, facts.consent_receipt_sha256),
        (facts.voice_consent_receipt_url, facts.voice_consent_receipt_sha256),
    )
    hashed = [
        {
            "url": url,
            "alg": "sha256",
            "hash": list(bytes.fromhex(sha256)),  # JSON has no bytes: c2pa writes an array
            "dc:format": "application/jose",
        }
        for url, sha256 in dict(receipts).items()  # who speaks for themself has one consent or two
    ]
    return [*hashed, {"url": facts.status_url}]


def _production(facts: ManifestFacts) -> dict[str, Any]:
    """Return our own assertion: C2PA ingredients carry no hash of the source file, so it does."""
    return {
        "asset_id": facts.asset_id,
        "request_digest": facts.request_digest,
        "permit_id": facts.permit_id,
        "consent_receipt_sha256": facts.consent_receipt_sha256,
        "voice": {
            "origin": facts.voice_origin,
            "engine": facts.voice_engine,
            "consent_receipt_sha256": facts.voice_consent_receipt_sha256,
        },
        "status_url": facts.status_url,
        "ai_label": facts.ai_label,
        **({"label": facts.label_place.to_dict()} if facts.label_place else {}),
        **({"captions_sha256": facts.captions_sha256} if facts.captions_sha256 else {}),
        "created_at": facts.created_at.isoformat(),
        "engine": {"name": facts.engine, "version": facts.engine_version},
        "models": facts.models,
        "inputs": {
            role: {"sha256": item.sha256, "media_type": item.media_type}
            for role, item in facts.inputs().items()
        },
        "cpu_seconds": facts.cpu_seconds,
        "wall_seconds": facts.wall_seconds,
    }
