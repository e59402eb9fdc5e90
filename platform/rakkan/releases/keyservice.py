"""Sign claims by the transit engine of HashiCorp Vault or OpenBao: the key stays there."""

import base64
import binascii
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from compliance.errors import InvalidInput
from compliance.provenance import SignerUnavailable
from rakkan.core.calling import NotAnswered, post

_HASHES = {"es256": "sha2-256", "es384": "sha2-384", "es512": "sha2-512", "ps256": "sha2-256"}
_REMEDY = "Look at the key service and at the token; the file is sealed when it answers."


class TransitKey:
    """A key in a transit engine; called with bytes and an algorithm, it returns the signature."""

    def __init__(self, address: str, token: Path) -> None:
        """Read the address.

        Args:
            address: ``vault+https://host:8200/MOUNT/KEY``.
            token: file with the token that may sign; read for each signature, for it is renewed.

        Raises:
            InvalidInput: the address is no such one.
        """
        parts = urlsplit(address)
        names = parts.path.strip("/").split("/")
        if parts.scheme not in ("vault+https", "vault+http") or not parts.hostname:
            names = []
        if len(names) != 2 or not all(names):
            raise InvalidInput(
                f"{address!r} names no key of a transit engine.",
                code="signer-address",
                remedy="Write vault+https://HOST:8200/MOUNT/KEY.",
            )
        mount, self._key = names
        self._base = f"{parts.scheme.removeprefix('vault+')}://{parts.netloc}/v1/{mount}/sign"
        self._token = token

    def __call__(self, data: bytes, algorithm: str) -> bytes:
        """Return ``r || s`` (RFC 9053), or the RSASSA-PSS signature.

        Raises:
            SignerUnavailable: there was no answer, or one without a signature.
        """
        asked = {
            "input": base64.b64encode(data).decode(),
            "marshaling_algorithm": "jws",  # r || s; Vault writes DER without it
            "signature_algorithm": "pss",
            "salt_length": "hash",
        }
        url = f"{self._base}/{self._key}/{_HASHES[algorithm]}"
        try:
            token = self._token.read_text(encoding="ascii").strip()
            body = json.dumps(asked).encode()
            answer = post(url, body, "application/json", {"X-Vault-Token": token})
        except (NotAnswered, OSError) as error:
            raise SignerUnavailable(
                f"The key service does not answer: {error}", remedy=_REMEDY
            ) from error
        if answer.status != 200:
            raise SignerUnavailable(
                f"The key service answers {answer.status}.", code="signing-refused", remedy=_REMEDY
            )
        return _signature(answer.body)


def _signature(body: bytes) -> bytes:
    """Return the bytes of ``vault:v1:SIGNATURE``, base64url without padding."""
    try:
        found: Any = json.loads(body)
        text = str(found["data"]["signature"]).split(":")[2]
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, KeyError, IndexError, TypeError, binascii.Error) as error:
        raise SignerUnavailable(
            "The key service's answer holds no signature.", remedy=_REMEDY
        ) from error
