"""What this app does: persons, portraits, voices, verdicts."""

from rakkan.likenesses.services.likeness import likeness_add, likeness_measured
from rakkan.likenesses.services.person import check_trait_is_own, person_ensure
from rakkan.likenesses.services.voice import sample_measured, voice_add
from rakkan.likenesses.services.welcome import invitation_accept

__all__ = [
    "check_trait_is_own",
    "invitation_accept",
    "likeness_add",
    "likeness_measured",
    "person_ensure",
    "sample_measured",
    "voice_add",
]
