"""Do the lips follow the voice? The bounds, in one place, and what they make of a worker's numbers.

Where the bounds come from: docs/lips.md and docs/decisions/0095.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from rakkan.core.errors import Refused

LEAST_SPEECH = 2.0  # seconds of speech that were looked at; with less there is nothing to judge
LEAST_FACES = 0.9  # of the frames that were looked at show a face
LEAST_FRAMES = 25  # frames with a face; fewer are judged by nobody
LEAST_MOVED = 0.2  # cm of a standard head, between the 5th and 95th percentile of the lips' gap
# Seconds of speech, and with as many: correlation of lips and sound within 80 ms at least, and by
# how much it may be higher at another time. Few seconds say little, so they are asked for less.
SHORT, LONG = (3.0, 0.30, 0.20), (6.0, 0.40, 0.12)


class Outcome(StrEnum):
    """What became of asking."""

    IN_STEP = "in-step"
    NO_SPEECH = "no-speech"  # hardly anybody speaks: there is nothing to judge
    OUT_OF_STEP = "out-of-step"
    NO_FACE = "no-face"
    NOT_JUDGED = "not-judged"


PASSING = (Outcome.IN_STEP, Outcome.NO_SPEECH)


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a worker measured of a file.

    Attributes:
        frames: that were looked at.
        faces: of them, with a face.
        seconds: that were looked at.
        speech_seconds: of them, in which somebody speaks.
        in_time: correlation of lips and sound where they are in time.
        best: the highest within 0.6 s.
        lag_ms: where that is; positive: the lips are late.
        moved_cm: how far the lips move.
    """

    frames: int
    faces: int
    seconds: float
    speech_seconds: float
    in_time: float
    best: float
    lag_ms: int
    moved_cm: float

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> Self:
        """Read the facts of a measure job; a worker is not trusted to send what it should.

        Raises:
            Refused: lips-not-judged.
        """
        given: dict[str, Any] = {name: facts.get(name) for name in cls.__slots__}
        whole = ("frames", "faces", "lag_ms")
        for name, value in given.items():
            kinds = (int,) if name in whole else (int, float)
            if type(value) not in kinds:
                raise Refused(f"No number says {name}.", code="lips-not-judged")
        numbers = cls(**given)
        sound = (
            0 <= numbers.faces <= numbers.frames
            and 0 <= numbers.speech_seconds <= numbers.seconds + 1
            and -1 <= numbers.in_time <= numbers.best <= 1
            and 0 <= numbers.moved_cm < math.inf
        )
        if not sound:
            raise Refused("The numbers contradict each other.", code="lips-not-judged")
        return numbers

    @property
    def bounds(self) -> tuple[float, float]:
        """The least correlation in time, and the most by which it may be higher elsewhere."""
        part = (self.speech_seconds - SHORT[0]) / (LONG[0] - SHORT[0])
        part = min(1.0, max(0.0, part))
        least, beyond = (a + part * (b - a) for a, b in zip(SHORT[1:], LONG[1:], strict=True))
        return least, beyond


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the numbers say, with a sentence for people."""

    outcome: Outcome
    said: str

    @property
    def passes(self) -> bool:
        """Whether the file may go on."""
        return self.outcome in PASSING


def numbers_of(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of a worker's facts: the numbers that are asked for, nothing else."""
    known = {name: facts.get(name) for name in Numbers.__slots__}
    return {name: value for name, value in known.items() if type(value) in (int, float)}


def lips_judge(facts: Mapping[str, Any]) -> Judgement:
    """Return what a worker's numbers say of a file; no numbers say that nobody judged it."""
    try:
        numbers = Numbers.read(facts)
    except Refused as refused:
        why = facts.get("error") or str(refused)
        return Judgement(Outcome.NOT_JUDGED, f"Nobody could judge the lips: {why}")
    looked = f"{numbers.seconds:.1f} s looked at"
    if numbers.speech_seconds < LEAST_SPEECH:
        said = f"not judged: no speech ({numbers.speech_seconds:.1f} s of it in {looked})"
        return Judgement(Outcome.NO_SPEECH, said)
    if numbers.faces < max(LEAST_FRAMES, LEAST_FACES * numbers.frames):
        said = f"A face shows in {numbers.faces} of {numbers.frames} frames; that is too few."
        return Judgement(Outcome.NO_FACE, said)
    return _in_step(numbers, looked)


def _in_step(numbers: Numbers, looked: str) -> Judgement:
    least, beyond = numbers.bounds
    r = f"correlation {numbers.in_time:.2f} in time"
    if numbers.moved_cm < LEAST_MOVED:
        said = f"The lips hardly move while somebody speaks: {numbers.moved_cm:.2f} cm; {looked}."
    elif numbers.best > numbers.in_time + beyond:
        late = "late" if numbers.lag_ms > 0 else "early"
        said = (
            f"The lips are {abs(numbers.lag_ms)} ms {late}: correlation {numbers.best:.2f} there,"
            f" {numbers.in_time:.2f} in time; {looked}."
        )
    elif numbers.in_time < least:
        said = f"The lips do not follow the voice: {r}, it takes {least:.2f}; {looked}."
    else:
        return Judgement(Outcome.IN_STEP, f"the lips follow the voice: {r}, {looked}")
    return Judgement(Outcome.OUT_OF_STEP, said)
