"""The numbered checks of an evidence pack."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from compliance.canonical import canonical_json, file_sha256
from compliance.errors import LedgerInvalid
from compliance.evidence import layout
from compliance.evidence.case import PackCase
from compliance.evidence.facts import ENDINGS, facts_bytes, facts_digest, own_note, receipt_terms
from compliance.evidence.signatures import (
    check_manifest_signature,
    check_pdf_signature,
    pdf_attachment,
)
from compliance.evidence.stamps import check_stamp
from compliance.ledger.tlogproof import check_inclusion
from compliance.log.cosigners import cosigners
from compliance.verify import approvals, governance, media, record
from compliance.verify.report import CannotCheck, Fails, Report, make_checks

OPTIONAL = frozenset({"models", "witnesses", "video", "credentials", "watermark"})
_NO_VIDEO = "The video is neither in the pack nor given (--video)."


def pack_verify(case: PackCase) -> Report:
    """Return the report on an evidence pack.

    The checks, in order:

    1. ``structure``: it is a zip as packs are: nothing unlisted, hidden or too large, no name that
       leads elsewhere.
    2. ``signature``: a trusted evidence key signed the manifest, time-stamped (CMS, RFC 5652).
    3. ``digests``: every member is in the manifest and has its SHA-256 and size.
    4. ``request``: the request has the digest that the video's manifest names.
    5. ``consents``: the signed consents of who is seen and who is heard cover it.
    6. ``identity``: the identity decisions are those that the consents name.
    7. ``approvals``: others than requester, depicted person and speaker approved exactly it.
    8. ``policy``: they are as many as the policy of then asks for, in each step.
    9. ``permit``: a signed permit allowed this rendering of these inputs.
    10. ``gate``: the release gate made all its checks, and they passed.
    11. ``checkpoint``: the pinned key of the log signed it (C2SP tlog-checkpoint).
    12. ``proofs``: every event stands in the log under this checkpoint (RFC 9162, 2.1.3.2).
    13. ``story``: the acts a release needs are among them.
    14. ``witnesses``: as many as the auditor asks for cosigned the checkpoint.
    15. ``timestamp``: a trusted authority saw the checkpoint (RFC 3161).
    16. ``models``: each model that was used is described by a card that names its digest.
    17. ``summary``: a trusted evidence key signed the PDF, all of it (PAdES).
    18. ``facts``: what it carries as facts is what this pack says.
    19. ``video``: it is the file that was released, byte for byte, and decodes.
    20. ``credentials``: its C2PA manifest is Trusted, discloses synthesis and says what the pack
        says that it does.
    21. ``watermark``: its pixels carry the asset id.

    Checks of what the auditor does not hold (a witness's key, the video, the mark's key) are *not
    made*, and that is no failure. Without the video, checks 4 to 9 rest on what the publisher
    signed about its manifest.
    """
    sha256 = file_sha256(case.path) if case.path.is_file() else None
    return Report(str(case.path), sha256, make_checks(case, _CHECKS, "pack"), OPTIONAL)


def _structure(case: PackCase) -> str:  # 1
    if not case.path.is_file():
        raise Fails(f"There is no file {case.path}.", code="structure-zip")
    return f"A pack of {len(case.archive.names)} members."


def _signature(case: PackCase) -> str:  # 2
    content, made = case.archive.read(layout.MANIFEST), case.archive.read(layout.SIGNATURE)
    signed = check_manifest_signature(content, made, case.trust.signatures)
    return f"Signed by {signed.signer}, time-stamped at {signed.at.isoformat()}."


def _digests(case: PackCase) -> str:  # 3
    listed = case.manifest.members
    there = set(case.archive.names) - {layout.MANIFEST, layout.SIGNATURE}
    if there - listed.keys():
        raise Fails(f"The manifest does not list {min(there - listed.keys())}.", code="unlisted")
    if listed.keys() - there:
        raise Fails(f"It lacks {min(listed.keys() - there)}.", code="member-missing")
    for name in sorted(there):
        if case.archive.measure(name) != listed[name]:
            raise Fails(f"{name} is not the one that was packed.", code="member-changed")
    _check_names(case)
    return f"All {len(listed)} members are those that were packed at {case.manifest.made_at}."


def _check_names(case: PackCase) -> None:
    """Make sure that manifest and evidence speak of the same production."""
    evidence = case.evidence
    named = (evidence["request"]["production"], evidence["release"]["asset_id"])
    if named != (case.manifest.production, case.manifest.asset_id):
        raise Fails("The manifest is of another production.", code="manifest-of-another")


def _request(case: PackCase) -> str:  # 4
    return governance.check_request(case.production) + _by_word(case)


def _consents(case: PackCase) -> str:  # 5
    return governance.check_consent(case.production) + _by_word(case)


def _identity(case: PackCase) -> str:  # 6
    methods = []
    for who, consent in (("seen", "consent"), ("heard", "voice_consent")):
        terms = receipt_terms(case.evidence[consent]["receipt"])
        told = case.evidence["identity"][who]
        if {"person": terms.principal, **terms.identity} != told:
            raise Fails(
                f"The identity decision on who is {who} is not the one the consent names.",
                code="identity-of-another",
            )
        methods.append(f"{who}: {terms.identity.get('method')}")
    return f"Who they are was decided before they consented ({', '.join(methods)})."


def _approvals(case: PackCase) -> str:  # 7
    return approvals.check_approvals(case.production)


def _policy(case: PackCase) -> str:  # 8
    """Each step of the policy as it was has approvals of as many different people as it asks."""
    steps = case.evidence["policy"]["steps"]
    if not steps:
        raise Fails("The policy asks nobody.", code="policy-empty")
    for step in steps:
        people = {a["approver"] for a in case.evidence["approvals"] if a["step"] == step["name"]}
        if len(people) < max(1, step["quorum"]):
            raise Fails(
                f"Step {step['name']!r} has {len(people)} of {step['quorum']} approvals.",
                code="policy-quorum",
            )
    _check_reviews(case.evidence)
    words = ", ".join(f"{step['name']} ({step['quorum']})" for step in steps)
    return f"As many approved as the policy of then asks for: {words}."


def _check_reviews(evidence: dict[str, Any]) -> None:
    """Make sure that as many people as the policy asks for watched the finished file."""
    wanted = evidence["policy"]["reviewers"]
    accepted = [review for review in evidence["reviews"] if review["accepted"]]
    people = {review["reviewer"] for review in accepted}
    if len(accepted) != len(evidence["reviews"]) or len(people) < wanted:
        raise Fails(f"{len(people)} of {wanted} reviewers accepted it.", code="review-missing")
    if any(r["file_sha256"] != evidence["release"]["file_sha256"] for r in accepted):
        raise Fails("A reviewer watched another file.", code="review-of-another")
    if evidence["requester"] in people:
        raise Fails("The requester reviewed it themselves.", code="review-by-requester")


def _permit(case: PackCase) -> str:  # 9
    return governance.check_permit(case.production) + _by_word(case)


def _gate(case: PackCase) -> str:  # 10
    return record.check_gate(replace(case.production, word="as the publisher signed it"))


def _checkpoint(case: PackCase) -> str:  # 11
    stated = case.verified_checkpoint.checkpoint
    return f"{stated.origin} signed {stated.size} events, root {stated.root.hex()}."


def _proofs(case: PackCase) -> str:  # 12
    case.need_checkpoint()
    proven: dict[int, bytes] = {}
    for name, proof in case.proofs.items():
        if name != layout.proof_name(proof.index):
            raise Fails(f"{name} is of event {proof.index}.", code="proof-misnamed")
        if proof.checkpoint != case.checkpoint:
            raise Fails(f"{name} is against another checkpoint.", code="proof-of-another")
        if proof.extra is None:
            raise Fails(f"{name} has no event in it.", code="proof-empty")
        try:
            check_inclusion(proof, proof.extra)
        except LedgerInvalid as error:
            raise Fails(f"{name}: {error}", code=error.code) from error
        proven[proof.index] = proof.extra
    told = {entry["sequence"]: canonical_json(entry["event"]) for entry in case.evidence["events"]}
    if len(told) != len(case.evidence["events"]) or told != proven:
        raise Fails("Evidence and proofs are not of the same events.", code="events-unproven")
    return f"{len(proven)} events, each in its place under the checkpoint."


def _story(case: PackCase) -> str:  # 13
    told = record.check_events(case.production)
    since = [e["event"] for e in case.evidence["events"] if e["event"]["name"] in ENDINGS]
    words = [f"{event['name']} at {event['occurred_at']}" for event in since]
    return told + (f" AFTERWARDS: {', '.join(words)}." if words else "")


def _witnesses(case: PackCase) -> str:  # 14
    if not case.trust.log.witnesses:
        raise CannotCheck("No witness's key was given (--witness).")
    return cosigners(case.need_checkpoint(), case.trust.log)


def _timestamp(case: PackCase) -> str:  # 15
    case.need_checkpoint()
    note = own_note(case.checkpoint)
    roots = case.trust.signatures.timestamp_roots
    moment = check_stamp(case.archive.read(layout.STAMP), note, roots)
    return f"A trusted authority saw the checkpoint at {moment.isoformat()}."


def _models(case: PackCase) -> str:  # 16
    used = case.evidence["result"]["models"]
    if used != case.production.manifest.models:
        raise Fails("The video's manifest names other models.", code="models-of-another")
    cards = [name for name in case.archive.names if name.startswith("models/")]
    texts = [case.archive.read(name).decode("utf-8", "replace") for name in cards]
    bare = [name for name, sha256 in used.items() if not any(sha256 in text for text in texts)]
    if bare:
        raise CannotCheck(f"There is no card for {', '.join(sorted(bare))}.")
    return f"{len(used)} models, each with its card."


def _summary(case: PackCase) -> str:  # 17
    signed = check_pdf_signature(case.archive.read(layout.SUMMARY), case.trust.signatures)
    return f"Signed by {signed.signer}, time-stamped at {signed.at.isoformat()}."


def _facts(case: PackCase) -> str:  # 18
    stated = pdf_attachment(case.archive.read(layout.SUMMARY), layout.FACTS)
    facts = facts_bytes(case.content)
    if stated != facts:
        raise Fails("The summary is of another pack.", code="facts-of-another")
    return f"The facts in the summary are those of this pack, digest {facts_digest(facts)}."


def _film(case: PackCase) -> Any:
    if case.film is None:
        raise CannotCheck(_NO_VIDEO)
    return case.production


def _video(case: PackCase) -> str:  # 19
    production = _film(case)
    return f"{media.check_readable(production)} {media.check_file(production)}"


def _credentials(case: PackCase) -> str:  # 20
    production = _film(case)
    said = media.check_manifest(production)
    disclosed = media.check_disclosure(production)
    if production.manifest != case.credentials:
        raise Fails("The pack says another thing of it.", code="credentials-of-another")
    return f"{said} {disclosed}"


def _watermark(case: PackCase) -> str:  # 21
    return media.check_watermark(_film(case))


def _by_word(case: PackCase) -> str:
    return "" if case.film else " By what the pack says of the video's manifest."


# A check returns a sentence when it holds, raises Fails or CannotCheck when not.
_CHECKS: tuple[tuple[str, Callable[[PackCase], str]], ...] = (
    ("structure", _structure),
    ("signature", _signature),
    ("digests", _digests),
    ("request", _request),
    ("consents", _consents),
    ("identity", _identity),
    ("approvals", _approvals),
    ("policy", _policy),
    ("permit", _permit),
    ("gate", _gate),
    ("checkpoint", _checkpoint),
    ("proofs", _proofs),
    ("story", _story),
    ("witnesses", _witnesses),
    ("timestamp", _timestamp),
    ("models", _models),
    ("summary", _summary),
    ("facts", _facts),
    ("video", _video),
    ("credentials", _credentials),
    ("watermark", _watermark),
)
