"""Identity providers of organisations: read from the operator's file, handed to allauth."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")
_EMAIL = ["email", "mail", "urn:oid:0.9.2342.19200300.100.1.3"]
_EMAIL += ["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"]
_FIELDS = {
    "oidc": {"server", "client_id", "client_secret_file"},
    "saml": {"entity_id", "sso_url", "certificate_file"},
}
_COMMON = {"kind", "name", "organisation"}


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider, which speaks for the people of one organisation and nobody else."""

    id: str
    kind: str
    name: str
    organisation: UUID
    address: str  # where people are sent, or where the provider says where


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
            ' kind = "oidc" or "saml".'
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
    address = str(table["server" if kind == "oidc" else "sso_url"])
    return Provider(key, kind, str(table["name"]), organisation, address)


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
