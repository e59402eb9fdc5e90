"""How somebody proves who they are beyond a password."""

from enum import StrEnum


class Method(StrEnum):
    """A recovery code is none of them: it signs in, and confirms nothing."""

    TOTP = "totp"
    PASSKEY = "passkey"
    IDP = "idp"  # the organisation's identity provider vouches for it
