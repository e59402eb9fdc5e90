"""Where a workflow stands: pure functions over its steps and what was said on each."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Verdict(StrEnum):
    """What an approver says."""

    APPROVE = "approve"
    REJECT = "reject"
    CHANGES = "changes"


class Outcome(StrEnum):
    """Where a workflow stands; derived from its decisions, never stored."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    CHANGES = "changes-requested"
    EXPIRED = "expired"


ENDS = {Verdict.REJECT: Outcome.REJECTED, Verdict.CHANGES: Outcome.CHANGES}


class StepLike(Protocol):
    """What is asked of a step."""

    @property
    def stage(self) -> int:
        """Its place."""

    @property
    def quorum(self) -> int:
        """How many people have to approve it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One step and the verdicts on it."""

    step: StepLike
    verdicts: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Say whether enough people approved it."""
        return self.verdicts.count(Verdict.APPROVE.value) >= self.step.quorum


def open_standings(standings: Sequence[Standing]) -> list[int]:
    """Return the indices of the steps that wait now: those of the first unfinished stage."""
    waiting = [i for i, standing in enumerate(standings) if not standing.complete]
    stage = min((standings[i].step.stage for i in waiting), default=0)
    return [i for i in waiting if standings[i].step.stage == stage]


def outcome_of(standings: Sequence[Standing], *, expired: bool) -> Outcome:
    """Return where it stands; one word against it ends it, and no steps approve nothing.

    What was approved stays approved: whether that is still in time is another question.
    """
    for standing in standings:
        for verdict in standing.verdicts:
            if verdict != Verdict.APPROVE.value:
                return ENDS[Verdict(verdict)]
    if standings and all(standing.complete for standing in standings):
        return Outcome.APPROVED
    return Outcome.EXPIRED if expired else Outcome.PENDING
