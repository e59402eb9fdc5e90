"""Lips from what is read of a voice: how far apart and in which shape, and when they are shut.

A reading of sounds is as sure as it can be and no surer: where it doubts, its middle lies between.
That is right for how far a mouth opens, and wrong for lips that meet, because a "p" that does not
close is seen at once: where it is likely enough they do, wholly, and for as long as that takes.
"""

from dataclasses import dataclass

import numpy as np

from generation.audio import Heard, Phone
from generation.audio.mouth import STEP, TRACKS
from generation.motion.timeline import Marks, Timeline, Track, smooth

_LEAD_SHAPE = 0.02  # s: lips are spread or rounded ahead of the sound they make
# cm: lips that speak are apart, for "s" and "t" are said through them; aloud further.
_APART, _ALOUD = 0.06, 0.08
_READ = 0.96  # of what is read as loud as the speaker ever is
# From what is read on lips meet, or the lower one meets the teeth (docs/decisions/0119, 0120).
_MEET, _TEETH = 0.19, 0.4
_AS_MUCH = 0.3  # of the most that is read of one closure: below it is its sound's neighbour
_CLOSING, _RELEASE = 0.030, 0.020  # s a closure takes to come and to go: a release is a burst
_SHUT, _AT_TEETH = 0.050, 0.040  # s that lips stay so at least
_NARROW = 0.75  # of the gap is gone with the lower lip at the teeth
_VOICED = 0.5  # of the loudness: as long as a sound stays louder, it is still said
_MOST_HELD = 0.6  # s that a sound is held for without another being heard
_SPREAD = ("wide", "round", "protrude")


@dataclass(frozen=True)
class Lips:
    """Tracks of the mouth; units as in :class:`generation.motion.Curves`."""

    gap: Track
    jaw: Track
    wide: Track
    round: Track
    protrude: Track
    tongue: Track
    close: Track
    labiodental: Track


def lips(heard: Heard, line: Timeline, openness: float = 1.0) -> Lips:
    """Return the mouth's movement; ``openness`` scales how far it opens."""
    talking = _talking(heard.phones, line)
    # Speech lies in the upper half of the loudness: there loud vowels differ from weak ones.
    loud = np.clip((line.strength - 0.5) / 0.45, 0, 1)
    opening = _READ * np.clip(_read(heard, "gap", line), 0, None)
    gap = (_APART + (_ALOUD + opening) * loud) * openness * talking
    close = _windows(_read(heard, "close", line), _MEET, _SHUT, line.times)
    labiodental = _windows(_read(heard, "labiodental", line), _TEETH, _AT_TEETH, line.times)
    shape = {name: smooth(_read(heard, name, line, _LEAD_SHAPE), 0.030) for name in _SPREAD}
    rest = {name: np.clip(track, 0, 1) * talking for name, track in shape.items()}
    tongue = np.clip(_read(heard, "tongue", line, _LEAD_SHAPE), 0, 1)
    gap = gap * (1 - close) * (1 - _NARROW * labiodental)
    return Lips(
        gap=gap,
        jaw=smooth(gap, 0.050) * 0.75 * talking,  # it rises when lips meet, slower than they do
        tongue=smooth(tongue, 0.025) * talking,
        close=close * talking,
        labiodental=labiodental * talking,
        **rest,
    )


def _read(heard: Heard, name: str, line: Timeline, lead: float = 0.0) -> Track:
    """Return one track of what was read, at the times of the grid, ``lead`` s early."""
    rows = heard.mouth[:, TRACKS.index(name)]
    found: Track = np.interp(line.times + lead, STEP * np.arange(len(rows)), rows)
    return found


def _talking(phones: list[Phone], line: Timeline) -> Track:
    """Return 1 at and around phones, exactly 0 in pauses: a silent mouth is a still one.

    A phone lasts as long as the voice does, for the network tells only their starts.
    """
    mask = np.zeros(line.times.size)
    for index, phone in enumerate(phones):
        after = phones[index + 1].start if index + 1 < len(phones) else float(line.times[-1])
        end = _voiced_until(line, phone.end, min(after, phone.end + _MOST_HELD))
        mask[slice(*np.searchsorted(line.times, (phone.start - 0.10, end + 0.12)))] = 1
    return np.clip(smooth(mask, 0.025) * 1.06 - 0.03, 0, 1)


def _voiced_until(line: Timeline, start: float, latest: float) -> float:
    """Return until when it stays loud from ``start`` on, ``latest`` at most."""
    first, last = np.searchsorted(line.times, (start, latest))
    quiet = np.flatnonzero(line.loudness[first:last] < _VOICED)
    until = float(line.times[first + quiet[0]]) if quiet.size else latest
    return max(start, until)


def _windows(read: Track, bound: float, least: float, times: Track) -> Track:
    """Return 1 while what is read is high, ``least`` s at least, with cosine ramps around.

    High is beyond ``bound`` and beyond a share of the peak: a reading sees 0.2 s at once, so a sure
    closure is read in the vowels beside it, too.
    """
    track = np.zeros(times.size)
    for first, last in _runs(read > bound):
        inside = read[first : last + 1]
        for begin, end in _runs(inside > _AS_MUCH * inside.max()):
            _shut(track, times, (times[first + begin], times[first + end]), least)
    return track


def _shut(track: Track, times: Track, span: tuple[float, float], least: float) -> None:
    """Raise a track to 1 between two moments, and around them as a closure comes and goes."""
    middle, half = (span[0] + span[1]) / 2, max(span[1] - span[0], least) / 2
    reach = half + max(_CLOSING, _RELEASE)
    near = slice(*np.searchsorted(times, (middle - reach, middle + reach)))
    early, late = middle - half - times[near], times[near] - middle - half
    away = np.clip(np.maximum(early / _CLOSING, late / _RELEASE), 0, 1)
    track[near] = np.maximum(track[near], 0.5 + 0.5 * np.cos(np.pi * away))


def _runs(marks: Marks) -> list[tuple[int, int]]:
    """Return first and last of each run of marked moments."""
    edges = np.flatnonzero(np.diff(np.r_[False, marks, False]))
    return list(zip(edges[::2].tolist(), (edges[1::2] - 1).tolist(), strict=True))
