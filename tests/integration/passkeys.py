"""A passkey in software: answers the browser's part of WebAuthn, signs with a real key."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
)

_PRESENT, _VERIFIED, _ATTESTED = 1, 4, 64  # flags of WebAuthn, section 6.1


@dataclass
class SoftPasskey:
    """One credential for one site."""

    host: str = "testserver"
    user_handle: bytes = b""
    id: bytes = field(default_factory=lambda: token_bytes(16))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    flags: int = _PRESENT | _VERIFIED

    @property
    def origin(self) -> str:
        """Where the browser believes to be."""
        return f"https://{self.host}"

    def _said(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _data(self, *, attested: bytes = b"") -> AuthenticatorData:
        site = hashlib.sha256(self.host.encode()).digest()
        flags = self.flags | (_ATTESTED if attested else 0)
        return AuthenticatorData.create(site, flags, 0, attested)

    def register(self, challenge: str, user_handle: bytes) -> dict[str, Any]:
        """What navigator.credentials.create() would give."""
        self.user_handle = user_handle
        public = ES256.from_cryptography_key(self.key.public_key())
        attested = AttestedCredentialData.create(Aaguid.NONE, self.id, public)
        made = AttestationObject.create("none", self._data(attested=attested), {})
        return self._credential(
            clientDataJSON=self._said("webauthn.create", challenge), attestationObject=made
        )

    def answer(self, challenge: str) -> dict[str, Any]:
        """What navigator.credentials.get() would give."""
        said, data = self._said("webauthn.get", challenge), self._data()
        signed = self.key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(SHA256()))
        return self._credential(
            clientDataJSON=said,
            authenticatorData=data,
            signature=signed,
            userHandle=self.user_handle,
        )

    def _credential(self, **response: bytes) -> dict[str, Any]:
        return {
            "id": websafe_encode(self.id),
            "rawId": websafe_encode(self.id),
            "type": "public-key",
            "response": {name: websafe_encode(value) for name, value in response.items()},
            "clientExtensionResults": {},
        }
