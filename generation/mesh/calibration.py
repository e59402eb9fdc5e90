"""How far must this mouth be shut to look shut, and opened to look as open as asked?

Of a laughing mouth the landmarks lie on the teeth, beyond the lips' visible edge: brought onto one
line, its lips still show a row of teeth. Thin lips, beards and perspective swallow part of an
opening, and up to some opening lips count as closed to the landmarker and to who looks: on one face
0.2 cm, on another next to nothing; and lips that meet in a rounded mouth look open on some. Shut
lips, at rest and rounded, a small and a large opening are drawn and measured back; what is missing
is made up for in all frames.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from generation.faces import FaceLandmarker
from generation.faces.arrays import Image, Points
from generation.motion.curves import Curves

TEST_GAP = 0.6  # cm
MIN_GAIN, MAX_GAIN = 1.0, 1.6
SMALL_GAP, SMALL_SEEN = 0.20, 0.30  # cm, and cm that are to be seen of it
MIN_LEAD, LEAD, MAX_LEAD = 0.06, 0.13, 0.28  # cm
SHUT_SEEN = 0.15  # cm that may be seen between shut lips
SEALS = (1.15, 1.3)  # of the photo's gap, tried in turn where more is seen
PRESSES = (0.15, 0.3)  # beyond the usual, tried in turn where rounded lips look open
MET = 0.06  # cm that rounded lips that meet may show beyond resting ones
STUBBORN = 0.9  # of what was seen: what hardly gets less is no gap, but a shadow or a beard


@dataclass(frozen=True)
class Opening:
    """What makes up for what is not seen.

    Attributes:
        gain: how many times wider than asked the mouth is opened, 1 to 1.6.
        lead: cm that every opening gets beyond this, 0.06 to 0.28.
        seal: how many times the photo's own gap the lips are brought together, 1 to 1.3.
        press: how much harder than usual lips that meet are pressed together, 0 to 0.3.
    """

    gain: float = 1.0
    lead: float = LEAD
    seal: float = 1.0
    press: float = 0.0


USUAL = Opening()
Draw = Callable[[list[Curves], Opening], Iterable[Image]]


def calibrate(points: Points, landmarker: FaceLandmarker, draw: Draw) -> Opening:
    """Return how this mouth is to be opened.

    Args:
        points: its landmarks (478, 3) px.
        landmarker: measures.
        draw: draws the first frame of each of some curves with an opening.
    """

    def seen(opening: Opening, *asked: Curves) -> list[float]:
        frames = draw(list(asked), opening)
        return [landmarker.track(frame, points).mouth_gap() for frame in frames]

    rest, small, wide = (_open(gap) for gap in (0.0, SMALL_GAP, TEST_GAP))
    opening = USUAL
    shut, open_, met = seen(opening, rest, small, _meeting())
    for seal in SEALS:
        if shut <= SHUT_SEEN:
            break
        closer = replace(opening, seal=seal)
        less, open_less, met_less = seen(closer, rest, small, _meeting())
        if less > STUBBORN * shut:
            break
        opening, shut, open_, met = closer, less, open_less, met_less
    for press in PRESSES:
        if met <= shut + MET:
            break
        pressed = replace(opening, press=press)
        [less] = seen(pressed, _meeting())
        if less < met:
            opening, met = pressed, less
    usual = open_ - shut
    other = MAX_LEAD if usual < SMALL_SEEN else MIN_LEAD
    [further] = seen(replace(opening, lead=other), small)
    moved = further - shut
    slope = max((moved - usual) / (other - LEAD), 0.2)
    lead = float(np.clip(LEAD + (SMALL_SEEN - usual) / slope, MIN_LEAD, MAX_LEAD))
    opening = replace(opening, lead=lead)
    [most] = seen(opening, wide)
    gained = max(most - shut, 1e-3)
    return replace(opening, gain=float(np.clip(TEST_GAP / gained, MIN_GAIN, MAX_GAIN)))


def _open(gap: float) -> Curves:
    return _held(gap=gap, jaw=0.75 * gap)


def _meeting() -> Curves:
    """Return lips that meet between rounded vowels."""
    return _held(close=1.0, jaw=0.3, round=0.5, protrude=0.4)


def _held(**values: float) -> Curves:
    return Curves.rest(1).with_(
        **{name: np.full(1, value, np.float32) for name, value in values.items()}
    )
