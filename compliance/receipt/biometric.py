"""The consent to biometric matching: a record of its own, for identity verification and no more."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from compliance.canonical import digest
from compliance.receipt.record import CONTEXT
from compliance.receipt.terms import ReceiptInvalid, moment_of

RECORD = "rakkan-biometric-consent/1"
RECEIPT = "rakkan-biometric-consent-receipt/1"
PURPOSE = "dpv:IdentityVerification"
_CONTEXT = CONTEXT | {"destroy_by": {"@id": "rakkan:destroy_by", "@type": "xsd:dateTime"}}


@dataclass(frozen=True, slots=True)
class BiometricTerms:
    """What the person agrees to: comparing face and voice to verify who they are, until when.

    Ids are UUIDs as text, moments ISO 8601 text exactly as signed.
    """

    consent_id: str
    principal: str
    controller: str
    controller_id: str
    granted_by: str
    granted_at: str
    valid_from: str
    valid_until: str
    destroy_by: str  # no template outlives this moment, whatever else holds
    withdrawal: str

    @property
    def starts(self) -> datetime:
        """First moment of the term."""
        return moment_of(self.valid_from)

    @property
    def ends(self) -> datetime:
        """First moment after the term."""
        return moment_of(self.valid_until)

    @property
    def given(self) -> datetime:
        """When it was granted."""
        return moment_of(self.granted_at)

    @property
    def destroyed(self) -> datetime:
        """When every template is gone at the latest."""
        return moment_of(self.destroy_by)


def write_biometric(terms: BiometricTerms) -> dict[str, Any]:
    """Return the record; :func:`read_biometric` gives ``terms`` back."""
    return {
        "@context": _CONTEXT,
        "@id": f"urn:uuid:{terms.consent_id}",
        "@type": "dpv:ConsentRecord",
        "schema_version": RECORD,
        "record_id": terms.consent_id,
        "pii_principal": f"urn:uuid:{terms.principal}",
        "pii_controller": {
            "@id": f"urn:uuid:{terms.controller_id}",
            "@type": "dpv:DataController",
            "name": terms.controller,
        },
        "lawful_basis": "dpv:ExplicitlyExpressedConsent",
        "purposes": [PURPOSE],
        "pii_information": {
            "@type": "dpv:SpecialCategoryPersonalData",
            "compared": ["face", "voice"],
        },
        "event": {
            "event_type": "dpv:ConsentGiven",
            "event_time": terms.granted_at,
            "entity_id": f"urn:uuid:{terms.granted_by}",
        },
        "validity": {"from": terms.valid_from, "until": terms.valid_until},
        "destroy_by": terms.destroy_by,
        "withdrawal_method": terms.withdrawal,
    }


def biometric_statement(record: dict[str, Any]) -> dict[str, Any]:
    """Return what the receipt key signs."""
    return {
        "format": RECEIPT,
        "consent_id": record["record_id"],
        "record": record,
        "record_digest": digest(record),
    }


def read_biometric(record: dict[str, Any]) -> BiometricTerms:
    """Return the terms of a record.

    Raises:
        ReceiptInvalid: it is of another version, or says anything but what is written here.
    """
    try:
        terms = BiometricTerms(
            consent_id=record["record_id"],
            principal=record["pii_principal"].removeprefix("urn:uuid:"),
            controller=record["pii_controller"]["name"],
            controller_id=record["pii_controller"]["@id"].removeprefix("urn:uuid:"),
            granted_by=record["event"]["entity_id"].removeprefix("urn:uuid:"),
            granted_at=record["event"]["event_time"],
            valid_from=record["validity"]["from"],
            valid_until=record["validity"]["until"],
            destroy_by=record["destroy_by"],
            withdrawal=record["withdrawal_method"],
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ReceiptInvalid(f"The consent record is malformed: {error!r}.") from error
    if write_biometric(terms) != record:
        raise ReceiptInvalid(
            "The record is not a consent to biometric matching for identity verification alone.",
            code="receipt-contradiction",
        )
    return terms
