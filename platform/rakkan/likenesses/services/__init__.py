"""What this app does: persons, portraits, verdicts."""

from rakkan.likenesses.services.likeness import (
    check_likeness_is_own,
    likeness_add,
    likeness_measured,
    person_ensure,
)

__all__ = ["check_likeness_is_own", "likeness_add", "likeness_measured", "person_ensure"]
