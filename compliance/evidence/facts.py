"""What a pack says in one document: the summary prints it, and the verifier writes it again.

The facts are a pure function of the pack's other members, whose digests they hold: a summary made
for one pack fits no other.
"""

from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from typing import Any

from compliance.canonical import canonical_json, read_canonical, sha256_hex
from compliance.evidence.stamps import stated_time
from compliance.ledger import Checkpoint, LogProof, parse_note
from compliance.provenance.reader import ManifestReport
from compliance.receipt.reader import read_statement
from compliance.receipt.terms import ConsentTerms

FORMAT = "rakkan-evidence-facts/1"
# What may have happened to a release since; a pack that was made later tells it.
ENDINGS = (
    "consents.consent.withdrawn",
    "consents.consent.narrowed",
    "productions.production.revoked",
    "releases.release.revoked",
)


@dataclass(frozen=True)
class Content:
    """What the facts are taken from.

    Attributes:
        evidence: the evidence document.
        credentials: what the video's C2PA manifest says.
        checkpoint: the signed note.
        stamp: the authority's answer about the checkpoint, RFC 3161.
        proofs: the proof files.
        members: name and SHA-256 of every member but manifest and summary.
    """

    evidence: dict[str, Any]
    credentials: ManifestReport
    checkpoint: bytes
    stamp: bytes
    proofs: list[bytes] = field(default_factory=list)
    members: dict[str, str] = field(default_factory=dict)


def facts_bytes(content: Content) -> bytes:
    """Return the facts of a pack in canonical JSON: equal packs have equal bytes.

    Raises:
        ComplianceError, LookupError, TypeError, ValueError: a member is malformed.
    """
    evidence = content.evidence
    return canonical_json(
        {
            "format": FORMAT,
            "production": _production(evidence),
            "consents": [
                _consent(evidence[name]["receipt"]) for name in ("consent", "voice_consent")
            ],
            "approvals": evidence["approvals"],
            "policy": evidence["policy"],
            "permit": _permit(evidence["permit"]),
            "made": _made(evidence),
            "marks": _marks(content.credentials),
            "gate": [
                {"name": check["name"], "outcome": check["outcome"]}
                for check in evidence["gate"]["checks"]
            ],
            **_lips(evidence),
            "log": _log(content),
            "members": content.members,
        }
    )


def facts_digest(facts: bytes) -> str:
    """Return what the summary prints at its foot: the SHA-256 of the facts."""
    return sha256_hex(facts)


def receipt_terms(receipt: str) -> ConsentTerms:
    """Return the terms in a receipt; who signed it is asked elsewhere."""
    return read_statement(_statement(receipt))


def own_note(checkpoint: bytes) -> bytes:
    """Return a checkpoint as the log alone signed it, without cosignatures: what is time-stamped.

    Raises:
        LedgerInvalid: it is no checkpoint.
    """
    note = parse_note(checkpoint)
    origin = Checkpoint.parse(note.text).origin
    lines = checkpoint[len(note.text) + 1 :].decode().splitlines(keepends=True)
    own = [line for line in lines if line.startswith(f"\u2014 {origin} ")]
    return note.text + b"\n" + "".join(own).encode()


def _statement(token: str) -> dict[str, Any]:
    _, payload, _ = token.split(".")
    statement = read_canonical(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    if not isinstance(statement, dict):
        raise TypeError("the signed statement is no object")
    return statement


def _lips(evidence: dict[str, Any]) -> dict[str, Any]:
    """Return how well the lips follow; releases from before they were looked at have nothing."""
    if "lips" not in evidence:
        return {}
    lips = evidence["lips"]
    in_time = f"{float(lips['facts']['in_time']):.2f}"
    return {"lips": {"outcome": str(lips["outcome"]), "in_time": in_time}}


def _production(evidence: dict[str, Any]) -> dict[str, Any]:
    request = evidence["request"]
    return {
        "id": request["production"],
        "title": request.get("title", ""),
        "purpose": request["purpose"],
        "channels": request["channels"],
        "territories": request["territories"],
        "language": request["spec"]["language"],
        "requester": request["requester"],
        "request_digest": evidence["request_digest"],
        "voice_origin": request["voice"]["origin"],
        "voice_engine": request["voice"]["engine"],
    }


def _consent(receipt: str) -> dict[str, Any]:
    terms = receipt_terms(receipt)
    return {
        "about": terms.target,
        "id": terms.consent_id,
        "person": terms.principal,
        "controller": terms.controller,
        "granted_at": terms.granted_at,
        "valid_from": terms.valid_from,
        "valid_until": terms.valid_until,
        "purposes": list(terms.purposes),
        "channels": list(terms.channels),
        "territories": list(terms.territories),
        "languages": list(terms.languages),
        "permitted_changes": list(terms.permitted_changes),
        "ai_label": terms.ai_label,
        "identity_method": terms.identity.get("method", ""),
        "supersedes": terms.supersedes,
        "receipt_sha256": sha256_hex(receipt.encode()),
    }


def _permit(token: str) -> dict[str, Any]:
    permit = _statement(token)
    return {name: permit[name] for name in ("permit_id", "issued_at", "expires_at")}


def _made(evidence: dict[str, Any]) -> dict[str, Any]:
    result, release = evidence["result"], evidence["release"]
    return {
        "engine": result["engine"],
        "engine_version": result.get("engine_version", ""),
        "models": result.get("models", {}),
        "asset_id": release["asset_id"],
        "file_sha256": release["file_sha256"],
        "size": release["size"],
        "released_at": release["released_at"],
    }


def _marks(credentials: ManifestReport) -> dict[str, Any]:
    stamped = credentials.timestamped_at
    return {
        "signer": credentials.signer,
        "timestamped_at": stamped.isoformat() if stamped else None,
        "digital_source_type": credentials.digital_source_type,
        "ai_label": credentials.ai_label,
        "asset_id": credentials.asset_id,
        "status_url": credentials.status_url,
    }


def _log(content: Content) -> dict[str, Any]:
    note = parse_note(content.checkpoint)
    stated = Checkpoint.parse(note.text)
    names = sorted({signature.name for signature in note.signatures} - {stated.origin})
    return {
        "origin": stated.origin,
        "size": stated.size,
        "root": stated.root.hex(),
        "cosigners": names,
        "stamped_at": stated_time(content.stamp).isoformat(),
        "events": sorted(map(_event, content.proofs), key=lambda event: int(event["number"])),
    }


def _event(proof: bytes) -> dict[str, Any]:
    read = LogProof.parse(proof)
    event = read_canonical(read.extra or b"")
    return {
        "number": read.index,
        "name": event["name"],
        "occurred_at": event["occurred_at"],
    }
