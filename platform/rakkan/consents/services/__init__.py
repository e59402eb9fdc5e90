"""What this app does: grant and withdraw."""

from rakkan.consents.services.grant import consent_grant
from rakkan.consents.services.terms import Terms
from rakkan.consents.services.withdraw import consent_withdraw

__all__ = ["Terms", "consent_grant", "consent_withdraw"]
