"""What signs claims and what they must chain to. Imported by the seal worker only."""

from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.module_loading import import_string

from compliance.errors import InvalidInput
from compliance.provenance import DevelopmentSigner, KeySigner, Signer, TrustAnchors
from compliance.provenance.certificates import CLAIMS, Profile
from compliance.provenance.pkcs11 import Pkcs11Key
from compliance.provenance.signer import Key
from rakkan.releases.keyservice import TransitKey


@cache
def release_signer() -> Signer:
    """Return what signs C2PA claims; made in the sealing process, for it must not cross a fork.

    ``RAKKAN_SIGNER`` says where the key is; its certificates are RAKKAN_KEYS/release_chain.pem.

    Raises:
        InvalidInput: the setting or the chain cannot be used, or this is production and the key a
            file.
    """
    return signer_at("RAKKAN_SIGNER", "release", "signer.token", CLAIMS)


def signer_forget() -> None:
    """Read chain and setting again next time: a certificate may have been renewed."""
    release_signer.cache_clear()


def signer_at(setting: str, name: str, token: str, profile: Profile) -> Signer:
    """Return the signer whose key a setting names; by default a file, for development.

    Args:
        setting: its name; what it may say, docs/signing-keys.md tells.
        name: of the files in RAKKAN_KEYS: ``{name}_chain.pem`` and, by default, ``{name}_key.pem``.
        token: the file in RAKKAN_KEYS that opens a key service.
        profile: what it signs.

    Raises:
        InvalidInput: as release_signer.
    """
    keys, address = Path(settings.RAKKAN_KEYS), str(getattr(settings, setting))
    chain = keys / f"{name}_chain.pem"
    if not address:
        return DevelopmentSigner(chain, keys / f"{name}_key.pem", profile)
    return KeySigner(chain, _key(setting, address, keys / token), profile)


def _key(setting: str, address: str, token: Path) -> Key:
    scheme, _, rest = address.partition(":")
    if scheme == "pkcs11":
        return Pkcs11Key.from_uri(address)
    if scheme.startswith("vault+"):
        return TransitKey(address, token)
    if scheme == "python":
        return _function(setting, rest)
    raise InvalidInput(
        f"{setting} begins with {scheme!r}.",
        code="signer-address",
        remedy="Begin it with pkcs11:, vault+https: or python:.",
    )


def _function(setting: str, name: str) -> Key:
    try:
        found: Key = import_string(name)
    except ImportError as error:
        raise InvalidInput(
            f"{setting} names {name!r}, which is not there: {error}",
            code="signer-address",
            remedy="Write python:package.module.function of a function (data, algorithm) -> bytes.",
        ) from error
    return found


@cache
def trust_anchors() -> TrustAnchors:
    """Return the roots that a released file must chain to."""
    return TrustAnchors.load(Path(settings.RAKKAN_TRUST))
