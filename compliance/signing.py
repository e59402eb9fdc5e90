"""Signed statements: a JWS (RFC 7515, EdDSA by RFC 8037) over canonical JSON (RFC 8785).

Every key has one role, and the role is part of the signed header (``typ``), so that a
receipt can never pass for a permit even if two roles were given the same key by mistake.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from jwt.api_jws import PyJWS
from jwt.exceptions import InvalidTokenError

from compliance.canonical import canonical_json, read_canonical, sha256_hex
from compliance.errors import SignatureInvalid

_JWS = PyJWS(algorithms=["EdDSA"])


class KeyRole(StrEnum):
    """What a key may sign; one key, one role, one process."""

    PERMIT = "permit"
    RECEIPT = "receipt"
    CHECKPOINT = "checkpoint"
    RELEASE = "release"
    EVIDENCE = "evidence"
    STATUS = "status"

    @property
    def media_type(self) -> str:
        """The JWS ``typ`` header of statements signed in this role."""
        return f"rakkan-{self.value}+jws"


def key_id(public: Ed25519PublicKey) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of the raw public key."""
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return sha256_hex(raw)[:16]


def load_private(path: Path) -> Ed25519PrivateKey:
    """Read an unencrypted PKCS#8 PEM file.

    Raises:
        SignatureInvalid: the file is missing or holds another kind of key.
    """
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, TypeError, ValueError) as error:  # TypeError: it is encrypted
        raise SignatureInvalid(
            f"The key {path} cannot be read: {error}.",
            code="key-unreadable",
            remedy="Run `make setup` again, or point the setting at a readable PEM file.",
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SignatureInvalid(f"{path} is not an Ed25519 key.", code="key-unreadable")
    return key


def private_pem(private: Ed25519PrivateKey) -> bytes:
    """Return a key as unencrypted PKCS#8 PEM."""
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@dataclass(frozen=True)
class StatementSigner:
    """A private key bound to its role."""

    role: KeyRole
    private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def generate(cls, role: KeyRole) -> Self:
        """Make a new random key for ``role``."""
        return cls(role, Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, role: KeyRole, path: Path) -> Self:
        """Read an unencrypted PKCS#8 PEM file.

        Raises:
            SignatureInvalid: the file is missing or holds another kind of key.
        """
        return cls(role, load_private(path))

    @property
    def key_id(self) -> str:
        """Identifier of the public half."""
        return key_id(self.private.public_key())

    def private_pem(self) -> bytes:
        """Return the key as unencrypted PKCS#8 PEM."""
        return private_pem(self.private)

    def public_pem(self) -> bytes:
        """Return the public half as SubjectPublicKeyInfo PEM."""
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, statement: dict[str, Any]) -> str:
        """Return ``statement`` as a compact JWS over its canonical JSON."""
        return _JWS.encode(
            canonical_json(statement),
            self.private,
            algorithm="EdDSA",
            headers={"kid": self.key_id, "typ": self.role.media_type},
        )


@dataclass(frozen=True)
class StatementVerifier:
    """The public keys trusted for one role, by key id."""

    role: KeyRole
    keys: dict[str, Ed25519PublicKey]

    @classmethod
    def from_pems(cls, role: KeyRole, pems: list[bytes]) -> Self:
        """Read public keys (SubjectPublicKeyInfo PEM).

        Raises:
            SignatureInvalid: one of them is not an Ed25519 public key.
        """
        keys: dict[str, Ed25519PublicKey] = {}
        for pem in pems:
            try:
                public = serialization.load_pem_public_key(pem)
            except ValueError as error:
                raise SignatureInvalid(
                    f"A {role.value} key cannot be read: {error}.", code="key-unreadable"
                ) from error
            if not isinstance(public, Ed25519PublicKey):
                raise SignatureInvalid(f"A {role.value} key is not Ed25519.", code="key-unreadable")
            keys[key_id(public)] = public
        return cls(role, keys)

    def verify(self, token: str) -> dict[str, Any]:
        """Return the statement inside ``token``.

        The checks, in order:

        1. The token is a compact JWS with a header that names a key and this role.
        2. The key is one we trust for this role.
        3. The signature holds (EdDSA and nothing else).
        4. The payload is the canonical JSON of an object: what was signed is what is read.

        Raises:
            SignatureInvalid: one of the checks failed; the message names it.
        """
        try:  # 1
            header = _JWS.get_unverified_header(token)
        except InvalidTokenError as error:
            raise SignatureInvalid(f"Not a signed statement: {error}.") from error
        if header.get("typ") != self.role.media_type:
            raise SignatureInvalid(
                f"Signed as {header.get('typ')!r}, expected {self.role.media_type!r}.",
                code="signature-wrong-role",
            )
        public = self.keys.get(str(header.get("kid")))
        if public is None:  # 2
            raise SignatureInvalid(
                f"Signed by the unknown {self.role.value} key {header.get('kid')!r}.",
                code="signature-unknown-key",
            )
        try:  # 3
            payload = _JWS.decode(token, public, algorithms=["EdDSA"])
        except InvalidTokenError as error:
            raise SignatureInvalid(f"The signature does not hold: {error}.") from error
        return _canonical_object(payload)  # 4


def _canonical_object(payload: bytes) -> dict[str, Any]:
    try:
        statement = read_canonical(payload)
    except ValueError as error:
        raise SignatureInvalid(f"The signed payload is not canonical JSON: {error}") from error
    if not isinstance(statement, dict):
        raise SignatureInvalid("The signed payload is not a JSON object.")
    return statement
