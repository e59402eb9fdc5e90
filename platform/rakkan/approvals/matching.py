"""Which rule speaks to a request: pure functions over plain values.

A request that names several channels or territories is judged part by part, and everything that
applies to a part applies to the whole: adding a harmless channel never makes a rule go away.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import product
from math import inf
from typing import Protocol, TypeVar
from uuid import UUID

from rakkan.consents.scope import TERRITORIES, WORLD


@dataclass(frozen=True, slots=True)
class Match:
    """The lists of a rule; an empty one means any."""

    purposes: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    territories: tuple[str, ...] = ()
    person_classes: tuple[str, ...] = ()


LISTS = tuple(field.name for field in fields(Match))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for."""

    purpose: str
    channels: tuple[str, ...]
    territories: tuple[str, ...]
    person_class: str


@dataclass(frozen=True, slots=True)
class Part:
    """One purpose on one channel in one territory, for one class of person."""

    purpose: str
    channel: str
    territory: str
    person_class: str


class Rule(Protocol):
    """What a policy and a forbidden use have in common."""

    @property
    def match(self) -> Match:
        """Its lists."""


class RankedRule(Rule, Protocol):
    """A policy: among those that match, the highest one speaks."""

    @property
    def priority(self) -> int:
        """A larger number speaks before a smaller one."""


R = TypeVar("R", bound=Rule)
P = TypeVar("P", bound=RankedRule)


def parts(asked: Asked) -> list[Part]:
    """Return every part of a request; one for the whole world has a part in each territory."""
    territories = TERRITORIES if WORLD in asked.territories else asked.territories
    return [
        Part(asked.purpose, channel, territory, asked.person_class)
        for channel, territory in product(sorted(asked.channels), sorted(territories))
    ]


def matches(match: Match, part: Part) -> bool:
    """Say whether a rule speaks to one part."""
    territories = () if WORLD in match.territories else match.territories
    pairs = (
        (match.purposes, part.purpose),
        (match.channels, part.channel),
        (territories, part.territory),
        (match.person_classes, part.person_class),
    )
    return all(not listed or asked in listed for listed, asked in pairs)


def specificity(match: Match) -> int:
    """Return how many of the four lists say something."""
    return sum(1 for name in LISTS if getattr(match, name))


def first_touched(rules: Iterable[R], asked: Asked) -> R | None:
    """Return the first rule that speaks to any part of a request."""
    return next(
        (rule for rule in rules if any(matches(rule.match, part) for part in parts(asked))), None
    )


def governing(rules: Sequence[P], asked: Asked) -> list[P]:
    """Return the policies that govern a request; none where a part of it has none.

    For each part the highest priority speaks, then the most specific; where two are equal, both.
    """
    chosen: list[P] = []
    for part in parts(asked):
        found = [rule for rule in rules if matches(rule.match, part)]
        if not found:
            return []
        best = max(_height(rule) for rule in found)
        chosen += [rule for rule in found if _height(rule) == best and rule not in chosen]
    return chosen


def _height(rule: RankedRule) -> tuple[int, int]:
    return rule.priority, specificity(rule.match)


@dataclass(frozen=True, slots=True, order=True)
class StepPlan:
    """One step: steps of one stage are open at the same time, stages follow each other.

    Hours count from the moment a step is open; 0 means never (for ``remind_every``: once).
    """

    stage: int
    name: str
    quorum: int = 1
    remind_after: int = 24  # hours: then who has not decided is reminded
    remind_every: int = 24  # hours between two reminders
    escalate_after: int = 72  # hours: then it is brought before somebody else
    escalate_to_id: UUID | None = None  # an approver; nobody: every approver who may decide

    def document(self) -> dict[str, object]:
        """Return it as the log and the API have it."""
        return asdict(self) | {"escalate_to_id": str(self.escalate_to_id or "") or None}


def merged(steps: Iterable[StepPlan]) -> list[StepPlan]:
    """Return the steps of several policies as one plan, in order.

    A step that two policies name is asked for once, at the later stage and with the larger quorum;
    who has not decided hears of it as early and as often as any of them says.
    """
    plan: dict[str, StepPlan] = {}
    for step in steps:
        other = plan.get(step.name, step)
        sooner = min(step, other, key=_escalation)
        plan[step.name] = StepPlan(
            max(step.stage, other.stage),
            step.name,
            max(step.quorum, other.quorum),
            _shorter(step.remind_after, other.remind_after),
            _shorter(step.remind_every, other.remind_every),
            sooner.escalate_after,
            sooner.escalate_to_id,
        )
    return sorted(plan.values())


def _shorter(one: int, other: int) -> int:
    return min(one, other) if one and other else max(one, other)


def _escalation(step: StepPlan) -> tuple[float, str]:
    """Never comes last; at the same hour somebody who is named comes before nobody."""
    return step.escalate_after or inf, str(step.escalate_to_id or "~")
