"""The link of an invitation: a random token, and a signature that binds it to what was asked.

The database knows the token's hash only, and the signing key lies outside the database: neither a
copy of the tables nor a row changed by hand makes a link that works.
"""

import hashlib
import secrets

from django.utils.crypto import constant_time_compare, salted_hmac

from rakkan.accounts.models import Invitation

_SALT = "rakkan.accounts.invitation"


def token_new() -> str:
    """Return a token nobody can guess: 256 random bits."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def link_of(invitation: Invitation, token: str) -> str:
    """Return the part of the link that says which invitation it is, and proves it."""
    return f"{token}.{_signature(invitation, token)}"


def invitation_of(link: str) -> Invitation | None:
    """Return the invitation of an authentic link, whatever became of it."""
    token, _, signature = link.partition(".")
    rows = Invitation.objects.select_related("organisation", "invited_by", "end", "address")
    invitation = rows.filter(token_hash=token_hash(token)).first()
    if invitation is None or not constant_time_compare(signature, _signature(invitation, token)):
        return None
    return invitation


def _signature(invitation: Invitation, token: str) -> str:
    bound = (
        token,
        str(invitation.pk),
        str(invitation.organisation_id),
        invitation.role,
        invitation.role_until.isoformat() if invitation.role_until else "",
        str(invitation.invited_by_id or ""),
        invitation.expires_at.isoformat(),
    )
    return salted_hmac(_SALT, "\n".join(bound), algorithm="sha256").hexdigest()
