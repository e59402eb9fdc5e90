"""What this app does: sign in, make accounts."""

from rakkan.accounts.services.session import session_start
from rakkan.accounts.services.user import organisation_ensure, user_ensure

__all__ = ["organisation_ensure", "session_start", "user_ensure"]
