"""Small certificate hierarchies for development: for claims, for evidence, for time-stamps.

They are apart so that none of their keys can ever pass for one of another kind.
The private keys of the roots and of the intermediate are thrown away once they have signed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

CLAIM_SIGNING = ObjectIdentifier("1.3.6.1.4.1.62558.2.1")  # c2pa-kp-claimSigning, C2PA 2.2, 14.5
DOCUMENT_SIGNING = ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # id-kp-documentSigning, RFC 9336
_ROOT_DAYS, _CA_DAYS, _LEAF_DAYS = 3650, 1825, 730
_TSA_BITS = 2048

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Identity:
    """A key and the certificate that names it."""

    certificate: x509.Certificate
    key: PrivateKey

    def certificate_pem(self) -> bytes:
        """Return the certificate as PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self) -> bytes:
        """Return the private key as unencrypted PKCS#8 PEM."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


@dataclass(frozen=True)
class ClaimHierarchy:
    """Root, intermediate and the ES256 leaf that signs C2PA claims."""

    root: Identity
    intermediate: Identity
    leaf: Identity

    def chain_pem(self) -> bytes:
        """Return leaf and intermediate, the order C2PA wants; the root is the reader's."""
        return self.leaf.certificate_pem() + self.intermediate.certificate_pem()


@dataclass(frozen=True)
class TimestampHierarchy:
    """Root and the RSA leaf of the time-stamp authority."""

    root: Identity
    leaf: Identity

    def chain_pem(self) -> bytes:
        """Return leaf and root."""
        return self.leaf.certificate_pem() + self.root.certificate_pem()


@dataclass(frozen=True)
class EvidenceHierarchy:
    """Root and the ES256 leaf that signs evidence packs and their summaries."""

    root: Identity
    leaf: Identity


def evidence_hierarchy() -> EvidenceHierarchy:
    """Make a fresh root CA and document-signing leaf."""
    root = _authority("Rakkan development evidence root", None, _ROOT_DAYS, path_length=0)
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = _leaf("Rakkan development evidence", key, root, DOCUMENT_SIGNING)
    return EvidenceHierarchy(root, leaf)


def claim_hierarchy() -> ClaimHierarchy:
    """Make a fresh root CA, intermediate CA and claim-signing leaf."""
    root = _authority("Rakkan development root", None, _ROOT_DAYS, path_length=1)
    intermediate = _authority("Rakkan development claims CA", root, _CA_DAYS, path_length=0)
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = _leaf("Rakkan development claim signer", key, intermediate, CLAIM_SIGNING)
    return ClaimHierarchy(root, intermediate, leaf)


def timestamp_hierarchy() -> TimestampHierarchy:
    """Make a fresh root CA and time-stamping leaf."""
    root = _authority("Rakkan development time-stamp root", None, _ROOT_DAYS, path_length=0)
    key = rsa.generate_private_key(public_exponent=65537, key_size=_TSA_BITS)
    usage = ExtendedKeyUsageOID.TIME_STAMPING
    return TimestampHierarchy(root, _leaf("Rakkan development time-stamps", key, root, usage))


def _authority(name: str, issuer: Identity | None, days: int, *, path_length: int) -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(name, key, issuer.certificate.subject if issuer else _name(name), days)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    issuer_key = issuer.key if issuer else key
    return Identity(_sign(builder, issuer_key), key)


def _leaf(name: str, key: PrivateKey, issuer: Identity, usage: ObjectIdentifier) -> Identity:
    builder = _builder(name, key, issuer.certificate.subject, _LEAF_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
    # who signs documents may be held to it: non-repudiation is what PDF readers look for
    commits = usage == DOCUMENT_SIGNING
    builder = builder.add_extension(_usage(signs_certificates=False, commits=commits), True)
    # RFC 3161, 2.3: a time-stamping certificate has that one usage, and it is critical
    critical = usage == ExtendedKeyUsageOID.TIME_STAMPING
    builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=critical)
    return Identity(_sign(builder, issuer.key), key)


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Rakkan development, trust nothing"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _builder(name: str, key: PrivateKey, issuer: x509.Name, days: int) -> x509.CertificateBuilder:
    start = datetime.now(UTC) - timedelta(hours=1)  # other hosts' clocks may be behind
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _sign(builder: x509.CertificateBuilder, issuer_key: PrivateKey) -> x509.Certificate:
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return builder.add_extension(identifier, critical=False).sign(issuer_key, hashes.SHA256())


def _usage(*, signs_certificates: bool, commits: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=commits,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
