"""What a chain must be like to sign claims (C2PA 2.4, section 14.5.1), or evidence packs.

A chain that does not fit is refused before it signs anything: readers would refuse the files. Packs
ask for what claims do, but for their own purpose (RFC 9336) and for signatures that bind.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, SignatureAlgorithmOID

from compliance.errors import InvalidInput
from compliance.provenance.trust import CLAIM_SIGNING

_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_LEAST_RSA_BITS = 2048
_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_SIGNATURES = {
    SignatureAlgorithmOID.ECDSA_WITH_SHA256,
    SignatureAlgorithmOID.ECDSA_WITH_SHA384,
    SignatureAlgorithmOID.ECDSA_WITH_SHA512,
    SignatureAlgorithmOID.RSA_WITH_SHA256,
    SignatureAlgorithmOID.RSA_WITH_SHA384,
    SignatureAlgorithmOID.RSA_WITH_SHA512,
    SignatureAlgorithmOID.RSASSA_PSS,
    SignatureAlgorithmOID.ED25519,
}
_Kind = TypeVar("_Kind", bound=x509.ExtensionType)
_ALONE = {  # whoever may do one of these signs nothing else
    ExtendedKeyUsageOID.TIME_STAMPING: "time-stamping",
    ExtendedKeyUsageOID.OCSP_SIGNING: "OCSP signing",
}


@dataclass(frozen=True, slots=True)
class Profile:
    """What a leaf must be for.

    Attributes:
        signs: what its key signs, in the plural.
        purpose: extended key usage, dotted.
        binds: whether the key usage must say content commitment (non-repudiation) as well.
    """

    signs: str
    purpose: str
    binds: bool = False


DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"  # id-kp-documentSigning, RFC 9336
CLAIMS = Profile("claims", CLAIM_SIGNING)
PACKS = Profile("packs", DOCUMENT_SIGNING, binds=True)


@dataclass(frozen=True, slots=True)
class CertificateFault:
    """One way in which a chain does not fit the profile."""

    code: str  # stable, kebab-case
    text: str


def read_chain(chain_pem: str) -> list[x509.Certificate]:
    """Return the certificates of a PEM text, leaf first.

    Raises:
        InvalidInput: it holds none, or one that is none.
    """
    try:
        return x509.load_pem_x509_certificates(chain_pem.encode())
    except ValueError as error:
        raise InvalidInput(
            f"The chain of certificates cannot be read: {error}.",
            code="certificate-unreadable",
            remedy="Give the certificates as PEM, leaf first, without the root.",
        ) from error


def claim_algorithm(certificate: x509.Certificate) -> str | None:
    """Return with what a certificate's key signs ("es256", ...), None if none of C2PA's."""
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _CURVES.get(key.curve.name)
    if isinstance(key, rsa.RSAPublicKey):
        return "ps256" if key.key_size >= _LEAST_RSA_BITS else None
    return "ed25519" if isinstance(key, ed25519.Ed25519PublicKey) else None


def chain_faults(
    chain: list[x509.Certificate], at: datetime, profile: Profile = CLAIMS
) -> list[CertificateFault]:
    """Return what is wrong with a signer's chain at a moment; nothing: it fits.

    1. The leaf is no authority and not its own issuer; it says what its key is for: digital
       signatures, the profile's purpose, and neither time-stamps nor OCSP answers nor everything.
    2. Each certificate is X.509 version 3 without unique ids, has a key and a signature of the
       kinds that C2PA allows, names its issuer's key, and is valid at the moment.
    3. Each is signed by the next, which is an authority for so many below it. The root is the
       reader's: it is not in the chain.

    Args:
        chain: leaf first.
        at: an aware moment.
        profile: what it is to sign.
    """
    leaf, *authorities = chain
    faults = list(_leaf_faults(leaf, profile))
    for certificate in chain:
        faults += _faults_of_any(certificate, at)
    for below, authority in enumerate(authorities):
        faults += _authority_faults(authority, below)
    for issued, issuer in pairwise(chain):
        try:
            issued.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature):
            faults.append(_fault(issued, "not-issued", "is not signed by the next in the chain"))
    if authorities and authorities[-1].issuer == authorities[-1].subject:
        faults.append(_fault(authorities[-1], "root-in-chain", "is a root: leave it out"))
    return faults


def check_chain(chain_pem: str, at: datetime, profile: Profile = CLAIMS) -> None:
    """Raise unless a signer's chain fits the profile at a moment.

    Raises:
        InvalidInput: it does not; "key-expired" where only its time is over, else
            "certificate-unfit" with every fault.
    """
    faults = chain_faults(read_chain(chain_pem), at, profile)
    if not faults:
        return
    over = all(fault.code == "expired" for fault in faults)
    raise InvalidInput(
        f"The chain that signs {profile.signs} cannot be used: "
        + "; ".join(fault.text for fault in faults),
        code="key-expired" if over else "certificate-unfit",
        remedy="Have the certificate renewed and put the new chain in its place.",
    )


def _leaf_faults(leaf: x509.Certificate, profile: Profile) -> Iterator[CertificateFault]:
    if leaf.issuer == leaf.subject:
        yield _fault(leaf, "self-signed", "is its own issuer")
    constraints = _extension(leaf, x509.BasicConstraints)
    if constraints is not None and constraints.value.ca:
        fault = f"is an authority's, and an authority signs no {profile.signs}"
        yield _fault(leaf, "leaf-is-authority", fault)
    usage = _extension(leaf, x509.KeyUsage)
    if usage is None or not usage.value.digital_signature:
        yield _fault(leaf, "no-digital-signature", "is not for digital signatures")
    elif usage.value.key_cert_sign:
        yield _fault(leaf, "leaf-signs-certificates", "may sign certificates")
    elif profile.binds and not usage.value.content_commitment:
        yield _fault(leaf, "does-not-bind", "is not for signatures that bind (non-repudiation)")
    yield from _purpose_faults(leaf, profile)


def _purpose_faults(leaf: x509.Certificate, profile: Profile) -> Iterator[CertificateFault]:
    purposes = _extension(leaf, x509.ExtendedKeyUsage)
    named = {oid.dotted_string for oid in purposes.value} if purposes else set()
    if profile.purpose not in named:
        fault = f"does not name the purpose {profile.purpose}"
        yield _fault(leaf, f"not-for-{profile.signs}", fault)
    if ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE.dotted_string in named:
        yield _fault(leaf, "for-everything", "is for every purpose, which no signer's here is")
    for oid, what in _ALONE.items():
        if oid.dotted_string in named and len(named) > 1:
            yield _fault(leaf, "purposes-clash", f"is for {what} too")


def _faults_of_any(certificate: x509.Certificate, at: datetime) -> Iterator[CertificateFault]:
    if certificate.version is not x509.Version.v3:
        yield _fault(certificate, "version", "is not X.509 version 3")
    if certificate.signature_algorithm_oid not in _SIGNATURES or not isinstance(
        certificate.signature_hash_algorithm, (*_HASHES, type(None))
    ):
        yield _fault(certificate, "signature-algorithm", "is signed in a way that is not allowed")
    if claim_algorithm(certificate) is None:
        yield _fault(certificate, "key-kind", "has a key of a kind or size that is not allowed")
    if certificate.issuer != certificate.subject and not _has_authority_key(certificate):
        yield _fault(certificate, "no-authority-key", "does not name its issuer's key")
    if not certificate.not_valid_before_utc <= at:
        begins = certificate.not_valid_before_utc
        yield _fault(certificate, "not-yet-valid", f"is valid from {begins:%Y-%m-%d %H:%M} UTC on")
    if not at <= certificate.not_valid_after_utc:
        ended = certificate.not_valid_after_utc
        yield _fault(certificate, "expired", f"expired on {ended:%Y-%m-%d %H:%M} UTC")


def _authority_faults(authority: x509.Certificate, below: int) -> Iterator[CertificateFault]:
    constraints = _extension(authority, x509.BasicConstraints)
    if constraints is None or not constraints.value.ca:
        yield _fault(authority, "no-authority", "is no authority's")
    elif constraints.value.path_length is not None and constraints.value.path_length < below:
        yield _fault(authority, "path-too-long", f"allows no {below} authorities below it")
    usage = _extension(authority, x509.KeyUsage)
    if usage is None or not usage.value.key_cert_sign:
        yield _fault(authority, "signs-no-certificates", "may not sign certificates")


def _has_authority_key(certificate: x509.Certificate) -> bool:
    wanted = ExtensionOID.AUTHORITY_KEY_IDENTIFIER
    return any(extension.oid == wanted for extension in certificate.extensions)


def _extension(certificate: x509.Certificate, kind: type[_Kind]) -> x509.Extension[_Kind] | None:
    try:
        return certificate.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None


def _fault(certificate: x509.Certificate, code: str, text: str) -> CertificateFault:
    return CertificateFault(code, f"{certificate.subject.rfc4514_string()} {text}")
