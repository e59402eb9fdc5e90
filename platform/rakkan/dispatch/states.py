"""The life of a job."""

from collections.abc import Mapping
from enum import StrEnum


class JobState(StrEnum):
    """Where a job is."""

    QUEUED = "queued"
    LEASED = "leased"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


TRANSITIONS: Mapping[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.LEASED, JobState.CANCELLED, JobState.FAILED}),
    JobState.LEASED: frozenset(
        {JobState.QUEUED, JobState.LEASED, JobState.DONE, JobState.FAILED, JobState.CANCELLED}
    ),
    JobState.DONE: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.CANCELLED: frozenset(),
}


def pairs() -> list[tuple[str, str]]:
    """Return the transitions as pairs: what the database trigger allows."""
    return [
        (source.value, target.value)
        for source, targets in TRANSITIONS.items()
        for target in sorted(targets)
        if source is not target  # a lease may go from one worker to the next
    ]
