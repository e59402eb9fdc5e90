"""What a person is asked to do before the camera: four of six actions, each in its time."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any, Self

from compliance.errors import InvalidInput


class Action(StrEnum):
    """Something that a camera sees a person do; left and right are the person's own."""

    BLINK = "blink"
    SMILE = "smile"
    TURN_LEFT = "turn-left"
    TURN_RIGHT = "turn-right"
    RAISE_BROWS = "raise-brows"
    OPEN_MOUTH = "open-mouth"


TURNS = frozenset({Action.TURN_LEFT, Action.TURN_RIGHT})
ACTIONS_ASKED = 4
LEAST_LEAD = 1.5  # s before the first prompt: how the face rests is measured then
LEAST_WINDOW = 2.0  # s an action is given, its return to rest with it
LONGEST = 40.0  # s of the whole recording


@dataclass(frozen=True, slots=True)
class Prompt:
    """One action and its time, in seconds from the first picture of the recording."""

    action: Action
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Challenge:
    """Four prompts, at least one of them a turn, and how long the recording lasts."""

    prompts: tuple[Prompt, ...]
    seconds: float

    def __post_init__(self) -> None:
        """Refuse what could not be judged.

        Raises:
            InvalidInput: prompts that are missing, doubled, too short, overlapping or too late.
        """
        actions = {prompt.action for prompt in self.prompts}
        times = [(0.0, LEAST_LEAD), *((p.start, p.end) for p in self.prompts)]
        fits = (
            len(self.prompts) == len(actions) == ACTIONS_ASKED
            and bool(actions & TURNS)
            and all(end - start >= LEAST_WINDOW for start, end in times[1:])
            and all(one[1] <= other[0] for one, other in pairwise(times))
            and times[-1][1] <= self.seconds <= LONGEST
        )
        if not fits:
            raise InvalidInput("These prompts are no challenge.", code="challenge-invalid")

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; times are whole milliseconds."""
        return {
            "prompts": [
                {"action": p.action.value, "start_ms": _ms(p.start), "end_ms": _ms(p.end)}
                for p in self.prompts
            ],
            "milliseconds": _ms(self.seconds),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read what :meth:`to_dict` wrote; other fields are left alone.

        Raises:
            InvalidInput: it is no challenge.
        """
        try:
            prompts = tuple(
                Prompt(Action(p["action"]), int(p["start_ms"]) / 1000, int(p["end_ms"]) / 1000)
                for p in data["prompts"]
            )
            return cls(prompts, int(data["milliseconds"]) / 1000)
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput(f"No challenge: {error!r}.", code="challenge-invalid") from error


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
