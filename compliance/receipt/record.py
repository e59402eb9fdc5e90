"""Write a consent record, version 3: JSON-LD in terms of W3C DPV and ODRL, after ISO/IEC TS 27560.

The context stands in the record itself, so that reading it needs no network, and its ``@vocab``
catches every name that DPV and ODRL do not have: nothing is dropped by a JSON-LD processor.
"""

from typing import Any

from compliance.canonical import digest
from compliance.receipt.policy import write_policy
from compliance.receipt.terms import ConsentTerms

RECORD_V2 = "rakkan-consent/2"  # of likenesses only
RECORD_V3 = "rakkan-consent/3"
RECEIPT_FORMAT = "rakkan-consent-receipt/3"


def _link(name: str) -> dict[str, str]:
    return {"@id": name, "@type": "@id"}


def _time(name: str) -> dict[str, str]:
    return {"@id": name, "@type": "xsd:dateTime"}


CONTEXT: dict[str, Any] = {
    "@version": 1.1,
    "@vocab": "urn:rakkan:vocabulary:",
    "rakkan": {"@id": "urn:rakkan:vocabulary:", "@prefix": True},
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "schema_version": "dct:conformsTo",
    "record_id": "dct:identifier",
    "name": "dct:title",
    "supersedes": _link("dct:replaces"),
    "pii_principal": _link("dpv:hasDataSubject"),
    "pii_controller": "dpv:hasDataController",
    "pii_information": "dpv:hasPersonalData",
    "lawful_basis": _link("dpv:hasLegalBasis"),
    "purposes": {"@id": "dpv:hasPurpose", "@type": "@vocab"},
    "event_type": _link("dpv:hasConsentStatus"),
    "event_time": _time("dpv:isIndicatedAtTime"),
    "entity_id": _link("dpv:isIndicatedBy"),
    "from": _time("rakkan:from"),
    "until": _time("rakkan:until"),
    "withdrawal_method": "dpv:isExercisedAt",
    "policy": "odrl:hasPolicy",
    "assigner": _link("odrl:assigner"),
    "assignee": _link("odrl:assignee"),
    "target": _link("odrl:target"),
    "conflict": _link("odrl:conflict"),
    "permission": "odrl:permission",
    "prohibition": "odrl:prohibition",
    "duty": "odrl:duty",
    "action": _link("odrl:action"),
    "constraint": "odrl:constraint",
    "leftOperand": _link("odrl:leftOperand"),
    "operator": _link("odrl:operator"),
    "rightOperand": "odrl:rightOperand",
}


def write_record(terms: ConsentTerms, version: str = RECORD_V3) -> dict[str, Any]:
    """Return the record; :func:`compliance.receipt.reader.read_record` gives ``terms`` back."""
    record: dict[str, Any] = {
        "@context": CONTEXT,
        "@id": f"urn:uuid:{terms.consent_id}",
        "@type": "dpv:ConsentRecord",
        "schema_version": version,
        "record_id": terms.consent_id,
        "pii_principal": f"urn:uuid:{terms.principal}",
        "pii_controller": {
            "@id": f"urn:uuid:{terms.controller_id}",
            "@type": "dpv:DataController",
            "name": terms.controller,
        },
        "lawful_basis": "dpv:ExplicitlyExpressedConsent",
        "purposes": list(terms.purposes),
        "pii_information": _information(terms, version),
        "event": {
            "event_type": "dpv:ConsentGiven",
            "event_time": terms.granted_at,
            "entity_id": f"urn:uuid:{terms.granted_by}",
        },
        "validity": {"from": terms.valid_from, "until": terms.valid_until},
        "policy": write_policy(terms),
        "ai_label": terms.ai_label,
        "evidence": {"identity": dict(terms.identity)},
        "withdrawal_method": terms.withdrawal,
    }
    if terms.supersedes:
        record["supersedes"] = f"urn:uuid:{terms.supersedes}"
    return record


def _information(terms: ConsentTerms, version: str) -> dict[str, Any]:
    about = {"@id": f"urn:uuid:{terms.target_id}", "@type": "dpv:PersonalData"}
    if version == RECORD_V2:
        return {**about, "portrait_sha256": terms.target_sha256}
    return {**about, "kind": terms.target, "sha256": terms.target_sha256}


def receipt_statement(record: dict[str, Any]) -> dict[str, Any]:
    """Return what the receipt key signs for a record of the current version."""
    return {
        "format": RECEIPT_FORMAT,
        "consent_id": record["record_id"],
        "record": record,
        "record_digest": digest(record),
    }
