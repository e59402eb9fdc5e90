"""What this app does: evidence in, decision out."""

from rakkan.identity.services.check import identity_decide, identity_submit

__all__ = ["identity_decide", "identity_submit"]
