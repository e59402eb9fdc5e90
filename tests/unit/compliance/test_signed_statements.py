"""Signed statements: one key, one role, and nothing changed on the way."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from compliance.canonical import canonical_json
from compliance.errors import SignatureInvalid
from compliance.signing import KeyRole, StatementSigner, StatementVerifier

STATEMENT = {"b": 1, "a": ["ä", None, 1.5]}


@pytest.fixture(scope="module")
def signer() -> StatementSigner:
    return StatementSigner.generate(KeyRole.RECEIPT)


@pytest.fixture(scope="module")
def verifier(signer: StatementSigner) -> StatementVerifier:
    return StatementVerifier.from_pems(KeyRole.RECEIPT, [signer.public_pem()])


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _refused(verifier: StatementVerifier, token: str) -> str:
    with pytest.raises(SignatureInvalid) as caught:
        verifier.verify(token)
    return caught.value.code


def test_a_statement_comes_back(signer: StatementSigner, verifier: StatementVerifier) -> None:
    assert verifier.verify(signer.sign(STATEMENT)) == STATEMENT


def test_a_key_survives_its_file(signer: StatementSigner, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(signer.private_pem())
    loaded = StatementSigner.load(KeyRole.RECEIPT, tmp_path / "key.pem")
    assert loaded.key_id == signer.key_id
    assert loaded.sign(STATEMENT) == signer.sign(STATEMENT)  # Ed25519 is deterministic


def test_a_changed_payload_is_refused(signer: StatementSigner, verifier: StatementVerifier) -> None:
    head, _, signature = signer.sign(STATEMENT).split(".")
    changed = _encode(canonical_json(STATEMENT | {"b": 2}))
    assert _refused(verifier, f"{head}.{changed}.{signature}") == "signature-invalid"


def test_every_role_refuses_every_other_even_with_the_same_key(signer: StatementSigner) -> None:
    for made in KeyRole:
        token = StatementSigner(made, signer.private).sign(STATEMENT)
        for read in KeyRole:
            verifier = StatementVerifier.from_pems(read, [signer.public_pem()])
            if read is made:
                assert verifier.verify(token) == STATEMENT
            else:
                assert _refused(verifier, token) == "signature-wrong-role"


def test_a_strangers_key_is_refused(verifier: StatementVerifier) -> None:
    stranger = StatementSigner.generate(KeyRole.RECEIPT)
    assert _refused(verifier, stranger.sign(STATEMENT)) == "signature-unknown-key"


def test_no_keys_means_nothing_is_trusted(signer: StatementSigner) -> None:
    empty = StatementVerifier.from_pems(KeyRole.RECEIPT, [])
    assert _refused(empty, signer.sign(STATEMENT)) == "signature-unknown-key"


def test_a_statement_under_another_keys_name_is_refused(
    signer: StatementSigner, verifier: StatementVerifier
) -> None:
    stranger = StatementSigner.generate(KeyRole.RECEIPT).sign(STATEMENT).split(".")
    ours = signer.sign(STATEMENT).split(".")
    assert _refused(verifier, ".".join([ours[0], *stranger[1:]])) == "signature-invalid"


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_another_algorithm_in_the_header_is_refused(
    algorithm: str, signer: StatementSigner, verifier: StatementVerifier
) -> None:
    """CVE-2015-9235 and its kin: "none", or the public key taken for an HMAC secret."""
    head, payload, _ = signer.sign(STATEMENT).split(".")
    header = json.loads(_decode(head)) | {"alg": algorithm}
    signed = f"{_encode(json.dumps(header).encode())}.{payload}"
    mac = hmac.new(signer.public_pem(), signed.encode(), hashlib.sha256).digest()
    signature = "" if algorithm == "none" else _encode(mac)
    assert _refused(verifier, f"{signed}.{signature}") == "signature-invalid"


@pytest.mark.parametrize(
    "token", ["", "a", "a.b", "a.b.c", "....", "eyJhbGciOiJFZERTQSJ9..", "é.é.é"]
)
def test_what_is_no_token_is_refused(token: str, verifier: StatementVerifier) -> None:
    assert _refused(verifier, token).startswith("signature-")


def test_a_payload_that_is_not_canonical_is_refused(
    signer: StatementSigner, verifier: StatementVerifier
) -> None:
    head = signer.sign(STATEMENT).split(".")[0]
    for payload in (b'{"b": 1}', b'{"b":1,"a":2}', b'{"a":1,"a":2}', b"[1]", b"not json"):
        signed = f"{head}.{_encode(payload)}"
        token = f"{signed}.{_encode(signer.private.sign(signed.encode()))}"
        assert _refused(verifier, token) == "signature-invalid"


def test_a_file_that_is_no_ed25519_key_is_refused(tmp_path: Path) -> None:
    wrong = ec.generate_private_key(ec.SECP256R1())
    private = wrong.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = wrong.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (tmp_path / "ec.pem").write_bytes(private)
    (tmp_path / "text.pem").write_text("nothing")
    for name in ("ec.pem", "text.pem", "none.pem"):
        with pytest.raises(SignatureInvalid) as caught:
            StatementSigner.load(KeyRole.PERMIT, tmp_path / name)
        assert caught.value.code == "key-unreadable"
    for pem in (public, b"nothing"):
        with pytest.raises(SignatureInvalid) as caught:
            StatementVerifier.from_pems(KeyRole.PERMIT, [pem])
        assert caught.value.code == "key-unreadable"


def test_a_key_does_not_show_in_its_description(signer: StatementSigner) -> None:
    assert "PrivateKey" not in repr(signer)
