"""Checks 6 to 9: who allowed it. Everything hangs on the digest of the request."""

from datetime import datetime
from typing import Any

from compliance.canonical import digest, sha256_hex
from compliance.permit import Permit, permit_verify
from compliance.receipt import ConsentTerms
from compliance.receipt.policy import WORLD
from compliance.receipt.reader import check_digest, read_statement
from compliance.signing import KeyRole
from compliance.verify.case import Case
from compliance.verify.report import Fails


def check_request(case: Case) -> str:
    """6. The request in the evidence is the one whose digest the manifest carries."""
    evidence = case.need_evidence()
    actual = digest(evidence["request"])
    if actual != evidence["request_digest"]:
        raise Fails(f"The request was changed: its digest is {actual}.")
    if actual != case.need_manifest().request_digest:
        raise Fails(f"The manifest was signed for request {case.manifest.request_digest}.")
    return f"Request {actual}."


def check_consent(case: Case) -> str:
    """7. The depicted person's consent covers the request.

    In this order: a trusted key signed the receipt; the manifest names this receipt; the record
    in it is the one the request was made under; portrait, purpose, channels, territories,
    language and what is changed of the picture lie within it; the release fell into its term.
    """
    evidence, manifest = case.need_evidence(), case.need_manifest()
    receipt, request = evidence["consent"]["receipt"], evidence["request"]
    statement = case.need_trust().verifier(KeyRole.RECEIPT).verify(receipt)
    if sha256_hex(receipt.encode()) != manifest.consent_receipt_sha256:
        raise Fails("The manifest names another consent receipt.")
    record_digest, terms = check_digest(statement), read_statement(statement)
    if request["consent"] != {"id": terms.consent_id, "record_digest": record_digest}:
        raise Fails("The request was made under another consent.")
    _check_scope(request, terms, manifest.inputs.get("portrait"))
    _check_term(evidence["release"]["released_at"], terms)
    return f"Consent {terms.consent_id} covers it, until {terms.valid_until}."


def _check_scope(request: dict[str, Any], terms: ConsentTerms, portrait: str | None) -> None:
    if terms.portrait_sha256 != portrait:
        raise Fails("The consent was given for another portrait.")
    asked = {
        "purposes": [request["purpose"]],
        "channels": request["channels"],
        "territories": request["territories"],
        "languages": [request["spec"]["language"]],
    }
    for name, words in asked.items():
        allowed = set(getattr(terms, name))
        covered = name == "territories" and WORLD in allowed and words
        outside = [] if covered else sorted(set(words) - allowed)
        if outside or not words:
            raise Fails(f"The consent does not cover {name}: {', '.join(outside) or 'none named'}.")
    changes = sorted(set(request["spec"]["permitted_changes"]) - set(terms.permitted_changes))
    if changes:
        raise Fails(f"The consent does not permit to change: {', '.join(changes)}.")


def _check_term(released_at: str, terms: ConsentTerms) -> None:
    moment = datetime.fromisoformat(released_at)
    if not terms.starts <= moment < terms.ends:
        raise Fails(
            f"It was released at {moment}; the consent ran from {terms.starts} to {terms.ends}."
        )


def check_approvals(case: Case) -> str:
    """8. Somebody else approved exactly this request, before it was released."""
    evidence = case.need_evidence()
    approvals, requester = evidence["approvals"], evidence["requester"]
    if not approvals:
        raise Fails("Nobody approved it.")
    if requester != evidence["request"]["requester"]:
        raise Fails("The evidence names another requester than the request.")
    for approval in approvals:
        step = approval["step"]
        if approval["decision"] != "approve":
            raise Fails(f"Step {step!r} was decided {approval['decision']!r}.")
        if approval["approver"] == requester:
            raise Fails(f"The requester approved step {step!r} themselves.")
        if approval["request_digest"] != evidence["request_digest"]:
            raise Fails(f"Step {step!r} approved another request.")
        if _moment(approval["decided_at"]) > _moment(evidence["release"]["released_at"]):
            raise Fails(f"Step {step!r} was decided after the release.")
    steps = ", ".join(str(approval["step"]) for approval in approvals)
    return f"Approved by others than the requester: {steps}."


def check_permit(case: Case) -> str:
    """9. A signed permit allowed this rendering, after the approvals, for these very inputs."""
    evidence, manifest = case.need_evidence(), case.need_manifest()
    permit = _permit(case, evidence["permit"])
    expected = {
        "request": (permit.request_digest, evidence["request_digest"]),
        "specification": (permit.spec.to_dict(), evidence["request"]["spec"]),
        "asset": (permit.asset_id, manifest.asset_id),
        "permit id": (permit.permit_id, manifest.permit_id),
        "inputs": ({item.role: item.sha256 for item in permit.spec.inputs}, manifest.inputs),
        "engine": (permit.spec.engine, evidence["result"]["engine"]),
    }
    for name, (permitted, made) in expected.items():
        if permitted != made:
            raise Fails(f"The permit's {name} is not that of the file.")
    if any(_moment(item["decided_at"]) > permit.issued_at for item in evidence["approvals"]):
        raise Fails("The permit was issued before the approvals were complete.")
    return f"Permit {permit.permit_id}, issued {permit.issued_at}."


def _permit(case: Case, token: str) -> Permit:
    verifier = case.need_trust().verifier(KeyRole.PERMIT)
    # a permit lives for minutes: an audit asks whether it was in order when it was issued
    issued_at = _moment(verifier.verify(token)["issued_at"])
    return permit_verify(token, verifier, now=issued_at)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
