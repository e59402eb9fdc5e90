"""Checks 6, 7 and 9: what was asked for and who allowed it.

Everything hangs on the digest of the request, and all time on the manifest's trusted time-stamp:
what the evidence says of time is signed by nobody.
"""

from datetime import datetime, timedelta
from typing import Any

from compliance.canonical import digest, sha256_hex
from compliance.permit import Permit, permit_verify
from compliance.receipt import ConsentTerms
from compliance.receipt.policy import WORLD
from compliance.receipt.reader import check_digest, read_statement
from compliance.receipt.terms import LIKENESS, VOICE
from compliance.signing import KeyRole
from compliance.verify.case import Case
from compliance.verify.report import Fails

RECORDED = "recorded"  # the one origin of a voice track that puts no words into a mouth
SYNTHETIC_SPEECH = "synthetic_speech"
CLOCK_SKEW = timedelta(minutes=5)  # by which the publisher's clock may differ from the authority's
# The gate follows the seal at once; a seal worker that was killed in between is missed and its
# work taken up within minutes.
RELEASE_DELAY = timedelta(minutes=60)


def check_request(case: Case) -> str:
    """6. The request in the evidence is the one whose digest the manifest carries.

    Captions are named by both.
    """
    evidence = case.need_evidence()
    actual = digest(evidence["request"])
    if actual != evidence["request_digest"]:
        raise Fails(f"The request was changed: its digest is {actual}.", code="request-changed")
    if actual != case.need_manifest().request_digest:
        raise Fails(
            f"The manifest was signed for request {case.manifest.request_digest}.",
            code="request-of-another",
        )
    if evidence["request"].get("captions", "") != case.manifest.captions_sha256:
        raise Fails("The manifest names other captions than the request.", code="captions-other")
    return f"Request {actual}."


def check_consent(case: Case) -> str:
    """7. Who is seen and who is heard consented to the request.

    Of each of the two consents, in this order: a trusted key signed the receipt; the manifest
    names this receipt; the record in it is the one the request was made under; it is about this
    portrait, or about this voice; purpose, channels, territories, language and what is changed
    lie within it; the trusted time-stamp and the release that followed it fell into its term.
    """
    evidence = case.need_evidence()
    moment = stamped_at(case)
    released_at = datetime.fromisoformat(evidence["release"]["released_at"])
    if not moment - CLOCK_SKEW <= released_at <= moment + RELEASE_DELAY:
        raise Fails(
            f"The evidence says it was released at {released_at}; it was time-stamped at {moment}."
        )
    seen, heard = consent_terms(case), voice_consent_terms(case)
    _check_target(seen, LIKENESS, case.need_manifest().inputs.get("portrait"))
    _check_target(heard, VOICE, evidence["request"]["voice"]["sample_sha256"])
    for terms in (seen, heard):
        _check_scope(evidence["request"], terms)
        _check_term("time-stamped", moment, terms)
        _check_term("released", released_at, terms)
    return (
        f"Consent {seen.consent_id} covers it, until {seen.valid_until}; "
        f"consent {heard.consent_id} the voice, until {heard.valid_until}."
    )


def consent_terms(case: Case) -> ConsentTerms:
    """Return the terms of the consent of whoever is seen, which manifest and request name.

    Raises:
        CannotCheck: nobody said whom to trust, or there is no evidence.
        Fails: manifest or request name another consent.
        SignatureInvalid: nobody we trust signed the receipt.
        ReceiptInvalid: it cannot be read.
    """
    evidence = case.need_evidence()
    named = case.need_manifest().consent_receipt_sha256
    return _terms(case, evidence["consent"]["receipt"], named, evidence["request"]["consent"])


def voice_consent_terms(case: Case) -> ConsentTerms:
    """Return the terms of the consent of whoever is heard, which manifest and request name.

    Raises:
        Fails: nobody was asked, or manifest and request name another voice.
        CannotCheck, SignatureInvalid, ReceiptInvalid: as :func:`consent_terms`.
    """
    evidence, manifest = case.need_evidence(), case.need_manifest()
    voice = evidence["request"].get("voice")
    if voice is None:
        raise Fails("The request names no speaker: nobody consented to the use of the voice.")
    if (voice["origin"], voice["engine"]) != (manifest.voice_origin, manifest.voice_engine):
        raise Fails(f"The manifest says that the voice is {manifest.voice_origin}.")
    named = manifest.voice_consent_receipt_sha256
    return _terms(case, evidence["voice_consent"]["receipt"], named, voice["consent"])


def _terms(case: Case, receipt: str, named: str | None, pinned: dict[str, Any]) -> ConsentTerms:
    statement = case.need_trust().verifier(KeyRole.RECEIPT).verify(receipt)
    if sha256_hex(receipt.encode()) != named:
        raise Fails("The manifest names another consent receipt.", code="receipt-of-another")
    record_digest, terms = check_digest(statement), read_statement(statement)
    if pinned != {"id": terms.consent_id, "record_digest": record_digest}:
        raise Fails("The request was made under another consent.", code="consent-of-another")
    return terms


def stamped_at(case: Case) -> datetime:
    """Return the one moment that somebody else than the publisher vouches for.

    Raises:
        CannotCheck: the manifest is not to be trusted.
        Fails: it carries no trusted time-stamp.
    """
    moment = case.need_manifest().timestamped_at
    if moment is None:
        raise Fails("The manifest carries no trusted time-stamp.")
    return moment


def _check_target(terms: ConsentTerms, kind: str, sha256: str | None) -> None:
    if (terms.target, terms.target_sha256) != (kind, sha256):
        what = "portrait" if kind == LIKENESS else "voice"
        raise Fails(f"The consent was given for another {what}.", code="consent-target")


def _check_scope(request: dict[str, Any], terms: ConsentTerms) -> None:
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
            raise Fails(
                f"The consent does not cover {name}: {', '.join(outside) or 'none named'}.",
                code="consent-scope",
            )
    changes = sorted(_changes(request, terms.target) - set(terms.permitted_changes))
    if changes:
        raise Fails(
            f"The consent does not permit to change: {', '.join(changes)}.", code="consent-changes"
        )


def _changes(request: dict[str, Any], target: str) -> set[str]:
    if target == LIKENESS:
        return set(request["spec"]["permitted_changes"])
    return set() if request["voice"]["origin"] == RECORDED else {SYNTHETIC_SPEECH}


def _check_term(act: str, moment: datetime, terms: ConsentTerms) -> None:
    if not terms.starts <= moment < terms.ends:
        raise Fails(
            f"It was {act} at {moment}; the consent ran from {terms.starts} to {terms.ends}.",
            code="consent-term",
        )


def check_permit(case: Case) -> str:
    """9. A signed permit allowed this rendering, after the approvals, for these very inputs."""
    evidence, manifest = case.need_evidence(), case.need_manifest()
    permit = _permit(case, evidence["permit"])
    expected = {
        "request": (permit.request_digest, evidence["request_digest"]),
        "specification": (permit.spec.to_dict(), evidence["request"]["spec"]),
        "asset": (permit.asset_id, manifest.asset_id),
        "permit id": (permit.permit_id, manifest.permit_id),
        "production": (permit.subject_id, evidence["request"]["production"]),
        "inputs": ({item.role: item.sha256 for item in permit.spec.inputs}, manifest.inputs),
        "engine": (permit.spec.engine, evidence["result"]["engine"]),
    }
    if permit.spec.weights:
        drawn_with = manifest.models.get(permit.spec.engine)
        expected["engine's weights"] = (permit.spec.weights, drawn_with)
    for name, (permitted, made) in expected.items():
        if permitted != made:
            raise Fails(f"The permit's {name} is not that of the file.", code="permit-of-another")
    if any(_moment(item["decided_at"]) > permit.issued_at for item in evidence["approvals"]):
        raise Fails(
            "The permit was issued before the approvals were complete.", code="permit-too-early"
        )
    if permit.issued_at > stamped_at(case) + CLOCK_SKEW:
        raise Fails(f"The permit was issued at {permit.issued_at}, after the file was sealed.")
    return f"Permit {permit.permit_id}, issued {permit.issued_at}."


def _permit(case: Case, token: str) -> Permit:
    verifier = case.need_trust().verifier(KeyRole.PERMIT)
    # a permit lives for minutes: an audit asks whether it was in order when it was issued
    issued_at = _moment(verifier.verify(token)["issued_at"])
    return permit_verify(token, verifier, now=issued_at)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
