"""What the networks hear of a voice: numbers for every 20 ms.

Half of them say what hama takes the sound for, put together by what lips do for it, so that
languages share columns; the other half are energies by pitch, which tell when more exactly. The
evaluation listens with other ears (``generation.evaluation``), so that no network is judged by
what drives it.
"""

import functools

import numpy as np

from generation.audio import SAMPLE_RATE, Phone, Speech
from generation.audio.loudness import levelled
from generation.audio.phonemes import HOP, LATENCY, log_posteriors, tokens
from generation.faces.arrays import Floats
from generation.motion.visemes import SHAPES, Shape, drawable

RATE = SAMPLE_RATE // HOP  # 50 rows a second
ROWS_A_FRAME = 2  # at 25 frames a second
AROUND = 2  # frames before and after that a frame hears as well
MARGIN = AROUND * ROWS_A_FRAME  # rows beyond a clip's own that its first and last frames hear
SEEN = ROWS_A_FRAME * (2 * AROUND + 1)  # rows a frame hears
BANDS = 16
_FIRST, _LAST = 80.0, 7600.0  # Hz
_WINDOW = 2 * HOP  # samples
_LATE = round(LATENCY * RATE)  # rows by which hama speaks after the lips
_UNLIKELY, _USUAL, _SPREAD = -24.0, -12.0, 6.0  # of log posteriors
_QUIETEST, _LOUDNESS, _RANGE = 1e-6, -5.0, 4.0  # of log energies


def _groups() -> tuple[Shape, ...]:
    """Return the different things that lips do, in the order they were written down."""
    return tuple(dict.fromkeys(SHAPES.values()))


SIZE = len(_groups()) + 2 + BANDS  # columns: what lips do, nothing, a word's end, energies


def speech_features(speech: Speech) -> Floats:
    """Return (n, SIZE) about zero mean and unit variance, 50 rows a second.

    Row i stands for the sound from i/50 to (i + 1)/50 s. Video frame t at 25 frames a second owns
    rows 2t and 2t + 1.

    Raises:
        WeightsInvalid: the phoneme network is not the pinned one.
    """
    count = max(ROWS_A_FRAME, -(-speech.samples.size // HOP))
    return np.concatenate([_heard(speech, count), _energies(speech, count)], 1)


@functools.cache
def silence() -> Floats:
    """Return the row (SIZE,) of no sound, to pad with; not writable."""
    still = np.zeros(SIZE, np.float32)
    still[: SIZE - BANDS] = (_UNLIKELY - _USUAL) / _SPREAD
    still[SIZE - BANDS - 2] = -_USUAL / _SPREAD  # that nothing is said is certain
    still[-BANDS:] = (np.log(_QUIETEST) - _LOUDNESS) / _RANGE
    still.flags.writeable = False
    return still


def clip_rows(features: Floats, first: int, frames: int) -> Floats:
    """Return the rows that some frames hear: (2 * frames + 2 * MARGIN, SIZE).

    Args:
        features: (n, SIZE) of a whole track; silence goes on around it.
        first: the first frame, at 25 a second.
        frames: how many.
    """
    start = first * ROWS_A_FRAME - MARGIN
    rows = np.arange(start, start + frames * ROWS_A_FRAME + 2 * MARGIN)
    inside = (rows >= 0) & (rows < len(features))
    out = np.broadcast_to(silence(), (len(rows), features.shape[1])).copy()
    out[inside] = features[rows[inside]]
    return out


def frame_windows(rows: Floats) -> Floats:
    """Return what each frame hears, (frames, SEEN, SIZE), from the rows of :func:`clip_rows`."""
    frames = (len(rows) - 2 * MARGIN) // ROWS_A_FRAME
    at = np.arange(frames)[:, None] * ROWS_A_FRAME + np.arange(SEEN)
    windows: Floats = rows[at]
    return windows


@functools.cache
def _membership() -> Floats:
    """Return (tokens, groups + 2) 0 or 1: which columns a token of hama's counts for."""
    groups = {shape: index for index, shape in enumerate(_groups())}
    belongs = np.zeros((len(tokens()), len(groups) + 2), np.float32)
    marks = {"<blank>": len(groups), "<wb>": len(groups) + 1}
    for row, symbol in enumerate(tokens()):
        for phone in drawable([Phone(symbol, 0.0, 1.0)]):
            belongs[row, groups[SHAPES[phone.symbol]]] = 1
        if symbol in marks:
            belongs[row, marks[symbol]] = 1
    return belongs


def _heard(speech: Speech, count: int) -> Floats:
    posteriors = np.exp(log_posteriors(speech)).astype(np.float32) @ _membership()
    found = (np.log(np.maximum(posteriors, np.exp(_UNLIKELY))) - _USUAL) / _SPREAD
    out = np.broadcast_to(silence()[: SIZE - BANDS], (count, SIZE - BANDS)).copy()
    known = found[_LATE : _LATE + count]
    out[: len(known)] = known
    return out


def _energies(speech: Speech, count: int) -> Floats:
    samples = levelled(speech).samples
    before = (_WINDOW - HOP) // 2
    padded = np.zeros(count * HOP + _WINDOW, np.float32)
    padded[before : before + samples.size] = samples[: padded.size - before]
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[: count * HOP : HOP]
    power = np.abs(np.fft.rfft(windows * np.hanning(_WINDOW), axis=1)) ** 2 / _WINDOW
    bands = np.log(power @ _filters() + _QUIETEST)
    return ((bands - _LOUDNESS) / _RANGE).astype(np.float32)


@functools.cache
def _filters() -> Floats:
    """Return (frequencies, BANDS) triangles, evenly spread on the mel scale."""
    low, high = (2595 * np.log10(1 + f / 700) for f in (_FIRST, _LAST))
    edges = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    frequencies = np.fft.rfftfreq(_WINDOW, 1 / SAMPLE_RATE)[:, None]
    rising = (frequencies - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequencies) / (edges[2:] - edges[1:-1])
    return np.clip(np.minimum(rising, falling), 0, None).astype(np.float32)
