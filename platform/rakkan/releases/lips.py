"""Do the lips follow the voice? The bounds, in one place, and what they make of a worker's numbers.

Where the bounds come from: docs/lips.md and docs/decisions/0095.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from rakkan.core.errors import Refused

LEAST_SPEECH = 1.5  # seconds of speech that were looked at; with less there is nothing to judge
LEAST_FACES = 0.9  # of the frames that were looked at show a face
LEAST_FRAMES = 25  # frames with a face; fewer are judged by nobody
LEAST_IN_TIME = 0.2  # correlation of lips and sound, within 80 ms
MOST_BEYOND = 0.2  # by how much it may be higher at another time


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
    """

    frames: int
    faces: int
    seconds: float
    speech_seconds: float
    in_time: float
    best: float
    lag_ms: int

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
        )
        if not sound:
            raise Refused("The numbers contradict each other.", code="lips-not-judged")
        return numbers


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
    r = f"correlation {numbers.in_time:.2f} in time"
    if numbers.in_time < LEAST_IN_TIME:
        said = f"The lips do not follow the voice: {r}, it takes {LEAST_IN_TIME}; {looked}."
        return Judgement(Outcome.OUT_OF_STEP, said)
    if numbers.best > numbers.in_time + MOST_BEYOND:
        late = "late" if numbers.lag_ms > 0 else "early"
        said = (
            f"The lips are {abs(numbers.lag_ms)} ms {late}: correlation {numbers.best:.2f} there,"
            f" {numbers.in_time:.2f} in time; {looked}."
        )
        return Judgement(Outcome.OUT_OF_STEP, said)
    return Judgement(Outcome.IN_STEP, f"the lips follow the voice: {r}, {looked}")
