"""Who signs claims. Production signers live behind the same three members (PKCS#11, KMS, Vault)."""

import os
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from compliance.errors import InvalidInput, RakkanDevelopmentWarning

_P256_BYTES = 32


class Signer(Protocol):
    """Signs the bytes of a C2PA claim."""

    @property
    def chain_pem(self) -> str:
        """Certificates, leaf first, without the root."""

    @property
    def algorithm(self) -> str:
        """Name of the algorithm as C2PA writes it: "es256", "es384", "ps256" or "ed25519"."""

    def sign(self, data: bytes) -> bytes:
        """Return the signature over ``data``; for ECDSA the raw ``r || s`` of RFC 9053."""


class DevelopmentSigner:
    """Signs with an ES256 key from an unencrypted file. Warns when made; not in production."""

    algorithm = "es256"

    def __init__(self, chain: Path, key: Path) -> None:
        """Read the chain (leaf first) and the leaf's key.

        Raises:
            InvalidInput: this is production, a file is missing, the key is not the leaf's, or the
                leaf has expired.
        """
        if os.environ.get("RAKKAN_ENV") == "production":
            raise InvalidInput(
                "A development key never signs a claim in production.",
                code="key-development",
                remedy="Set up a signer that keeps its key in hardware or a key service.",
            )
        warnings.warn(
            "Claims are signed with a development key.", RakkanDevelopmentWarning, stacklevel=2
        )
        try:
            self.chain_pem = chain.read_text(encoding="ascii")
            leaf = x509.load_pem_x509_certificates(self.chain_pem.encode())[0]
            private = serialization.load_pem_private_key(key.read_bytes(), password=None)
        except (OSError, ValueError) as error:
            raise InvalidInput(
                f"The claim-signing key cannot be read: {error}.",
                code="key-unreadable",
                remedy="Run `make setup` again, or point the settings at the chain and its key.",
            ) from error
        if (
            not isinstance(private, ec.EllipticCurvePrivateKey)
            or private.public_key() != leaf.public_key()
        ):
            raise InvalidInput(f"{key} is not the key of {chain}.", code="key-mismatch")
        if leaf.not_valid_after_utc <= datetime.now(UTC):
            raise InvalidInput(
                f"The certificate in {chain} expired on {leaf.not_valid_after_utc:%Y-%m-%d}.",
                code="key-expired",
                remedy="Make new development keys, or have the certificate renewed.",
            )
        self._private = private

    def sign(self, data: bytes) -> bytes:
        """Return ``r || s`` (64 bytes) of ECDSA with SHA-256."""
        r, s = utils.decode_dss_signature(self._private.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(_P256_BYTES, "big") + s.to_bytes(_P256_BYTES, "big")
