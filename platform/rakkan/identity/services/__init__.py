"""What this app does: evidence in, looked at, decided; consent to biometric matching."""

from rakkan.identity.services.biometric import (
    biometric_consent_grant,
    biometric_consent_withdraw,
    biometric_consents_end,
)
from rakkan.identity.services.check import identity_decide, identity_submit
from rakkan.identity.services.evidence import evidence_view

__all__ = [
    "biometric_consent_grant",
    "biometric_consent_withdraw",
    "biometric_consents_end",
    "evidence_view",
    "identity_decide",
    "identity_submit",
]
