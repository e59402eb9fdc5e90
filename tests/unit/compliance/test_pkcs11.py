"""Claims and packs signed by a key that never leaves its token: SoftHSM stands for the hardware."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pkcs11
import pytest
from asn1crypto import pem
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters
from pkcs11.util.rsa import encode_rsa_public_key
from pyhanko.pdf_utils.generic import StreamObject
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter

from compliance.development.pki import (
    ClaimHierarchy,
    Identity,
    claim_hierarchy,
    evidence_hierarchy,
)
from compliance.errors import InvalidInput
from compliance.evidence.signatures import (
    SignatureTrust,
    check_manifest_signature,
    check_pdf_signature,
)
from compliance.evidence.signers import EvidenceSigner
from compliance.provenance import (
    KeySigner,
    SignerUnavailable,
    TrustAnchors,
    read_manifest,
    sign_file,
)
from compliance.provenance.certificates import PACKS
from compliance.provenance.pkcs11 import Pkcs11Key
from tests.unit.compliance.productions import Inputs, make_facts

_MODULES = (
    *("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"),
    *("/usr/lib64/pkcs11/libsofthsm2.so", "/opt/homebrew/lib/softhsm/libsofthsm2.so"),
)
TOKEN, PIN = "rakkan test", "4711"


@pytest.fixture(scope="module")
def module() -> Path:
    found = next((Path(name) for name in _MODULES if Path(name).exists()), None)
    if found is None or shutil.which("softhsm2-util") is None:
        pytest.skip("there is no SoftHSM here: install Debian's package softhsm2")
    return found


@pytest.fixture(scope="module")
def token(module: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A fresh token in a folder of the tests'."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
        command = ["softhsm2-util", "--init-token", "--free", "--label", TOKEN]
        subprocess.run([*command, "--pin", PIN, "--so-pin", PIN], check=True, capture_output=True)
        yield pkcs11.lib(str(module)).get_token(token_label=TOKEN)


@pytest.fixture(scope="module")
def hierarchy() -> ClaimHierarchy:
    return claim_hierarchy()


@pytest.fixture
def pin(tmp_path: Path) -> Path:
    path = tmp_path / "pin"
    path.write_text(f"{PIN}\n")
    return path


def key_make(token: Any, kind: str, label: str = "") -> Any:
    """Make a pair in the token and return its public key."""
    label = label or kind
    with token.open(user_pin=PIN, rw=True) as session:
        if kind == "rsa":
            public, _ = session.generate_keypair(pkcs11.KeyType.RSA, 2048, store=True, label=label)
            return serialization.load_der_public_key(encode_rsa_public_key(public))
        curve = encode_named_curve_parameters(kind)
        parameters = session.create_domain_parameters(
            pkcs11.KeyType.EC, {pkcs11.Attribute.EC_PARAMS: curve}, local=True
        )
        public, _ = parameters.generate_keypair(store=True, label=label)
        return serialization.load_der_public_key(encode_ec_public_key(public))


Public = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


def chain_make(folder: Path, public: Public, hierarchy: ClaimHierarchy) -> Path:
    """Have the development authority certify the token's key."""
    issuer = hierarchy.intermediate
    leaf = certified(public, hierarchy.leaf, issuer)
    path = folder / "chain.pem"
    path.write_bytes(leaf + issuer.certificate_pem())
    return path


def certified(public: Public, same: Identity, issuer: Identity) -> bytes:
    """Certify a key as another leaf is; PEM."""
    like = same.certificate
    builder = x509.CertificateBuilder(
        subject_name=like.subject,
        issuer_name=issuer.certificate.subject,
        public_key=public,
        serial_number=x509.random_serial_number(),
        not_valid_before=datetime.now(UTC) - timedelta(hours=1),
        not_valid_after=datetime.now(UTC) + timedelta(days=1),
    )
    for extension in like.extensions:
        if not isinstance(extension.value, x509.SubjectKeyIdentifier):
            builder = builder.add_extension(extension.value, extension.critical)
    leaf = builder.sign(issuer.key, hashes.SHA256())
    return leaf.public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize(
    ("label", "algorithm"), [("secp256r1", "es256"), ("secp384r1", "es384"), ("rsa", "ps256")]
)
def test_a_claim_signed_in_the_token_is_trusted(
    label: str,
    algorithm: str,
    token: Any,
    module: Path,
    hierarchy: ClaimHierarchy,
    pin: Path,
    video: Path,
    inputs: Inputs,
    tsa_url: str,
    keys: Any,
    tmp_path: Path,
) -> None:
    chain = chain_make(tmp_path, key_make(token, label), hierarchy)
    uri = f"pkcs11:token=rakkan%20test;object={label}?module-path={module}&pin-source=file:{pin}"
    signer = KeySigner(chain, Pkcs11Key.from_uri(uri))
    assert signer.algorithm == algorithm

    sign_file(video, tmp_path / "signed.mp4", make_facts(inputs), signer, tsa_url)

    roots = hierarchy.root.certificate_pem().decode()
    trust = TrustAnchors(roots, TrustAnchors.load(keys.trust).timestamp_roots)
    report = read_manifest(tmp_path / "signed.mp4", trust)
    assert report.state == "Trusted", report.failures


@pytest.mark.parametrize("kind", ["secp256r1", "secp384r1", "rsa"])
def test_the_papers_of_a_pack_are_signed_in_the_token(
    kind: str,
    token: Any,
    module: Path,
    pin: Path,
    tsa_url: str,
    keys: Any,
    tmp_path: Path,
) -> None:
    hierarchy = evidence_hierarchy()
    chain = tmp_path / "chain.pem"
    chain.write_bytes(
        certified(key_make(token, kind, f"packs {kind}"), hierarchy.leaf, hierarchy.root)
    )
    key = KeySigner(chain, Pkcs11Key(module, TOKEN, f"packs {kind}", pin), PACKS)
    signer = EvidenceSigner(key, tsa_url)

    signature = signer.sign_manifest(b"{}")
    summary = signer.sign_pdf(_page())

    _, _, der = pem.unarmor(hierarchy.root.certificate_pem())
    roots = (asn1.Certificate.load(der),)
    trust = replace(SignatureTrust.load(keys.trust), evidence_roots=roots)
    assert check_manifest_signature(b"{}", signature, trust).signer
    assert check_pdf_signature(summary, trust).signer
    pin.write_text("0000")
    with pytest.raises(SignerUnavailable, match=TOKEN):
        signer.sign_manifest(b"{}")


def _page() -> bytes:
    """A PDF of one empty page."""
    stream = io.BytesIO()
    writer = PdfFileWriter()
    contents = writer.add_object(StreamObject(stream_data=b""))
    writer.insert_page(PageObject(contents=contents, media_box=(0, 0, 100, 100)))
    writer.write(stream)
    return stream.getvalue()


def test_a_token_that_does_not_open_is_said_and_signs_when_it_does(
    token: Any,
    module: Path,
    hierarchy: ClaimHierarchy,
    pin: Path,
    video: Path,
    inputs: Inputs,
    tsa_url: str,
    tmp_path: Path,
) -> None:
    public = key_make(token, "secp521r1")
    chain = chain_make(tmp_path, public, hierarchy)
    signer = KeySigner(chain, Pkcs11Key(module, TOKEN, "secp521r1", pin))
    other = KeySigner(chain, Pkcs11Key(module, TOKEN, "no such key", pin))
    signed = tmp_path / "signed.mp4"
    facts = make_facts(inputs)
    pin.write_text("0000")
    for broken in (signer, other):
        with pytest.raises(SignerUnavailable, match=TOKEN):
            sign_file(video, signed, facts, broken, tsa_url)
    pin.unlink()
    with pytest.raises(SignerUnavailable):
        sign_file(video, signed, facts, signer, tsa_url)
    assert not signed.exists()

    pin.write_text(PIN)
    sign_file(video, signed, facts, signer, tsa_url)
    assert signed.exists()


@pytest.mark.parametrize(
    "uri",
    [
        "pkcs11:token=T;object=K",
        "pkcs11:token=T?module-path=/m.so&pin-source=file:/pin",
        "pkcs11:token=T;object=K?module-path=/m.so&pin-source=file:/pin&pin-value=4711",
        "file:///key.pem",
    ],
)
def test_an_address_that_lacks_something_or_holds_the_pin_is_refused(uri: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Pkcs11Key.from_uri(uri)
    assert refused.value.code == "signer-address"
