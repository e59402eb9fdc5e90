"""Start-up refuses what must not run in production: development parts, a role that may do all."""

import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from compliance.errors import SignatureInvalid
from compliance.signing import KeyRole
from rakkan.core.keys import statement_signer

_POWERFUL = """
SELECT rolsuper OR rolbypassrls OR EXISTS (
    SELECT 1 FROM pg_class
    WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
      AND pg_has_role(relowner, 'MEMBER')
) OR has_database_privilege(current_database(), 'TEMPORARY')
OR EXISTS (SELECT 1 FROM pg_namespace WHERE has_schema_privilege(oid, 'CREATE'))
FROM pg_roles WHERE rolname = current_user
"""
DEVELOPMENT_MARK = "DEVELOPMENT"  # a file of this name lies beside keys made for development


def refuse_development_parts() -> None:
    """Refuse development keys, time-stamps and addresses in production.

    Raises:
        ImproperlyConfigured: there are some; the message names all and says what to do.
    """
    if settings.RAKKAN_ENV == "production" and (found := _development_parts()):
        raise ImproperlyConfigured(" ".join(["RAKKAN_ENV is production, but:", *found]))


def refuse_a_powerful_database_role() -> None:
    """Refuse, in production, a role that rights, triggers and row security do not hold.

    Raises:
        ImproperlyConfigured: DATABASE_URL names a superuser, a role with BYPASSRLS, or one that
            owns a table or can make one, were it a temporary one: triggers would ask that one.
    """
    if settings.RAKKAN_ENV != "production":
        return
    with connection.cursor() as cursor:
        cursor.execute(_POWERFUL)
        (powerful,) = cursor.fetchone()
    connection.close()  # a server may fork now
    if powerful:
        raise ImproperlyConfigured(
            "RAKKAN_ENV is production, but DATABASE_URL names a role that owns tables, can make "
            "some, is a superuser or has BYPASSRLS. Make a role that only signs in, and run "
            "`manage.py prepare --grant-to` with its name and RAKKAN_MIGRATE_DATABASE_URL for the "
            "owner of the database."
        )


def refuse_without_a_status_key() -> None:
    """Refuse, in production, a web process that could not sign the status of a release.

    Raises:
        ImproperlyConfigured: RAKKAN_KEYS holds no ``status.pem``, or what is no key.
    """
    if settings.RAKKAN_ENV != "production":
        return
    try:
        statement_signer(KeyRole.STATUS)
    except SignatureInvalid as error:
        raise ImproperlyConfigured(
            "RAKKAN_ENV is production, but RAKKAN_KEYS holds no status.pem that can be read, so "
            "that nobody would be told the status of a release. Put an Ed25519 key in PEM there "
            "(openssl genpkey -algorithm ed25519) and its public half, status.pub.pem, into the "
            "trust folder."
        ) from error


def _development_parts() -> list[str]:
    found = []
    if (Path(settings.RAKKAN_KEYS) / DEVELOPMENT_MARK).exists():
        found.append(
            "RAKKAN_KEYS holds development keys; put keys of your own there, for development "
            "keys never sign a real release."
        )
    for name in ("RAKKAN_SIGNER", "RAKKAN_EVIDENCE_SIGNER"):
        address = getattr(settings, name)
        if not address:
            found.append(
                f"{name} is not set, so that a key in a file would sign; name a key in a PKCS#11 "
                "token or a key service: docs/signing-keys.md."
            )
        if address.startswith("vault+http:"):
            found.append(f"{name} is not https; set it to vault+https://.")
    if is_loopback(settings.TSA_URL):
        found.append(
            "TSA_URL names this machine, where only the development time-stamp authority "
            "answers; set it to an RFC 3161 authority you trust."
        )
    if any(is_loopback(url) for _, url in settings.RAKKAN_WITNESSES):
        found.append(
            "RAKKAN_WITNESSES names a witness on this machine; name witnesses that somebody else "
            "runs, or none."
        )
    if not settings.EMAIL_URL.startswith("smtp"):
        found.append("EMAIL_URL is not smtp:// or smtps://; set it, or no invitation arrives.")
    if not settings.RAKKAN_PUBLIC_URL.startswith("https://"):
        found.append("RAKKAN_PUBLIC_URL is not https; set it to the address that people open.")
    plain = [one.id for one in settings.RAKKAN_PROVIDERS.values() if one.address[:6] != "https:"]
    if plain:
        found.append(f"RAKKAN_PROVIDERS_FILE: not https: {', '.join(plain)}; use https addresses.")
    return found


def is_loopback(url: str) -> bool:
    """Say whether the host of a URL is this machine: localhost, 127.0.0.0/8 or ::1."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761, section 6.3
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)  # ::ffff:127.0.0.1
    return (mapped or address).is_loopback or address.is_unspecified
