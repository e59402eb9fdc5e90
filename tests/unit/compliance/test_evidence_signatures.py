"""Who may sign a pack: certificates for documents, under the evidence root, within their time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import pem
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from compliance.development import DevelopmentKeys
from compliance.development.pki import (
    CLAIM_SIGNING,
    DOCUMENT_SIGNING,
    EvidenceHierarchy,
    Identity,
    _leaf,
    evidence_hierarchy,
)
from compliance.errors import InvalidInput, SignatureInvalid
from compliance.evidence.signatures import SignatureTrust, check_manifest_signature
from compliance.evidence.signers import EvidenceSigner
from compliance.evidence.stamps import StampUnavailable, ask_stamp

CONTENT = b'{"a":1}'


@pytest.fixture
def hierarchy() -> EvidenceHierarchy:
    return evidence_hierarchy()


@pytest.fixture
def trust(keys: DevelopmentKeys, hierarchy: EvidenceHierarchy) -> SignatureTrust:
    loaded = SignatureTrust.load(keys.trust)
    _, _, der = pem.unarmor(hierarchy.root.certificate_pem())
    return replace(loaded, evidence_roots=(asn1.Certificate.load(der),))


@dataclass
class Unasked:
    """A signer of any leaf: nobody asked whether its chain fits."""

    leaf: Identity
    algorithm: str = "es256"

    @property
    def chain_pem(self) -> str:
        return self.leaf.certificate_pem().decode()

    def sign(self, data: bytes) -> bytes:
        assert isinstance(self.leaf.key, ec.EllipticCurvePrivateKey)
        return self.leaf.key.sign(data, ec.ECDSA(hashes.SHA256()))


def signed_by(leaf: Identity, tsa_url: str) -> bytes:
    return EvidenceSigner(Unasked(leaf), tsa_url).sign_manifest(CONTENT)


def leaf_for(usage: ObjectIdentifier, hierarchy: EvidenceHierarchy) -> Identity:
    return _leaf("Somebody", ec.generate_private_key(ec.SECP256R1()), hierarchy.root, usage)


def test_a_certificate_for_documents_under_the_root_is_accepted(
    hierarchy: EvidenceHierarchy, trust: SignatureTrust, tsa_url: str
) -> None:
    signature = signed_by(hierarchy.leaf, tsa_url)
    signed = check_manifest_signature(CONTENT, signature, trust)
    assert signed.signer == "Rakkan development evidence"
    assert abs(datetime.now(UTC) - signed.at) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "usage", [CLAIM_SIGNING, ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.SERVER_AUTH]
)
def test_a_certificate_for_anything_else_is_not_even_under_the_same_root(
    usage: ObjectIdentifier,
    hierarchy: EvidenceHierarchy,
    trust: SignatureTrust,
    tsa_url: str,
) -> None:
    signature = signed_by(leaf_for(usage, hierarchy), tsa_url)
    with pytest.raises(SignatureInvalid) as refused:
        check_manifest_signature(CONTENT, signature, trust)
    assert refused.value.code == "signature-untrusted"


def test_what_was_signed_after_the_certificate_had_ended_is_refused(
    hierarchy: EvidenceHierarchy, trust: SignatureTrust, tsa_url: str
) -> None:
    leaf = leaf_for(DOCUMENT_SIGNING, hierarchy)
    ended = leaf.certificate.not_valid_before_utc + timedelta(minutes=5)
    builder = x509.CertificateBuilder(
        issuer_name=leaf.certificate.issuer,
        subject_name=leaf.certificate.subject,
        public_key=leaf.certificate.public_key(),
        serial_number=leaf.certificate.serial_number,
        not_valid_before=leaf.certificate.not_valid_before_utc,
        not_valid_after=ended,
        extensions=list(leaf.certificate.extensions),
    )
    algorithm = leaf.certificate.signature_hash_algorithm
    expired = Identity(builder.sign(hierarchy.root.key, algorithm), leaf.key)  # type: ignore[arg-type]
    signature = signed_by(expired, tsa_url)
    with pytest.raises(SignatureInvalid) as refused:
        check_manifest_signature(CONTENT, signature, trust)
    assert refused.value.code == "signature-untrusted"


def test_an_authority_that_does_not_answer_is_named() -> None:
    with pytest.raises(StampUnavailable, match="does not answer"):
        ask_stamp(CONTENT, "http://127.0.0.1:9/")


def test_a_key_of_a_kind_that_pdf_readers_do_not_check_signs_no_pack(
    hierarchy: EvidenceHierarchy, tsa_url: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        EvidenceSigner(Unasked(hierarchy.leaf, "ed25519"), tsa_url)
    assert refused.value.code == "key-kind"
