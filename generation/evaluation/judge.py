"""A second opinion on what lips should do: from Whisper's encoder, which no engine here draws from.

Three linear readings of the encoder's features (Radford and others 2022, tiny.en, 384 numbers each
20 ms), fitted by ridge regression to forced-aligned sounds: expected lip aperture, lips pressed
together (p, b, m), open vowel. The weights and how they were fitted: their model card
(generation/weights/lip_judge.md). The engines hear with another network (hama); docs/decisions/0119
says what the two have in common all the same.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from generation import weights
from generation.audio import SAMPLE_RATE, Speech
from generation.audio.phonemes import quiet_pieces
from generation.audio.voiceprint import Floats
from generation.audio.words import features
from generation.evaluation.openings import Marks, Track

WEIGHTS = "lip_judge.npz"
CONTEXT = 2  # neighbours on each side that a reading sees: 5 x 20 ms
STEP = 0.02  # s between two features
_PIECE_SECONDS = (20.0, 28.0)


@dataclass(frozen=True)
class Expected:
    """What the judge expects of the lips, one value a frame.

    Attributes:
        opening: (T,) lip aperture, about 0 (shut) to 1 (as in "ah").
        closed: (T,) the judge is sure of p, b or m.
        open: (T,) the judge is sure of an open vowel.
    """

    opening: Track
    closed: Marks
    open: Marks


def expect(speech: Speech, times: Track) -> Expected:
    """Return what the lips should do at `times` (T,) in seconds.

    Raises:
        WeightsInvalid: Whisper's or the judge's weights are not the pinned ones.
    """
    fitted = coefficients()
    grid, inputs = windows(speech)
    readings = inputs @ fitted["matrix"] + fitted["offset"]  # (n, 3)
    opening, closed, opened = (np.interp(times, grid, column) for column in readings.T)
    sure_closed, sure_open = fitted["thresholds"]
    return Expected(opening, closed > sure_closed, opened > sure_open)


def windows(speech: Speech) -> tuple[Track, Floats]:
    """Return times (n,) in s, 20 ms apart, and the features there with neighbours (n, 1920)."""
    rows, times = [], []
    for start, piece in quiet_pieces(speech.samples, _PIECE_SECONDS):
        part = features(piece)
        count = len(part)
        padded = np.pad(part, ((CONTEXT, CONTEXT), (0, 0)), mode="edge")
        rows.append(np.hstack([padded[at : at + count] for at in range(2 * CONTEXT + 1)]))
        times.append(start / SAMPLE_RATE + STEP * np.arange(count))
    return np.concatenate(times), np.vstack(rows)


@cache
def coefficients() -> dict[str, Floats]:
    """Return "matrix" (1920, 3), "offset" (3,) and "thresholds" (2,)."""
    with np.load(weights.path(WEIGHTS)) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}
