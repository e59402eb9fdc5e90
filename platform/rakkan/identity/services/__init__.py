"""What this app does: evidence in, evidence looked at, decision out."""

from rakkan.identity.services.check import identity_decide, identity_submit
from rakkan.identity.services.evidence import evidence_view

__all__ = ["evidence_view", "identity_decide", "identity_submit"]
