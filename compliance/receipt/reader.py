"""Read consent records of every version; nothing else in Rakkan looks inside a record.

| receipt | record | since |
|---|---|---|
| ``rakkan-consent-receipt/1`` | ``rakkan-consent/1``: plain lists | the first release |
| ``rakkan-consent-receipt/2`` | ``rakkan-consent/2``: JSON-LD, scope as ODRL | ISO/IEC TS 27560 |
| ``rakkan-consent-receipt/3`` | ``rakkan-consent/3``: about a likeness or a voice | voices |
"""

from typing import Any

from compliance.canonical import digest
from compliance.receipt.policy import read_words
from compliance.receipt.record import RECEIPT_FORMAT, RECORD_V2, RECORD_V3, write_record
from compliance.receipt.terms import LIKENESS, VOICE, ConsentTerms, ReceiptInvalid

RECORD_V1 = "rakkan-consent/1"
RECEIPT_V1 = "rakkan-consent-receipt/1"
RECEIPT_V2 = "rakkan-consent-receipt/2"
_RECORD_OF = {RECEIPT_V1: RECORD_V1, RECEIPT_V2: RECORD_V2, RECEIPT_FORMAT: RECORD_V3}
_URN = "urn:uuid:"


def check_digest(statement: dict[str, Any]) -> str:
    """Return the digest of the record in a signed statement.

    Raises:
        ReceiptInvalid: the statement names another digest, or has no record.
    """
    record, named = statement.get("record"), statement.get("record_digest")
    if not isinstance(record, dict):
        raise ReceiptInvalid("The receipt holds no consent record.")
    if digest(record) != named:
        raise ReceiptInvalid(
            "The receipt's digest is not that of its record.", code="receipt-digest"
        )
    return str(named)


def read_statement(statement: dict[str, Any]) -> ConsentTerms:
    """Return the terms in what a receipt key signed; signature and digest are checked elsewhere.

    Raises:
        ReceiptInvalid: the format is unknown, the record is of another version than the receipt
            says, contradicts itself, or is about another consent.
    """
    version = _RECORD_OF.get(str(statement.get("format")))
    if version is None:
        raise ReceiptInvalid(
            f"Unknown receipt format {statement.get('format')!r}.", code="receipt-format"
        )
    record = statement.get("record")
    if not isinstance(record, dict) or record.get("schema_version") != version:
        raise ReceiptInvalid(f"The record is not {version}.", code="receipt-format")
    terms = read_record(record)
    if terms.consent_id != statement.get("consent_id"):
        raise ReceiptInvalid("Receipt and record are about different consents.")
    return terms


def read_record(record: dict[str, Any]) -> ConsentTerms:
    """Return the terms of a consent record of any known version.

    Raises:
        ReceiptInvalid: the version is unknown, a field is missing, or parts contradict each other.
    """
    versions = {RECORD_V1: _read_v1, RECORD_V2: _read_json_ld, RECORD_V3: _read_json_ld}
    read = versions.get(str(record.get("schema_version")))
    if read is None:
        raise ReceiptInvalid(
            f"Unknown record version {record.get('schema_version')!r}.", code="receipt-format"
        )
    try:
        return read(record)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ReceiptInvalid(f"The consent record is malformed: {error!r}.") from error


def _read_v1(record: dict[str, Any]) -> ConsentTerms:
    return ConsentTerms(
        consent_id=record["consent_id"],
        principal=record["pii_principal"],
        controller=record["pii_controller"],
        target_id=record["likeness"]["id"],
        target_sha256=record["likeness"]["portrait_sha256"],
        granted_by=record["granted_by"],
        granted_at=record["granted_at"],
        purposes=tuple(record["purposes"]),
        channels=tuple(record["channels"]),
        territories=tuple(record["territories"]),
        languages=tuple(record["languages"]),
        permitted_changes=tuple(record["permitted_changes"]),
        ai_label=record["ai_label"],
        valid_from=record["validity"]["from"],
        valid_until=record["validity"]["until"],
        withdrawal=record["withdrawal"],
        identity=dict(record["identity"]),
    )


def _read_json_ld(record: dict[str, Any]) -> ConsentTerms:
    version, about = record["schema_version"], record["pii_information"]
    target = LIKENESS if version == RECORD_V2 else about["kind"]
    if target not in (LIKENESS, VOICE):
        raise ValueError(f"{target!r} is neither a likeness nor a voice.")
    terms = ConsentTerms(
        consent_id=record["record_id"],
        principal=_uuid(record["pii_principal"]),
        controller=record["pii_controller"]["name"],
        controller_id=_uuid(record["pii_controller"]["@id"]),
        target=target,
        target_id=_uuid(about["@id"]),
        target_sha256=about["portrait_sha256" if version == RECORD_V2 else "sha256"],
        granted_by=_uuid(record["event"]["entity_id"]),
        granted_at=record["event"]["event_time"],
        **read_words(record["policy"]),
        ai_label=record["ai_label"],
        valid_from=record["validity"]["from"],
        valid_until=record["validity"]["until"],
        withdrawal=record["withdrawal_method"],
        identity=dict(record["evidence"]["identity"]),
        supersedes=_uuid(record["supersedes"]) if "supersedes" in record else "",
    )
    _check_says_nothing_else(record, write_record(terms, version))
    return terms


def _uuid(urn: str) -> str:
    if not urn.startswith(_URN):
        raise ValueError(f"{urn!r} is not a {_URN}...")
    return urn.removeprefix(_URN)


def _check_says_nothing_else(record: dict[str, Any], expected: dict[str, Any]) -> None:
    """Refuse a record that adds to, or contradicts, what was read of it.

    One comparison holds the context, the purposes beside the policy, every prohibition and every
    field nobody reads: a consent must mean one thing to every reader.
    """
    keys = sorted(record.keys() | expected.keys())
    other = [key for key in keys if record.get(key) != expected.get(key)]
    if other:
        raise ReceiptInvalid(
            f"The record contradicts itself, or says what nobody reads: {', '.join(other)}.",
            code="receipt-contradiction",
        )
