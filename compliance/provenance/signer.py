"""Who signs claims and packs: with a file for development, else with a key that nobody can copy.

A key is what is called with bytes and an algorithm and returns the signature: in hardware
(``pkcs11``), in a key service, or wherever a function of the operator's finds it.
"""

import os
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from compliance.errors import ComplianceError, InvalidInput, RakkanDevelopmentWarning
from compliance.provenance.certificates import (
    CLAIMS,
    Profile,
    check_chain,
    claim_algorithm,
    read_chain,
)

_P256_BYTES = 32

Key = Callable[[bytes, str], bytes]  # (data, "es256") -> r || s of RFC 9053, DER, or RSASSA-PSS


class SignerUnavailable(ComplianceError):
    """The key cannot be used at this moment; it is worth another try."""

    code = "signing-unavailable"


class Signer(Protocol):
    """Signs bytes, for a chain of certificates."""

    @property
    def chain_pem(self) -> str:
        """Certificates, leaf first, without the root."""

    @property
    def algorithm(self) -> str:
        """Name of the algorithm as C2PA writes it: "es256", "es384", "ps256" or "ed25519"."""

    def sign(self, data: bytes) -> bytes:
        """Return the signature over ``data``; for ECDSA ``r || s`` of RFC 9053, or its DER.

        Raises:
            SignerUnavailable: the key does not answer now.
        """


class KeySigner:
    """Signs with any key whose chain fits a profile now."""

    def __init__(self, chain: Path, key: Key, profile: Profile = CLAIMS) -> None:
        """Read the chain: PEM, leaf first, without the root. The key is asked when it is to sign.

        Raises:
            InvalidInput: the chain cannot be read, does not fit the profile, or has expired.
        """
        try:
            self.chain_pem = chain.read_text(encoding="ascii")
        except (OSError, ValueError) as error:
            raise _unreadable(error) from error
        check_chain(self.chain_pem, datetime.now(UTC), profile)
        self._leaf = read_chain(self.chain_pem)[0]
        self.algorithm = str(claim_algorithm(self._leaf))  # the profile names them all
        self._key = key

    def sign(self, data: bytes) -> bytes:
        """Return what the key returns; whatever it raises is a key that does not answer."""
        try:
            return self._key(data, self.algorithm)
        except ComplianceError:
            raise
        except Exception as error:
            raise SignerUnavailable(
                f"The signing function broke off: {type(error).__name__}: {error}",
                remedy="Look at the key service; it is tried again when it answers.",
            ) from error


class DevelopmentSigner(KeySigner):
    """Signs with an ES256 key from an unencrypted file. Warns when made; not in production."""

    def __init__(self, chain: Path, key: Path, profile: Profile = CLAIMS) -> None:
        """Read the chain (leaf first) and the leaf's key.

        Raises:
            InvalidInput: this is production, a file is missing, the key is not the leaf's, or the
                chain does not fit.
        """
        if os.environ.get("RAKKAN_ENV") == "production":
            raise InvalidInput(
                f"A development key never signs {profile.signs} in production.",
                code="key-development",
                remedy="Name a key in hardware or in a key service: docs/signing-keys.md.",
            )
        warnings.warn(
            f"A development key signs {profile.signs}.", RakkanDevelopmentWarning, stacklevel=2
        )
        super().__init__(chain, self._sign, profile)
        try:
            private = serialization.load_pem_private_key(key.read_bytes(), password=None)
        except (OSError, ValueError) as error:
            raise _unreadable(error) from error
        if (
            not isinstance(private, ec.EllipticCurvePrivateKey)
            or private.public_key() != self._leaf.public_key()
        ):
            raise InvalidInput(f"{key} is not the key of {chain}.", code="key-mismatch")
        self._private = private

    def _sign(self, data: bytes, _: str) -> bytes:
        """Return ``r || s`` (64 bytes) of ECDSA with SHA-256."""
        r, s = utils.decode_dss_signature(self._private.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(_P256_BYTES, "big") + s.to_bytes(_P256_BYTES, "big")


def _unreadable(error: Exception) -> InvalidInput:
    return InvalidInput(
        f"The signing key or its chain cannot be read: {error}.",
        code="key-unreadable",
        remedy="Run `make setup` again, or point the settings at the chain and its key.",
    )
