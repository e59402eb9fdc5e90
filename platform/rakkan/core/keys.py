"""Where the keys are: one role, one process; a process loads only what it signs or checks with."""

from functools import cache
from pathlib import Path

from django.conf import settings

from compliance.signing import KeyRole, StatementSigner, StatementVerifier


@cache
def statement_signer(role: KeyRole) -> StatementSigner:
    """Return the private key of a role from RAKKAN_KEYS.

    Raises:
        SignatureInvalid: this process has no such key.
    """
    return StatementSigner.load(role, Path(settings.RAKKAN_KEYS) / f"{role.value}.pem")


@cache
def statement_verifier(role: KeyRole) -> StatementVerifier:
    """Return the public keys of a role from RAKKAN_TRUST."""
    pem = (Path(settings.RAKKAN_TRUST) / f"{role.value}.pub.pem").read_bytes()
    return StatementVerifier.from_pems(role, [pem])
