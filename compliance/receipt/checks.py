"""The numbered checks of a receipt: what the person who keeps it, or an auditor, can tell alone."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from compliance.canonical import file_sha256
from compliance.errors import ComplianceError
from compliance.receipt.biometric import RECEIPT, BiometricTerms, read_biometric
from compliance.receipt.reader import check_digest, read_statement
from compliance.receipt.terms import LIKENESS, VOICE, ConsentTerms, ReceiptInvalid
from compliance.signing import KeyRole, StatementVerifier
from compliance.verify.report import CannotCheck, Fails, Report, make_checks

_MAX_BYTES = 1 << 20  # a receipt has a few kB
_FILES = {LIKENESS: "portrait", VOICE: "voice sample"}  # what pins the target of a consent


@dataclass(frozen=True)
class ReceiptCase:
    """One receipt, whom to trust, and the moment that is asked about."""

    path: Path
    trust: Path | None
    at: datetime

    @cached_property
    def document(self) -> dict[str, Any]:
        """The file: as downloaded (JSON), or the bare compact JWS.

        Raises:
            Fails: it is neither.
        """
        try:
            with self.path.open("rb") as stream:
                text = stream.read(_MAX_BYTES + 1).decode().strip()
        except (OSError, ValueError) as error:
            raise Fails(f"The file cannot be read: {error}.") from error
        if len(text) > _MAX_BYTES:
            raise Fails("The file is too large for a receipt.")
        if text.count(".") == 2 and not text.startswith("{"):
            return {"receipt": text}
        try:
            document = json.loads(text)
        except ValueError as error:
            raise Fails(f"It is neither a receipt nor JSON: {error}.") from error
        if not isinstance(document, dict) or not isinstance(document.get("receipt"), str):
            raise Fails("It holds no signed receipt.")
        return document

    @cached_property
    def signed(self) -> dict[str, Any]:
        """What a trusted receipt key signed.

        Raises:
            CannotCheck: nobody said whom to trust.
            SignatureInvalid: no trusted key signed this.
        """
        pem = self.trust / f"{KeyRole.RECEIPT.value}.pub.pem" if self.trust else None
        if pem is None or not pem.is_file():
            raise CannotCheck("No trust folder with receipt.pub.pem (--trust or RAKKAN_TRUST).")
        verifier = StatementVerifier.from_pems(KeyRole.RECEIPT, [pem.read_bytes()])
        return verifier.verify(self.document["receipt"])

    def need_signed(self) -> dict[str, Any]:
        """Return the signed statement, or say that it cannot be believed."""
        try:
            return self.signed
        except (CannotCheck, ComplianceError) as error:
            raise CannotCheck("The receipt is not to be believed (check 2).") from error

    def need_terms(self) -> ConsentTerms | BiometricTerms:
        """Return the terms, or say that they cannot be read."""
        signed = self.need_signed()
        try:
            return _read(signed)
        except ComplianceError as error:
            raise CannotCheck("The record cannot be read (check 4).") from error


def receipt_verify(case: ReceiptCase) -> Report:
    """Return the report on a receipt.

    The checks, in order:

    1. ``readable``: the file holds a receipt.
    2. ``signature``: a trusted receipt key signed it (JWS, Ed25519, RFC 8785).
    3. ``digest``: the digest is that of the signed record, and the file shows that same record.
    4. ``format``: the version is known and the record does not contradict itself.
    5. ``parties``: it names controller and person; of a likeness or voice, also its file and how
       the person was identified.
    6. ``scope``: it allows something, and says what viewers are told; biometric matching is for
       identity verification alone and its templates have a date to be destroyed by.
    7. ``term``: it was live, by its term, at the moment that is asked about.
    8. ``withdrawal``: it says how the person withdraws.

    Whether it was withdrawn since is not in a receipt; the publisher's status says so.
    """
    sha256 = file_sha256(case.path) if case.path.is_file() else None
    return Report(str(case.path), sha256, make_checks(case, _CHECKS, "record"))


def _read(signed: dict[str, Any]) -> ConsentTerms | BiometricTerms:
    if signed.get("format") != RECEIPT:
        return read_statement(signed)
    terms = read_biometric(signed.get("record") or {})
    if terms.consent_id != signed.get("consent_id"):
        raise ReceiptInvalid("Receipt and record are about different consents.")
    return terms


def _readable(case: ReceiptCase) -> str:  # 1
    return f"A receipt of {len(case.document['receipt'])} characters."


def _signature(case: ReceiptCase) -> str:  # 2
    return f"Signed by a trusted receipt key: {len(case.signed)} fields."


def _digest(case: ReceiptCase) -> str:  # 3
    signed = case.need_signed()
    named = check_digest(signed)
    for field in ("consent_id", "record", "record_digest"):
        if field in case.document and case.document[field] != signed.get(field):
            raise Fails(f"The file shows another {field} than was signed.")
    return f"Record {named}."


def _format(case: ReceiptCase) -> str:  # 4
    signed = case.need_signed()
    _read(signed)
    return f"{signed['format']} with {signed['record']['schema_version']}."


def _parties(case: ReceiptCase) -> str:  # 5
    terms = case.need_terms()
    needed = {"controller": terms.controller, "person": terms.principal}
    if isinstance(terms, ConsentTerms):
        needed[_FILES[terms.target]] = terms.target_sha256
        needed["identity decision"] = terms.identity.get("decision", "")
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise Fails(f"It does not name: {', '.join(missing)}.")
    about = "face and voice"
    if isinstance(terms, ConsentTerms):
        about = f"{_FILES[terms.target]} {terms.target_sha256[:16]}"
    return f"{terms.principal} to {terms.controller}, for {about}."


def _scope(case: ReceiptCase) -> str:  # 6
    terms = case.need_terms()
    if isinstance(terms, BiometricTerms):
        if terms.destroyed < terms.ends:
            raise Fails("Templates would have to be destroyed before the term ends.")
        return f"Identity verification only; templates destroyed by {terms.destroy_by}."
    names = ("purposes", "channels", "territories", "languages", "ai_label")
    missing = [name for name in names if not getattr(terms, name)]
    if missing:
        raise Fails(f"It allows nothing: {', '.join(missing)} is empty.")
    words = [", ".join(getattr(terms, name)) for name in names[:4]]
    return f"{'; '.join(words)}; changes: {', '.join(terms.permitted_changes) or 'none'}."


def _term(case: ReceiptCase) -> str:  # 7
    terms = case.need_terms()
    if not terms.starts < terms.ends or not terms.given < terms.ends:
        raise Fails(f"The term from {terms.valid_from} to {terms.valid_until} is none.")
    if case.at < terms.starts:
        raise Fails(f"It is not valid before {terms.valid_from}.")
    if case.at >= terms.ends:
        raise Fails(f"It ended at {terms.valid_until}.")
    return f"From {terms.valid_from} to {terms.valid_until}."


def _withdrawal(case: ReceiptCase) -> str:  # 8
    terms = case.need_terms()
    if not terms.withdrawal:
        raise Fails("It does not say how the person withdraws.")
    return f"It can be withdrawn {terms.withdrawal}."


# A check returns a sentence when it holds, raises Fails or CannotCheck when not.
_CHECKS: tuple[tuple[str, Callable[[ReceiptCase], str]], ...] = (
    ("readable", _readable),
    ("signature", _signature),
    ("digest", _digest),
    ("format", _format),
    ("parties", _parties),
    ("scope", _scope),
    ("term", _term),
    ("withdrawal", _withdrawal),
)
