"""Whether a face did what it was asked to, in the order and in the time it was asked."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from compliance.permit.challenge import TURNS, Action, Challenge, Prompt
from generation.faces.arrays import Points
from generation.identity.track import Track

SETTLED = 0.4  # s: how the face rests is measured from here to the first prompt
EARLIEST = 0.1  # s after the prompt: nobody reacts sooner, a replay may
LATE = 0.5  # s that a browser's own clock may run behind the recording's
LEAST_RISE = {  # over the face at rest
    Action.BLINK: 0.20,
    Action.SMILE: 0.20,
    Action.RAISE_BROWS: 0.18,
    Action.OPEN_MOUTH: 0.50,  # cm
    Action.TURN_LEFT: 15.0,  # degrees
    Action.TURN_RIGHT: 15.0,
}
_UNITS = {
    Action.OPEN_MOUTH: "cm",
    Action.TURN_LEFT: "degrees",
    Action.TURN_RIGHT: "degrees",
}
_SIGNAL = {
    Action.BLINK: ("blink", 1),
    Action.SMILE: ("smile", 1),
    Action.RAISE_BROWS: ("brows", 1),
    Action.OPEN_MOUTH: ("gap", 1),
    Action.TURN_LEFT: ("yaw", 1),
    Action.TURN_RIGHT: ("yaw", -1),
}
# What is nobody's doing by chance. A smile may open the lips, and an open mouth looks like a smile.
_CLEAR = (Action.SMILE, Action.OPEN_MOUTH, Action.TURN_LEFT, Action.TURN_RIGHT)
_TOGETHER = ({Action.SMILE, Action.OPEN_MOUTH},)


@dataclass(frozen=True, slots=True)
class Performed:
    """How one prompt was answered.

    Attributes:
        prompt: what was asked.
        peak: the largest rise over the face at rest in its time.
        reaction: seconds from the prompt until half of the least rise; None if it never came.
        returned: whether the face came back to rest in time.
        others: actions that were seen in its time though nobody asked for them.
    """

    prompt: Prompt
    peak: float
    reaction: float | None
    returned: bool
    others: tuple[Action, ...]

    @property
    def least(self) -> float:
        """What the peak must reach."""
        return LEAST_RISE[self.prompt.action]

    @property
    def unit(self) -> str:
        """Of peak and least."""
        return _UNITS.get(self.prompt.action, "of 1")

    @property
    def done(self) -> bool:
        """It was seen clearly enough."""
        return self.peak >= self.least

    @property
    def in_time(self) -> bool:
        """It began after the prompt and ended before the next."""
        return self.reaction is not None and self.reaction >= EARLIEST and self.returned

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values, in the order of the prompts."""
        return {
            "action": self.prompt.action.value,
            "start": self.prompt.start,
            "end": self.prompt.end,
            "peak": round(self.peak, 3),
            "least": self.least,
            "reaction": self.reaction,
            "returned": self.returned,
            "others": [action.value for action in self.others],
        }


def judge_actions(track: Track, challenge: Challenge) -> list[Performed]:
    """Return how each prompt was answered, in order."""
    rises = {action: _rise(track, action, challenge) for action in Action}
    return [_judge(prompt, rises) for prompt in challenge.prompts]


Series = tuple[Points, Points]  # times (n,) s, rises (n,)


def _rise(track: Track, action: Action, challenge: Challenge) -> Series:
    name, sign = _SIGNAL[action]
    times, values = track.series(name)
    rest = values[(times >= SETTLED) & (times < challenge.prompts[0].start)]
    base = float(np.median(rest)) if rest.size else float("nan")
    return times, sign * (values - base)


def _judge(prompt: Prompt, rises: dict[Action, Series]) -> Performed:
    least = LEAST_RISE[prompt.action]
    times, rise = _within(rises[prompt.action], prompt.start - EARLIEST, prompt.end + LATE)
    if not rise.size or not np.isfinite(rise).all():
        return Performed(prompt, 0.0, None, False, ())
    top = int(rise.argmax())
    before = np.flatnonzero(rise[: top + 1] < least / 2)
    began = float(times[before[-1] + 1 if before.size and before[-1] < top else 0])
    after = rise[top:]
    return Performed(
        prompt,
        peak=float(rise[top]),
        reaction=round(began - prompt.start, 3) if rise[top] >= least else None,
        returned=bool((after < least / 2).any()),
        others=_others(prompt, rises),
    )


def _others(prompt: Prompt, rises: dict[Action, Series]) -> tuple[Action, ...]:
    allowed = {prompt.action}.union(*(group for group in _TOGETHER if prompt.action in group))
    if prompt.action in TURNS:  # the landmarks of a turned face take it for a smile at times
        allowed |= {Action.SMILE, Action.OPEN_MOUTH}
    seen = []
    for action in _CLEAR:
        rise = _within(rises[action], prompt.start + LATE, prompt.end)[1]
        if action not in allowed and rise.size and rise.max() >= LEAST_RISE[action]:
            seen.append(action)
    return tuple(seen)


def _within(series: Series, start: float, end: float) -> Series:
    times, values = series
    inside = (times >= start) & (times < end)
    return times[inside], values[inside]
