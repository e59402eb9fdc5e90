"""Who may sign a pack: certificates for documents, under the evidence root, within their time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import pem
from asn1crypto import x509 as asn1
from cryptography import x509
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
from compliance.errors import RakkanDevelopmentWarning, SignatureInvalid
from compliance.evidence.signatures import (
    DevelopmentEvidenceSigner,
    SignatureTrust,
    check_manifest_signature,
)
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


def signed_by(leaf: Identity, folder: Path, tsa_url: str) -> bytes:
    (folder / "chain.pem").write_bytes(leaf.certificate_pem())
    (folder / "key.pem").write_bytes(leaf.key_pem())
    with pytest.warns(RakkanDevelopmentWarning):
        signer = DevelopmentEvidenceSigner(folder / "chain.pem", folder / "key.pem", tsa_url)
    return signer.sign_manifest(CONTENT)


def leaf_for(usage: ObjectIdentifier, hierarchy: EvidenceHierarchy) -> Identity:
    return _leaf("Somebody", ec.generate_private_key(ec.SECP256R1()), hierarchy.root, usage)


def test_a_certificate_for_documents_under_the_root_is_accepted(
    hierarchy: EvidenceHierarchy, trust: SignatureTrust, tmp_path: Path, tsa_url: str
) -> None:
    signature = signed_by(hierarchy.leaf, tmp_path, tsa_url)
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
    tmp_path: Path,
    tsa_url: str,
) -> None:
    signature = signed_by(leaf_for(usage, hierarchy), tmp_path, tsa_url)
    with pytest.raises(SignatureInvalid) as refused:
        check_manifest_signature(CONTENT, signature, trust)
    assert refused.value.code == "signature-untrusted"


def test_what_was_signed_after_the_certificate_had_ended_is_refused(
    hierarchy: EvidenceHierarchy, trust: SignatureTrust, tmp_path: Path, tsa_url: str
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
    signature = signed_by(expired, tmp_path, tsa_url)
    with pytest.raises(SignatureInvalid) as refused:
        check_manifest_signature(CONTENT, signature, trust)
    assert refused.value.code == "signature-untrusted"


def test_an_authority_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with pytest.raises(StampUnavailable, match="does not answer"):
        ask_stamp(CONTENT, "http://127.0.0.1:9/")
