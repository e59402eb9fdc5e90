"""Identity providers of organisations: read from the operator's file, handed to allauth.

Those that let people sign in (``oidc``, ``saml``) are allauth's business; those that say who a
depicted person is (``identity``) are asked by ``rakkan.identity`` and open no account.
"""

import re
import tomllib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured

from rakkan.identity.assurance import ANY_LEVEL, Accepted, Delivery, Relying

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")
_EMAIL = ["email", "mail", "urn:oid:0.9.2342.19200300.100.1.3"]
_EMAIL += ["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"]
_OIDC = {"server", "client_id", "client_secret_file"}
_FIELDS = {
    "oidc": _OIDC,
    "saml": {"entity_id", "sso_url", "certificate_file"},
    "identity": _OIDC | {"claims_in", "verified_within_days", "frameworks"},
}
_LONGEST_DAYS = 3650
_COMMON = {"kind", "name", "organisation"}


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider, which speaks for the people of one organisation and nobody else.

    ``relying`` is how one of kind ``identity`` is asked, and what of it is believed.
    """

    id: str
    kind: str
    name: str
    organisation: UUID
    address: str  # where people are sent, or where the provider says where
    relying: Relying | None = None


def providers_of(path: str) -> tuple[dict[str, Provider], dict[str, Any]]:
    """Return the providers of a file and allauth's settings for them.

    Raises:
        ImproperlyConfigured: the file cannot be used; the message says why.
    """
    if not path:
        return {}, {}
    try:
        tables = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"RAKKAN_PROVIDERS_FILE cannot be read: {error}") from error
    known: dict[str, Provider] = {}
    apps: dict[str, list[dict[str, Any]]] = {"oidc": [], "saml": []}
    for key, table in tables.items():
        known[key] = _provider(key, table)
        if known[key].kind in apps:
            apps[known[key].kind].append(_OIDC_OR_SAML[known[key].kind](key, table))
    return known, {
        "openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": apps["oidc"]},
        "saml": {"APPS": apps["saml"]},
    }


def _provider(key: str, table: Any) -> Provider:
    kind = table.get("kind") if isinstance(table, dict) else None
    if not _ID.fullmatch(key) or kind not in _FIELDS:
        raise ImproperlyConfigured(
            f"RAKKAN_PROVIDERS_FILE: [{key}] needs a short name in small letters and"
            ' kind = "oidc", "saml" or "identity".'
        )
    wanted = _FIELDS[kind] | _COMMON
    if set(table) != wanted:
        raise ImproperlyConfigured(
            f"RAKKAN_PROVIDERS_FILE: [{key}] takes exactly: {', '.join(sorted(wanted))}."
        )
    try:
        organisation = UUID(table["organisation"])
    except ValueError as error:
        raise ImproperlyConfigured(
            f"RAKKAN_PROVIDERS_FILE: [{key}] organisation must be the organisation's id."
        ) from error
    address = str(table["sso_url" if kind == "saml" else "server"])
    relying = _relying(key, table) if kind == "identity" else None
    return Provider(key, kind, str(table["name"]), organisation, address, relying)


def _relying(key: str, table: dict[str, Any]) -> Relying:
    days = table["verified_within_days"]
    if type(days) is not int or not 1 <= days <= _LONGEST_DAYS:
        raise ImproperlyConfigured(
            f"RAKKAN_PROVIDERS_FILE: [{key}] verified_within_days must be a number of days, 1 to"
            f" {_LONGEST_DAYS}."
        )
    if table["claims_in"] not in list(Delivery):
        raise ImproperlyConfigured(
            f"RAKKAN_PROVIDERS_FILE: [{key}] claims_in must be one of: {', '.join(Delivery)}."
        )
    return Relying(
        server=str(table["server"]).rstrip("/"),
        client_id=str(table["client_id"]),
        secret=_secret(key, table["client_secret_file"]),
        accepted=Accepted(
            frameworks=_frameworks(key, table["frameworks"]),
            verified_within=timedelta(days=days),
            claims_in=Delivery(table["claims_in"]),
        ),
    )


def _frameworks(key: str, given: Any) -> dict[str, tuple[str, ...]]:
    """Return the levels by framework; a framework without a level would accept nothing."""
    fits = isinstance(given, dict) and bool(given)
    for levels in given.values() if fits else ():
        words = isinstance(levels, list) and all(isinstance(level, str) for level in levels)
        fits = fits and words and bool(levels) and (ANY_LEVEL not in levels or len(levels) == 1)
    if not fits:
        raise ImproperlyConfigured(
            f"RAKKAN_PROVIDERS_FILE: [{key}.frameworks] needs at least one trust framework, each"
            f' with a list of the assurance levels that are accepted, or ["{ANY_LEVEL}"] where it'
            " has none."
        )
    return {name: tuple(levels) for name, levels in given.items()}


def _secret(key: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"RAKKAN_PROVIDERS_FILE: [{key}] names {path}, which cannot be read."
        ) from error


def _oidc(key: str, table: dict[str, str]) -> dict[str, Any]:
    return {
        "provider_id": key,
        "name": table["name"],
        "client_id": table["client_id"],
        "secret": _secret(key, table["client_secret_file"]),
        "settings": {"server_url": table["server"]},
    }


def _saml(key: str, table: dict[str, str]) -> dict[str, Any]:
    return {
        "provider_id": key,
        "name": table["name"],
        "client_id": key,  # allauth finds a SAML provider by it
        "settings": {
            "verified_email": True,  # of the organisation's own people; matched inside it only
            "attribute_mapping": {"uid": [], "email": _EMAIL},
            "idp": {
                "entity_id": table["entity_id"],
                "sso_url": table["sso_url"],
                "x509cert": _secret(key, table["certificate_file"]),
            },
            "advanced": {
                "strict": True,
                "want_assertion_signed": True,
                "want_name_id": True,
                "want_attribute_statement": False,
                "reject_idp_initiated_sso": True,
                "reject_deprecated_algorithm": True,
                "allow_single_label_domains": True,  # a host of an intranet
            },
        },
    }


_OIDC_OR_SAML = {"oidc": _oidc, "saml": _saml}
