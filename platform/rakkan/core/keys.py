"""Where the keys are: one role, one process; a process loads only what it signs or checks with."""

from functools import cache
from pathlib import Path

from django.conf import settings

from compliance.signing import KeyRole, StatementSigner


@cache
def statement_signer(role: KeyRole) -> StatementSigner:
    """Return the private key of a role from RAKKAN_KEYS.

    Raises:
        SignatureInvalid: this process has no such key.
    """
    return StatementSigner.load(role, Path(settings.RAKKAN_KEYS) / f"{role.value}.pem")
