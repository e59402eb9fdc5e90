"""Lips from phones: blended targets, then closures that nothing may blur away.

Coarticulation by dominance functions (Cohen and Massaro 1993): each phone insists on its target
with a * exp(-distance / tau), and the lips follow the weighted mean of all. Bilabials and
labiodentals get windows of their own on top, because a "p" that does not close is seen at once.
"""

from dataclasses import dataclass, replace

import numpy as np

from generation.audio import Phone
from generation.motion.timeline import RATE, Timeline, Track, smooth
from generation.motion.visemes import (
    BILABIALS,
    LABIODENTALS,
    SHAPES,
    VOWELS,
    Shape,
    drawable,
    is_vowel,
)

_LEAD = 0.02  # s: lips are a little ahead of the sound they make
_REACH = 0.5  # s: beyond this a phone's dominance is below 1 % of anything
_PAUSE = 0.12  # s without a phone counts as a pause
_CLOSING, _RELEASE = 0.050, 0.030  # s a closure takes to come and to go: a release is a burst
# s that lips stay so at least, for the network's times are too short: one hums through an "m".
_HUMMED, _SHUT, _AT_TEETH = 0.082, 0.070, 0.050
_LONGEST = 0.120  # s
_VOICED = 0.5  # of the loudness: as long as a vowel stays louder, it is still said
_MOST_HELD = 0.6  # s that a vowel is held for without another sound being heard
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


def lips(phones: list[Phone], line: Timeline, openness: float = 1.0) -> Lips:
    """Return the mouth's movement; ``openness`` scales how far it opens."""
    known = drawable(held(phones, line))
    shape = {name: _lead(track) for name, track in _blend(known, line.times).items()}
    talking = _talking(known, line.times)
    # Speech lies in the upper half of the loudness: there loud vowels differ from weak ones.
    loud = np.clip((line.strength - 0.5) / 0.45, 0, 1)
    gap = np.clip(shape["gap"], 0, None) * (0.2 + 1.1 * loud) * openness
    gap = smooth(gap, 0.020) * talking
    hummed = _windows(known, frozenset("m"), _HUMMED, line.times)
    close = np.maximum(hummed, _windows(known, BILABIALS, _SHUT, line.times))
    labiodental = _windows(known, LABIODENTALS, _AT_TEETH, line.times)
    rest = {name: smooth(shape[name], 0.030) * talking for name in _SPREAD}
    return Lips(
        gap=gap * (1 - close) * (1 - 0.75 * labiodental),
        jaw=smooth(gap, 0.050) * 0.75 * talking,  # the jaw is slower than the lips
        tongue=smooth(shape["tongue"], 0.025) * talking,
        close=close,
        labiodental=labiodental,
        **rest,
    )


def held(phones: list[Phone], line: Timeline) -> list[Phone]:
    """Return phones that last as long as the voice does, for the network tells only their starts.

    What is said last before a pause, or before a sound that it did not name, goes on as long as it
    is loud: a vowel as itself, after a consonant a neutral one.
    """
    lasting = []
    for index, phone in enumerate(phones):
        after = phones[index + 1].start if index + 1 < len(phones) else float(line.times[-1])
        end = _voiced_until(line, phone.end, min(after, phone.end + _MOST_HELD))
        if is_vowel(phone):
            phone = replace(phone, end=end)
        lasting.append(phone)
        if end > phone.end:
            lasting.append(Phone("\u0259", phone.end, end))
    return lasting


def _voiced_until(line: Timeline, start: float, latest: float) -> float:
    """Return until when it stays loud from ``start`` on, ``latest`` at most."""
    first, last = np.searchsorted(line.times, (start, latest))
    quiet = np.flatnonzero(line.loudness[first:last] < _VOICED)
    until = float(line.times[first + quiet[0]]) if quiet.size else latest
    return max(start, until)


def _blend(phones: list[Phone], times: Track) -> dict[str, Track]:
    """Return the dominance-weighted mean of the targets of ``phones``, by shape parameter."""
    pull = {name: np.zeros(times.size) for name in Shape._fields}
    weight = {name: np.full(times.size, 1e-6) for name in Shape._fields}
    rest = _rest_dominance(phones, times)
    for phone in phones:
        near = slice(*np.searchsorted(times, (phone.start - _REACH, phone.end + _REACH)))
        centre, half = (phone.start + phone.end) / 2, (phone.end - phone.start) / 2
        distance = np.maximum(0, np.abs(times[near] - centre) - half / 2)
        for name, target in SHAPES[phone.symbol]._asdict().items():
            strength, tau = _insistence(phone.symbol, name, target)
            dominance = strength * np.exp(-distance / tau)
            pull[name][near] += dominance * target
            weight[name][near] += dominance
    return {name: pull[name] / (weight[name] + rest) for name in Shape._fields}


def _insistence(symbol: str, name: str, target: float) -> tuple[float, float]:
    """Return strength and reach in seconds with which a phone wants one target."""
    if name == "gap":
        if symbol in BILABIALS:
            return 3.0, 0.020
        if symbol in LABIODENTALS:
            return 3.0, 0.035
        return (1.0, 0.060) if symbol in VOWELS else (1.3, 0.040)
    if name in _SPREAD:  # rounding and spreading begin early and win over neutral neighbours
        return (1.0, 0.090) if target > 0.25 else (0.35, 0.050)
    return 1.0, 0.055


def _rest_dominance(phones: list[Phone], times: Track) -> Track:
    """Return how strongly each pause wants the mouth to rest."""
    total = np.zeros(times.size)
    for start, end in _pauses(phones, float(times[-1])):
        inside = np.minimum(times - start, end - times)
        total += 1.5 * np.exp(np.minimum(0, inside) / 0.04)
    return total


def _pauses(phones: list[Phone], seconds: float) -> list[tuple[float, float]]:
    edges = [0.0, *(t for phone in phones for t in (phone.start, phone.end)), seconds]
    gaps = zip(edges[::2], edges[1::2], strict=True)
    return [(end, start) for end, start in gaps if start - end > _PAUSE]


def _talking(phones: list[Phone], times: Track) -> Track:
    """Return 1 at and around phones, exactly 0 in pauses: a silent mouth is a still one."""
    mask = np.zeros(times.size)
    for phone in phones:
        mask[slice(*np.searchsorted(times, (phone.start - 0.10, phone.end + 0.12)))] = 1
    return np.clip(smooth(mask, 0.025) * 1.06 - 0.03, 0, 1)


def _windows(phones: list[Phone], symbols: frozenset[str], least: float, times: Track) -> Track:
    """Return 1 while one of ``symbols`` is said, ``least`` s at least, with cosine ramps around."""
    track = np.zeros(times.size)
    for phone in (each for each in phones if each.symbol in symbols):
        start, end = phone.start, max(phone.end, phone.start + least)
        spare = max(0.0, end - start - _LONGEST) / 2
        early, late = start + spare - times, times - end + spare
        away = np.clip(np.maximum(early / _CLOSING, late / _RELEASE), 0, 1)
        np.maximum(track, 0.5 + 0.5 * np.cos(np.pi * away), out=track)
    return track


def _lead(track: Track) -> Track:
    steps = int(_LEAD * RATE)
    return np.concatenate([track[steps:], np.full(steps, track[-1])])
