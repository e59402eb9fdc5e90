"""What this app does: evidence and recordings in, measured, looked at, decided, destroyed."""

from rakkan.identity.services.assurance import Returned, assurance_answer, assurance_ask
from rakkan.identity.services.biometric import (
    biometric_consent_grant,
    biometric_consent_withdraw,
    biometric_consents_end,
)
from rakkan.identity.services.challenge import challenge_issue
from rakkan.identity.services.check import identity_decide, identity_submit
from rakkan.identity.services.destroy import recordings_destroy_due
from rakkan.identity.services.evidence import Evidence, evidence_view
from rakkan.identity.services.measurement import recording_measured

__all__ = [
    "Evidence",
    "Returned",
    "assurance_answer",
    "assurance_ask",
    "biometric_consent_grant",
    "biometric_consent_withdraw",
    "biometric_consents_end",
    "challenge_issue",
    "evidence_view",
    "identity_decide",
    "identity_submit",
    "recording_measured",
    "recordings_destroy_due",
]
