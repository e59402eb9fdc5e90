"""How an invitation ends, and how long it lasts."""

from datetime import timedelta
from enum import StrEnum

INVITATION_LASTS = timedelta(days=7)


class Ending(StrEnum):
    """The end of an invitation; there is one."""

    ACCEPTED = "accepted"
    REVOKED = "revoked"
    REPLACED = "replaced"  # it was sent anew, with another link
    EXPIRED = "expired"
