"""What signs claims and what they must chain to. Imported by the seal worker only."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.module_loading import import_string

from compliance.errors import InvalidInput
from compliance.provenance import CallbackSigner, DevelopmentSigner, Signer, TrustAnchors
from compliance.provenance.pkcs11 import Pkcs11Key, Pkcs11Signer
from rakkan.releases.keyservice import TransitKey

CHAIN = "release_chain.pem"


@cache
def release_signer() -> Signer:
    """Return what signs C2PA claims; made in the sealing process, for it must not cross a fork.

    ``RAKKAN_SIGNER`` says where the key is; its certificates are RAKKAN_KEYS/release_chain.pem.

    Raises:
        InvalidInput: the setting or the chain cannot be used, or this is production and the key a
            file.
    """
    keys, address = Path(settings.RAKKAN_KEYS), settings.RAKKAN_SIGNER
    scheme, _, rest = address.partition(":")
    if not address:
        return DevelopmentSigner(keys / CHAIN, keys / "release_key.pem")
    if scheme == "pkcs11":
        return Pkcs11Signer(keys / CHAIN, Pkcs11Key.from_uri(address))
    if scheme.startswith("vault+"):
        return CallbackSigner(keys / CHAIN, TransitKey(address, keys / "signer.token"))
    if scheme == "python":
        return CallbackSigner(keys / CHAIN, _function(rest))
    raise InvalidInput(
        f"RAKKAN_SIGNER begins with {scheme!r}.",
        code="signer-address",
        remedy="Begin it with pkcs11:, vault+https: or python:.",
    )


def signer_forget() -> None:
    """Read chain and setting again next time: a certificate may have been renewed."""
    release_signer.cache_clear()


def _function(name: str) -> Callable[[bytes, str], bytes]:
    try:
        found: Callable[[bytes, str], bytes] = import_string(name)
    except ImportError as error:
        raise InvalidInput(
            f"RAKKAN_SIGNER names {name!r}, which is not there: {error}",
            code="signer-address",
            remedy="Write python:package.module.function of a function (data, algorithm) -> bytes.",
        ) from error
    return found


@cache
def trust_anchors() -> TrustAnchors:
    """Return the roots that a released file must chain to."""
    return TrustAnchors.load(Path(settings.RAKKAN_TRUST))
