"""How well lips will follow a track, foretold from how the network hears it.

What spoils a track (noise, others who speak, music, an echo, overdriving, sound that breaks off)
moves the mouth otherwise, and the unspoilt track that would tell is not there. But spoilt speech
looks otherwise than clear one within the network: a linear reading of its inner rows was fitted to
tracks that were spoilt on purpose (generation/weights/lips_foretold.md, docs/decisions/0121).
"""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from generation import weights
from generation.audio import SAMPLE_RATE, Phone, Speech
from generation.audio.loudness import levelled
from generation.audio.phonemes import HOP, LATENCY, inner_rows
from generation.audio.speech import Samples

WEIGHTS = "lips_foretold.npz"
LIMITS = (0.5, 0.95)  # what it was fitted to tell: beyond, a track is spoilt or clear anyhow
_WINDOWS, _WINDOW = 3, 8 * SAMPLE_RATE  # of longer tracks so much is listened to
_STEP = SAMPLE_RATE // 2  # between places where a part may begin


def foretold(speech: Speech, phones: Sequence[Phone]) -> float:
    """Return Pearson's r that the lips' distance is likely to have with what a clear track asks.

    0.5 (spoilt) to 0.95 (clear). Of tracks longer than 24 s three parts of 8 s are listened to, in
    which most is said.

    Args:
        speech: the track.
        phones: what is heard in it, one at least.

    Raises:
        WeightsInvalid: a weight file is not the pinned one.
    """
    matrix, offset = _fitted()
    return float(np.clip(sounds(speech, phones) @ matrix + offset, *LIMITS))


def sounds(speech: Speech, phones: Sequence[Phone]) -> NDArray[np.float32]:
    """Return what the network makes of the sounds of a track: (288,), the mean of its inner rows.

    Of pauses nothing counts: a room between sentences would be taken for noise in the voice.
    """
    found = []
    for start, part in _parts(levelled(speech).samples, phones):
        rows = inner_rows(part)
        found.append(rows[_said(phones, start / SAMPLE_RATE, len(rows))])
    mean: NDArray[np.float32] = np.concatenate(found).mean(0)
    return mean


def _said(phones: Sequence[Phone], start: float, count: int) -> NDArray[np.bool_]:
    """Return at which of so many rows of a part a sound is said."""
    times = start + HOP / SAMPLE_RATE * np.arange(count) - LATENCY
    marks = np.zeros(count, bool)
    for phone in phones:
        marks |= (times >= phone.start) & (times <= phone.end + HOP / SAMPLE_RATE)
    return marks


def _parts(samples: Samples, phones: Sequence[Phone]) -> Iterator[tuple[int, Samples]]:
    """Yield first sample and samples of what is listened to, each third's fullest part."""
    if samples.size <= _WINDOWS * _WINDOW:
        yield 0, samples
        return
    onsets = np.array([phone.start * SAMPLE_RATE for phone in phones])
    edges = np.linspace(0, samples.size, _WINDOWS + 1).astype(int)
    for first, last in pairwise(edges):
        starts = np.r_[first : last - _WINDOW : _STEP, last - _WINDOW]
        said = [((onsets >= at) & (onsets < at + _WINDOW)).sum() for at in starts]
        start = int(starts[int(np.argmax(said))])
        yield start, samples[start : start + _WINDOW]


@cache
def _fitted() -> tuple[NDArray[np.float32], float]:
    """Return the weights: (288,) and a number."""
    with np.load(weights.path(WEIGHTS)) as stored:
        return stored["matrix"].astype(np.float32), float(stored["offset"])
