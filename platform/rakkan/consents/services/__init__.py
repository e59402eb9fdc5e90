"""What this app does: grant, narrow and withdraw."""

from rakkan.consents.services.grant import consent_grant, consents_grant
from rakkan.consents.services.narrow import consent_narrow
from rakkan.consents.services.terms import VOCABULARY, Terms
from rakkan.consents.services.withdraw import consent_withdraw, withdrawal_record

__all__ = [
    "VOCABULARY",
    "Terms",
    "consent_grant",
    "consent_narrow",
    "consent_withdraw",
    "consents_grant",
    "withdrawal_record",
]
