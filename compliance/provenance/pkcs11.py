"""Sign with a key in a PKCS#11 token: a hardware module, or SoftHSM."""

import hashlib
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from compliance.errors import InvalidInput
from compliance.provenance.signer import SignerUnavailable

_DIGESTS = {"es256": "sha256", "es384": "sha384", "es512": "sha512", "ps256": "sha256"}


@dataclass(frozen=True, slots=True)
class Pkcs11Key:
    """Where a key lies; called with bytes, it has the token sign them: the key never leaves it.

    A session is opened for each signature.

    Attributes:
        module: the token's library.
        token: label of the token.
        label: label of the private key.
        pin_file: holds the user's PIN.
    """

    module: Path
    token: str
    label: str
    pin_file: Path

    @classmethod
    def from_uri(cls, uri: str) -> Self:
        """Read ``pkcs11:token=T;object=O?module-path=/lib.so&pin-source=file:/pin`` (RFC 7512).

        Raises:
            InvalidInput: it is no such URI, or names the PIN itself, which logs and process lists
                would show.
        """
        parts = urlsplit(uri)
        path = dict(part.partition("=")[::2] for part in parts.path.split(";"))
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        try:
            if parts.scheme != "pkcs11" or "pin-value" in query:
                raise KeyError("a URI without pin-value")
            return cls(
                Path(query["module-path"]),
                unquote(path["token"]),
                unquote(path["object"]),
                Path(query["pin-source"].removeprefix("file:")),
            )
        except KeyError as error:
            raise InvalidInput(
                f"The signer's address lacks {error}.",
                code="signer-address",
                remedy="Write pkcs11:token=T;object=KEY?module-path=/LIB.so&pin-source=file:/PIN.",
            ) from error

    def __post_init__(self) -> None:
        """Look for the library now, not when the first video waits for its signature.

        Raises:
            InvalidInput: python-pkcs11 is not installed.
        """
        _library()

    def __call__(self, data: bytes, algorithm: str) -> bytes:
        """Return ``r || s``, or the RSASSA-PSS signature; the token signs the digest.

        Raises:
            InvalidInput: the algorithm is of no kind that tokens are asked for here.
            SignerUnavailable: the token does not open, lacks the key or does not sign.
        """
        if algorithm not in _DIGESTS:
            raise InvalidInput(f"No {algorithm} key in a token: use ECDSA or RSA.", code="key-kind")
        library, name = _library(), _DIGESTS[algorithm]
        digest = hashlib.new(name, data).digest()
        try:
            with self._session(library) as session:
                private = session.get_key(
                    object_class=library.ObjectClass.PRIVATE_KEY, label=self.label
                )
                return bytes(private.sign(digest, **_mechanism(library, algorithm)))
        except (library.PKCS11Error, OSError, RuntimeError) as error:
            raise SignerUnavailable(
                f"The token {self.token} does not sign: {type(error).__name__}: {error}",
                remedy="Look at the token, its PIN file and the key's label.",
            ) from error

    def _session(self, library: ModuleType) -> AbstractContextManager[Any]:
        pin = self.pin_file.read_text(encoding="utf-8").strip()
        token = library.lib(str(self.module)).get_token(token_label=self.token)
        session: AbstractContextManager[Any] = token.open(user_pin=pin)
        return session


def _mechanism(library: ModuleType, algorithm: str) -> dict[str, Any]:
    mechanism, masks = library.Mechanism, library.MGF
    if algorithm != "ps256":
        return {"mechanism": mechanism.ECDSA}
    name = _DIGESTS[algorithm]
    parameters = (mechanism[name.upper()], masks[name.upper()], hashlib.new(name).digest_size)
    return {"mechanism": mechanism.RSA_PKCS_PSS, "mechanism_param": parameters}


def _library() -> ModuleType:
    try:
        return import_module("pkcs11")  # an extra: most installations have no token
    except ImportError as error:
        raise InvalidInput(
            "Signing with a token needs python-pkcs11.",
            code="library-missing",
            remedy="Install rakkan[pkcs11].",
        ) from error
