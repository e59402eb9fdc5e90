"""C2PA's profile for claim signers: each rule, broken one at a time."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from compliance.__main__ import main
from compliance.development import DevelopmentKeys
from compliance.errors import InvalidInput
from compliance.provenance.certificates import (
    DOCUMENT_SIGNING,
    PACKS,
    chain_faults,
    check_chain,
    claim_algorithm,
)
from compliance.provenance.trust import CLAIM_SIGNING

NOW = datetime.now(UTC)
CLAIMS = ObjectIdentifier(CLAIM_SIGNING)
DOCUMENTS = ObjectIdentifier(DOCUMENT_SIGNING)
BINDING = ("digital_signature", "content_commitment")
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
_USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
    *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


@dataclass(frozen=True)
class Recipe:
    """A certificate to make; the defaults make a leaf that fits."""

    name: str = "leaf"
    key: Key = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    ca: bool | None = False
    path_length: int | None = None
    usages: tuple[str, ...] = ("digital_signature",)
    purposes: tuple[ObjectIdentifier, ...] = (CLAIMS,)
    names_issuer: bool = True
    begins: timedelta = timedelta(days=-1)
    ends: timedelta = timedelta(days=30)
    digest: hashes.HashAlgorithm | None = field(default_factory=hashes.SHA256)


@dataclass(frozen=True)
class Issuer:
    name: str
    key: Key


def name_of(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def make(recipe: Recipe, issuer: Issuer) -> x509.Certificate:
    public = recipe.key.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(name_of(recipe.name))
        .issuer_name(name_of(issuer.name))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + recipe.begins)
        .not_valid_after(NOW + recipe.ends)
    )
    if recipe.ca is not None:
        constraints = x509.BasicConstraints(recipe.ca, recipe.path_length)
        builder = builder.add_extension(constraints, critical=True)
    if recipe.usages:
        usages = {name: name in recipe.usages for name in _USAGES}
        builder = builder.add_extension(x509.KeyUsage(**usages), critical=True)
    if recipe.purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(recipe.purposes), critical=False)
    if recipe.names_issuer:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
        builder = builder.add_extension(identifier, critical=False)
    return builder.sign(issuer.key, recipe.digest)  # type: ignore[arg-type]  one of them is None


ROOT = Issuer("root", ec.generate_private_key(ec.SECP256R1()))
AUTHORITY = Recipe(
    name="authority", ca=True, path_length=0, usages=("key_cert_sign", "crl_sign"), purposes=()
)
BETWEEN = Issuer(AUTHORITY.name, AUTHORITY.key)


def codes(leaf: Recipe, authority: Recipe = AUTHORITY) -> list[str]:
    chain = [make(leaf, Issuer(authority.name, authority.key)), make(authority, ROOT)]
    return [fault.code for fault in chain_faults(chain, NOW)]


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (lambda: ec.generate_private_key(ec.SECP256R1()), "es256"),
        (lambda: ec.generate_private_key(ec.SECP384R1()), "es384"),
        (lambda: ec.generate_private_key(ec.SECP521R1()), "es512"),
        (lambda: rsa.generate_private_key(65537, 2048), "ps256"),
        (ed25519.Ed25519PrivateKey.generate, "ed25519"),
    ],
)
def test_each_kind_of_key_that_c2pa_allows_fits(key: Callable[[], Key], algorithm: str) -> None:
    leaf = Recipe(key=key())
    assert codes(leaf) == []
    assert claim_algorithm(make(leaf, BETWEEN)) == algorithm


BROKEN = {
    "leaf-is-authority": Recipe(ca=True),
    "no-digital-signature": Recipe(usages=("content_commitment",)),
    "leaf-signs-certificates": Recipe(usages=("digital_signature", "key_cert_sign")),
    "not-for-claims": Recipe(purposes=(ExtendedKeyUsageOID.EMAIL_PROTECTION,)),
    "for-everything": Recipe(purposes=(CLAIMS, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)),
    "purposes-clash": Recipe(purposes=(CLAIMS, ExtendedKeyUsageOID.TIME_STAMPING)),
    "key-kind": Recipe(key=ec.generate_private_key(ec.SECP256K1())),
    "no-authority-key": Recipe(names_issuer=False),
    "not-yet-valid": Recipe(begins=timedelta(days=1)),
    "expired": Recipe(ends=timedelta(seconds=-1)),
}


@pytest.mark.parametrize("code", BROKEN)
def test_each_rule_about_the_leaf_is_asked(code: str) -> None:
    assert codes(BROKEN[code]) == [code]


@pytest.mark.parametrize(
    ("recipe", "faults"),
    [
        (Recipe(purposes=(DOCUMENTS,), usages=BINDING), []),
        (Recipe(purposes=(DOCUMENTS,)), ["does-not-bind"]),
        (Recipe(usages=BINDING), ["not-for-packs"]),
    ],
)
def test_a_pack_is_signed_for_its_own_purpose_and_binds(recipe: Recipe, faults: list[str]) -> None:
    chain = [make(recipe, BETWEEN), make(AUTHORITY, ROOT)]
    assert [fault.code for fault in chain_faults(chain, NOW, PACKS)] == faults


AUTHORITIES = {
    "no-authority": replace(AUTHORITY, ca=False, path_length=None),
    "signs-no-certificates": replace(AUTHORITY, usages=("digital_signature",)),
    "expired": replace(AUTHORITY, ends=timedelta(seconds=-1)),
}


@pytest.mark.parametrize("code", AUTHORITIES)
def test_each_rule_about_an_authority_is_asked(code: str) -> None:
    assert codes(Recipe(), AUTHORITIES[code]) == [code]


def test_a_chain_is_whole_and_without_its_root() -> None:
    leaf, authority = make(Recipe(), BETWEEN), make(AUTHORITY, ROOT)
    root = make(replace(AUTHORITY, name="root", key=ROOT.key, path_length=1), ROOT)
    stranger = make(replace(AUTHORITY, key=ec.generate_private_key(ec.SECP256R1())), ROOT)
    below = make(replace(AUTHORITY, name="below"), BETWEEN)
    under_below = make(Recipe(), Issuer("below", AUTHORITY.key))

    def of(*chain: x509.Certificate) -> list[str]:
        return [fault.code for fault in chain_faults(list(chain), NOW)]

    assert of(leaf, authority, root) == ["root-in-chain"]
    assert of(leaf, stranger) == ["not-issued"]
    assert of(under_below, below, authority) == ["path-too-long"]
    own = Recipe(name="authority", key=AUTHORITY.key)
    assert of(make(own, BETWEEN)) == ["self-signed"]


def test_what_is_only_too_old_is_told_apart_from_what_never_fitted() -> None:
    def pem(recipe: Recipe) -> str:
        return make(recipe, BETWEEN).public_bytes(serialization.Encoding.PEM).decode()

    for recipe, code in (
        (BROKEN["expired"], "key-expired"),
        (replace(BROKEN["expired"], usages=()), "certificate-unfit"),
    ):
        with pytest.raises(InvalidInput) as refused:
            check_chain(pem(recipe), NOW)
        assert refused.value.code == code
    with pytest.raises(InvalidInput) as refused:
        check_chain("no certificate", NOW)
    assert refused.value.code == "certificate-unreadable"


def test_the_command_says_what_is_wrong(
    keys: DevelopmentKeys, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["certificate", "check", str(keys.release_chain)]) == 0
    assert "may sign claims with es256" in capsys.readouterr().out
    assert main(["certificate", "check", str(keys.keys / "tsa_chain.pem"), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert {fault["code"] for fault in report["faults"]} == {"not-for-claims", "root-in-chain"}
    assert main(["certificate", "check", str(keys.evidence_chain), "--for", "packs"]) == 0
    assert "may sign packs with es256" in capsys.readouterr().out
    assert main(["certificate", "check", str(keys.release_chain), "--for", "packs"]) == 1
    said = capsys.readouterr().out
    assert "This chain may not sign packs" in said
    assert "not-for-packs" in said
    (tmp_path / "nothing.pem").write_text("nothing")
    for path in (tmp_path / "nothing.pem", tmp_path / "none.pem"):
        assert main(["certificate", "check", str(path)]) == 2
