"""The status of a release, signed: whoever passes it on, or caches it, cannot change it."""

from datetime import timedelta

from django.utils import timezone

from compliance.signing import KeyRole
from rakkan.core.keys import statement_signer
from rakkan.verification.selectors import Status

VALID = timedelta(minutes=5)


def status_statement(status: Status) -> str:
    """Return what is said of an asset now as a JWS (EdDSA), good for five minutes.

    Raises:
        SignatureInvalid: this process has no key for it.
    """
    now = timezone.now()
    said = status.to_dict() | {
        "issued_at": now.isoformat(timespec="seconds"),
        "expires_at": (now + VALID).isoformat(timespec="seconds"),
    }
    return statement_signer(KeyRole.STATUS).sign(said)
