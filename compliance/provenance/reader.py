"""Read a manifest back and say how far it can be believed."""

import base64
import io
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import c2pa

from compliance.errors import InvalidInput
from compliance.provenance.facts import (
    AUDIOMARK_ALGORITHM,
    ISCC_ALGORITHM,
    PRODUCTION_LABEL,
    RECOVERY_LABEL,
    SOFT_BINDING_LABEL,
)
from compliance.provenance.trust import CLAIM_LIST, TIMESTAMP_LIST, TrustAnchors


class ManifestState(StrEnum):
    """How far a manifest can be believed; only TRUSTED means that the publisher said it."""

    TRUSTED = "Trusted"
    VALID = "Valid"  # intact, but signed by nobody we know: says next to nothing
    INVALID = "Invalid"  # file or manifest were changed
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ManifestReport:
    """What a manifest says. Unless ``state`` is TRUSTED, anybody may have written it."""

    state: ManifestState
    failures: list[str] = field(default_factory=list)  # C2PA validation codes
    asset_id: str | None = None
    request_digest: str | None = None
    permit_id: str | None = None
    consent_receipt_sha256: str | None = None
    voice_consent_receipt_sha256: str | None = None
    voice_origin: str | None = None
    voice_engine: str | None = None
    status_url: str | None = None
    ai_label: str | None = None
    digital_source_type: str | None = None  # IPTC term of the action "created"
    engine: str | None = None
    models: dict[str, str] = field(default_factory=dict)  # weight file -> SHA-256
    inputs: dict[str, str] = field(default_factory=dict)  # role -> SHA-256
    label_place: dict[str, Any] = field(default_factory=dict)  # of the visible label; older: none
    captions_sha256: str = ""  # of the captions that come with it; empty: there are none
    signer: str | None = None  # common name in the signing certificate
    timestamped_at: datetime | None = None  # only from an authority we trust
    iscc: str = ""  # the soft binding of ISCC, an ISCC-SEQ in base64; empty if there is none
    audio_mark: str = ""  # asset id in the soft binding of the sound; empty if there is none
    manifest_id: str | None = None  # label of the active manifest
    recovered_for: str | None = None  # asset id of what this is a copy of (0082)


def read_manifest(path: Path, trust: TrustAnchors) -> ManifestReport:
    """Return what the C2PA manifest of ``path`` says.

    The state is TRUSTED when, in this order:

    1. The file carries a manifest and c2pa calls it Trusted: the hashes of file and assertions
       match, the signature holds, and the certificate chains to a root we know, at the time of
       a trusted time-stamp or now (C2PA 2.2, section 15).
    2. That root is one for claims. A time-stamp authority's certificate signs no claims, though
       c2pa accepts it.
    3. A trusted authority stamped the time.

    Raises:
        InvalidInput: there is no such file.
    """
    if not path.is_file():
        raise InvalidInput(f"There is no file {path}.", code="file-unreadable")
    try:  # 1
        with c2pa.Reader(path, context=trust.context()) as reader:
            state = ManifestState(reader.get_validation_state())
            results = (reader.get_validation_results() or {}).get("activeManifest", {})
            manifest = reader.get_active_manifest() or {}
    except c2pa.C2paError.ManifestNotFound:
        return ManifestReport(ManifestState.NONE)
    except c2pa.C2paError as error:
        return ManifestReport(ManifestState.INVALID, [f"unreadable: {error}"])
    failures = [str(item["code"]) for item in results.get("failure", [])]
    if state is ManifestState.TRUSTED:
        if not _found(results, "signingCredential.trusted", CLAIM_LIST):  # 2
            failures.append("signingCredential.notForClaims")
        if not _found(results, "timeStamp.trusted", TIMESTAMP_LIST):  # 3
            failures.append("timeStamp.untrusted")
        state = ManifestState.VALID if failures else state
    return _report(state, failures, manifest, results)


def read_label_picture(path: Path, trust: TrustAnchors) -> bytes:
    """Return the picture of the visible label that a manifest carries, whoever wrote it.

    Raises:
        InvalidInput: it carries none ("label-unreadable").
    """
    picture = io.BytesIO()
    try:
        with c2pa.Reader(path, context=trust.context()) as reader:
            ingredients = (reader.get_active_manifest() or {}).get("ingredients", [])
            names = [
                one["thumbnail"]["identifier"] for one in ingredients if one.get("title") == "label"
            ]
            reader.resource_to_stream(names[0], picture)
    except (c2pa.C2paError, LookupError, TypeError) as error:
        raise InvalidInput(
            f"The manifest carries no picture of the label: {error}.", code="label-unreadable"
        ) from error
    return picture.getvalue()


def _found(results: dict[str, Any], code: str, trust_list: str) -> bool:
    """Say whether a success of that code names that trust list."""
    return any(
        item["code"] == code and trust_list in item.get("explanation", "")
        for item in results.get("success", [])
    )


def _report(
    state: ManifestState, failures: list[str], manifest: dict[str, Any], results: dict[str, Any]
) -> ManifestReport:
    ours = _assertion(manifest, PRODUCTION_LABEL)
    voice = ours["voice"] if isinstance(ours.get("voice"), dict) else {}
    actions = _assertion(manifest, "c2pa.actions").get("actions", [])
    created: dict[str, Any] = next((a for a in actions if a.get("action") == "c2pa.created"), {})
    signature = manifest.get("signature_info", {})
    stamped = _found(results, "timeStamp.trusted", TIMESTAMP_LIST)
    return ManifestReport(
        state,
        failures,
        asset_id=_text(ours, "asset_id"),
        request_digest=_text(ours, "request_digest"),
        permit_id=_text(ours, "permit_id"),
        consent_receipt_sha256=_text(ours, "consent_receipt_sha256"),
        voice_consent_receipt_sha256=_text(voice, "consent_receipt_sha256"),
        voice_origin=_text(voice, "origin"),
        voice_engine=_text(voice, "engine"),
        status_url=_text(ours, "status_url"),
        ai_label=_text(ours, "ai_label"),
        digital_source_type=_text(created, "digitalSourceType"),
        engine=_text(ours["engine"] if isinstance(ours.get("engine"), dict) else {}, "name"),
        models=_models(ours),
        inputs=_inputs(ours),
        captions_sha256=_text(ours, "captions_sha256") or "",
        label_place=ours["label"] if isinstance(ours.get("label"), dict) else {},
        signer=_text(signature, "common_name"),
        timestamped_at=_time(_text(signature, "time")) if stamped else None,
        audio_mark=_hexadecimal(_soft_binding(manifest, AUDIOMARK_ALGORITHM)),
        iscc=_soft_binding(manifest, ISCC_ALGORITHM),
        manifest_id=_text(manifest, "label"),
        recovered_for=_text(_assertion(manifest, RECOVERY_LABEL), "asset_id"),
    )


def _assertion(manifest: dict[str, Any], label: str) -> dict[str, Any]:
    """Return the data of the first assertion of that label, any version; {} if there is none."""
    for assertion in manifest.get("assertions", []):
        data = assertion.get("data")
        if str(assertion.get("label")).split(".v")[0] == label and isinstance(data, dict):
            return data
    return {}


def _soft_binding(manifest: dict[str, Any], algorithm: str) -> str:
    """Return the value of the first soft binding of that algorithm; empty if there is none."""
    for assertion in manifest.get("assertions", []):
        data = assertion.get("data")
        label = str(assertion.get("label")).split("__")[0]  # a second one is called ...__1
        if label != SOFT_BINDING_LABEL or not isinstance(data, dict):
            continue
        blocks = data.get("blocks")
        if data.get("alg") == algorithm and isinstance(blocks, list) and blocks:
            first = blocks[0]
            return (_text(first, "value") or "") if isinstance(first, dict) else ""
    return ""


def _hexadecimal(value: str) -> str:
    """Return base64 as hexadecimal digits; empty if it is none: anybody may have written it."""
    try:
        return base64.b64decode(value, validate=True).hex()
    except ValueError:
        return ""


def _inputs(ours: dict[str, Any]) -> dict[str, str]:
    inputs = ours.get("inputs")
    if not isinstance(inputs, dict):
        return {}
    return {
        str(role): str(item["sha256"])
        for role, item in inputs.items()
        if isinstance(item, dict) and "sha256" in item
    }


def _models(ours: dict[str, Any]) -> dict[str, str]:
    models = ours.get("models")
    return {str(k): str(v) for k, v in models.items()} if isinstance(models, dict) else {}


def _text(data: dict[str, Any], name: str) -> str | None:
    value = data.get(name)
    return value if isinstance(value, str) else None


def _time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
