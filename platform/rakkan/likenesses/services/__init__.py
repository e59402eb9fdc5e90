"""What this app does: persons, portraits, voices, verdicts."""

from rakkan.likenesses.services.guardian import (
    Represented,
    guardianship_claim,
    guardianship_close,
    guardianship_decide,
    guardianship_evidence_view,
    guardianship_renew,
    guardianships_close_of,
)
from rakkan.likenesses.services.likeness import likeness_add, likeness_measured
from rakkan.likenesses.services.person import check_trait_is_own, person_ensure, person_for
from rakkan.likenesses.services.voice import sample_measured, voice_add
from rakkan.likenesses.services.welcome import invitation_accept

__all__ = [
    "Represented",
    "check_trait_is_own",
    "guardianship_claim",
    "guardianship_close",
    "guardianship_decide",
    "guardianship_evidence_view",
    "guardianship_renew",
    "guardianships_close_of",
    "invitation_accept",
    "likeness_add",
    "likeness_measured",
    "person_ensure",
    "person_for",
    "sample_measured",
    "voice_add",
]
