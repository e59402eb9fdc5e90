# ruff: noqa: RUF001  the letters are IPA and are meant
"""What a mouth does while sounds are said whose names and times are known.

How far it opens is each sound's own opening, smeared over 100 ms as if nothing were said where
lips meet; that they meet, and that the lower one is at the teeth, is told apart from it, just while
it is said. How they are spread, rounded and where the tongue is, is blended by dominance functions
(Cohen and Massaro 1993): each sound insists on its target with a * exp(-distance / tau), and the
mouth follows the weighted mean of all.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from generation.audio import Phone
from generation.audio.mouth import TRACKS
from generation.motion.visemes import SHAPES, Shape

Track = NDArray[np.float64]

_RATE = 200  # Hz
_BEHIND = Shape(0.4, wide=0.1)  # made behind the lips
# The table of visemes, and what English has not: the same lips where there are some, or between.
_SHAPES = SHAPES | {
    "y": Shape(0.28, round=0.95, protrude=0.9),
    "ø": Shape(0.5, round=0.75, protrude=0.6),
    "ɵ": Shape(0.45, round=0.6, protrude=0.5),
    "œ": Shape(0.75, round=0.5, protrude=0.4),
    "ɨ": Shape(0.34, wide=0.3),
    "ᵻ": Shape(0.38, wide=0.3),
    "ɯ": Shape(0.28, round=0.2, protrude=0.1),
    "β": Shape(0.1),
    "ɸ": Shape(0.12, round=0.2),
    "ɕ": Shape(0.22, wide=0.2),
    "ʑ": Shape(0.22, wide=0.2),
    "ʎ": SHAPES["l"],
    "ɭ": SHAPES["l"],
    "ɽ": SHAPES["ɾ"],
    "ɲ": SHAPES["n"],
    "ɴ": SHAPES["ŋ"],
    "ʝ": SHAPES["j"],
    **dict.fromkeys("xɣχʁ", _BEHIND),
}
_BILABIALS, _LABIODENTALS = frozenset("pbm"), frozenset("fv")
_SMEARED, _SHARP = 0.050, 0.010  # s: half the width over which a sound shapes its neighbours
_REACH = 0.5  # s: beyond this a sound's dominance is below 1 % of anything
_PAUSE = 0.12  # s without a sound counts as a pause
_AROUND = (0.10, 0.12)  # s before and after sounds in which the mouth is not at rest
_BLENDED = ("wide", "round", "protrude", "tongue")


def targets(phones: list[Phone], times: Track) -> NDArray[np.float32]:
    """Return what the mouth does (T, 7), in the order and units of TRACKS.

    Args:
        phones: what is said.
        times: (T,) s, growing.
    """
    known = _spelt(phones)
    grid: Track = np.arange(int((times[-1] + 1) * _RATE)) / _RATE
    at_work = _at_work(known, grid)
    found = {name: track * at_work for name, track in _blend(known, grid).items()}
    found["gap"] = _opening(known, grid)
    for name, symbols in (("close", _BILABIALS), ("labiodental", _LABIODENTALS)):
        said = [p.symbol in symbols for p in known]
        found[name] = _smeared(_laid(known, grid, said), _SHARP)
    columns = [np.interp(times, grid, found[name]) for name in TRACKS]
    return np.stack(columns, axis=1).astype(np.float32)


def _spelt(phones: list[Phone]) -> list[Phone]:
    """Return one sound a letter, each an equal part of its symbol; marks, length and tone left out.

    What has no letter of the table (a mark that espeak-ng times by itself) lengthens the sound
    before it. "c" with a cedilla is a letter of its own in IPA and is not taken apart.
    """
    found: list[Phone] = []
    for phone in phones:
        plain = unicodedata.normalize("NFD", phone.symbol.replace("ç", "ʝ"))
        signs = [sign for sign in plain if sign in _SHAPES]
        if not signs and found and phone.start - found[-1].end < _PAUSE:
            found[-1] = replace(found[-1], end=phone.end)
        edges = np.linspace(phone.start, phone.end, len(signs) + 1)
        found += [
            Phone(sign, float(start), float(end))
            for sign, (start, end) in zip(signs, pairwise(edges), strict=True)
        ]
    return found


def _opening(phones: list[Phone], times: Track) -> Track:
    """Return how far the mouth opens, from both sides across sounds whose lips meet."""
    laid = _laid(phones, times, [max(0.0, _SHAPES[p.symbol].gap) for p in phones])
    counts = 1 - _laid(phones, times, [p.symbol in _BILABIALS for p in phones])
    found: Track = _smeared(laid * counts, _SMEARED) / np.maximum(_smeared(counts, _SMEARED), 1e-3)
    return found


def _laid(phones: list[Phone], times: Track, values: list[float]) -> Track:
    fine = np.zeros(times.size)
    for phone, value in zip(phones, values, strict=True):
        start = int(phone.start * _RATE)
        fine[start : max(int(phone.end * _RATE), start + 1)] = value
    return fine


def _smeared(track: Track, width: float) -> Track:
    kernel = np.hanning(int(2 * width * _RATE) + 1)
    blurred: Track = np.convolve(track, kernel / kernel.sum(), mode="same")
    return blurred


def _blend(phones: list[Phone], times: Track) -> dict[str, Track]:
    pull = {name: np.zeros(times.size) for name in _BLENDED}
    weight = {name: np.full(times.size, 1e-6) for name in _BLENDED}
    rest = _rest_dominance(phones, times)
    for phone in phones:
        near = slice(*np.searchsorted(times, (phone.start - _REACH, phone.end + _REACH)))
        centre, half = (phone.start + phone.end) / 2, (phone.end - phone.start) / 2
        distance = np.maximum(0, np.abs(times[near] - centre) - half / 2)
        for name in _BLENDED:
            target = getattr(_SHAPES[phone.symbol], name)
            strength, tau = _insistence(name, target)
            dominance = strength * np.exp(-distance / tau)
            pull[name][near] += dominance * target
            weight[name][near] += dominance
    return {name: pull[name] / (weight[name] + rest) for name in _BLENDED}


def _insistence(name: str, target: float) -> tuple[float, float]:
    """Return strength and reach in seconds with which a sound wants one target."""
    if name == "tongue":
        return 1.0, 0.055
    # Rounding and spreading begin early and win over neutral neighbours.
    return (1.0, 0.090) if target > 0.25 else (0.35, 0.050)


def _rest_dominance(phones: list[Phone], times: Track) -> Track:
    """Return how strongly each pause wants the mouth to rest."""
    total = np.zeros(times.size)
    edges = [0.0, *(t for phone in phones for t in (phone.start, phone.end)), float(times[-1])]
    for end, start in zip(edges[::2], edges[1::2], strict=True):
        if start - end > _PAUSE:
            inside = np.minimum(times - end, start - times)
            total += 1.5 * np.exp(np.minimum(0, inside) / 0.04)
    return total


def _at_work(phones: list[Phone], times: Track) -> Track:
    mask = np.zeros(times.size)
    for phone in phones:
        span = np.searchsorted(times, (phone.start - _AROUND[0], phone.end + _AROUND[1]))
        mask[slice(*span)] = 1
    return mask
