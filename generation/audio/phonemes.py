"""Phonemes from sound alone, by hama (weights inside its wheel, nothing is downloaded)."""

import functools
import hashlib
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from importlib import resources

import numpy as np
from hama.asr import ASRModel  # type: ignore[import-untyped]
from numpy.typing import NDArray

from generation.audio.loudness import levelled
from generation.audio.speech import SAMPLE_RATE, Samples, Speech
from generation.errors import WeightsInvalid
from generation.sharing import in_order

WEIGHTS = "asr_waveform.hama"
PINNED = "a9fcfe73e179ca48e399cd76a90a6b3e1887bf5037ecc52b778d13a149563328"
# Its emissions come 85 ms after the lips meet (measured on read English, deviation 15 ms).
LATENCY = 0.085
HOP = 320  # samples a row of posteriors stands for: 50 rows a second
# Cost grows faster than length (attention), so long tracks are cut where they are quietest.
_CHUNK_SECONDS = (12.0, 18.0)
_HOLD = 0.30  # s: phones closer than this follow each other without a pause
_LONGEST = 0.25  # s a phone lasts before a pause at most
_LAST = 0.12  # s the last phone before a pause lasts


@dataclass(frozen=True)
class Phone:
    """One phoneme (IPA) and the time it takes, in seconds from the start of the track."""

    symbol: str
    start: float
    end: float


class _Own(threading.local):
    network: ASRModel | None = None


_own = _Own()  # a thread's: nothing says that several may use one


def model() -> ASRModel:
    """Return this thread's network, loaded at first use: some 20 ms, 5 MB.

    Raises:
        WeightsInvalid: the installed weight file is not the one in the model card.
    """
    if weights_digest() != PINNED:
        raise WeightsInvalid(
            f"hama's {WEIGHTS} is not the file this program was tested with.",
            remedy="Install hama in the pinned version again.",
        )
    if _own.network is None:
        _own.network = ASRModel()
    return _own.network


@functools.cache
def weights_digest() -> str:
    """Return the SHA-256 of the installed weight file."""
    data = resources.files("hama.assets").joinpath(WEIGHTS).read_bytes()
    return hashlib.sha256(data).hexdigest()


def recognise(
    speech: Speech,
    progress: Callable[[float], None] = lambda part: None,
    *,
    threads: int = 1,
) -> list[Phone]:
    """Return what is said, in order; nothing for noise, music or silence.

    It is heard at one loudness: a quiet voice would be taken for other sounds.

    Args:
        speech: of any length; memory and time grow in step with it.
        progress: called with 0..1 with every dozen seconds of sound; may raise to stop.
        threads: that listen, a dozen seconds each; what they hear does not depend on it.

    Raises:
        WeightsInvalid: the installed weight file is not the pinned one.
    """
    progress(0.0)
    onsets: list[tuple[str, float]] = []
    pieces = quiet_pieces(levelled(speech).samples, _CHUNK_SECONDS)
    with closing(in_order(_heard, pieces, threads)) as heard:
        for (start, piece), found in zip(pieces, heard, strict=True):
            onsets += found
            progress((start + piece.size) / speech.samples.size)
    return _with_ends(onsets, speech.seconds)


def _heard(piece: tuple[int, Samples]) -> list[tuple[str, float]]:
    """Return the phonemes of a piece and when each begins, seconds of the track."""
    start, samples = piece
    network = model()
    at = start / SAMPLE_RATE - LATENCY
    spans = network.phoneme_spans(network(samples, SAMPLE_RATE))
    return [(span.phoneme, max(0.0, at + span.start_ms / 1000)) for span in spans]


def log_posteriors(speech: Speech) -> NDArray[np.float32]:
    """Return what the network thinks of every 20 ms: (n, tokens) log-probabilities.

    Row i belongs to the sound :data:`LATENCY` s before 20 i ms; :func:`tokens` names the columns.

    Raises:
        WeightsInvalid: the installed weight file is not the pinned one.
    """
    network, found = model(), []
    inputs = [node.name for node in network.session.get_inputs()]
    outputs = [node.name for node in network.session.get_outputs()]
    pieces = quiet_pieces(levelled(speech).samples, _CHUNK_SECONDS)
    ends = [start for start, _ in pieces[1:]] + [speech.samples.size]
    for (start, chunk), end in zip(pieces, ends, strict=True):
        given = dict(zip(inputs, (chunk[None], np.array([chunk.size], np.int64)), strict=True))
        rows = np.asarray(network.session.run(outputs[:1], given)[0][0], np.float32)
        # Each piece rounds its last row by itself: places are counted from the whole track's start.
        wanted = round(end / HOP) - round(start / HOP)
        found.append(rows[np.minimum(np.arange(wanted), len(rows) - 1)])
    return np.concatenate(found)


def tokens() -> list[str]:
    """Return the name of each column of :func:`log_posteriors`."""
    return list(model().decoder_tokens)


def _with_ends(onsets: list[tuple[str, float]], seconds: float) -> list[Phone]:
    """Give each emission an end: the next onset, or a short tail before a pause."""
    phones = []
    for index, (symbol, start) in enumerate(onsets):
        after = onsets[index + 1][1] if index + 1 < len(onsets) else np.inf
        gap = after - start
        lasts = min(gap, _LONGEST) if gap < _HOLD else _LAST
        end = min(start + max(lasts, 0.02), seconds)
        if end > start:
            phones.append(Phone(symbol, start, end))
    return phones


def quiet_pieces(samples: Samples, seconds: tuple[float, float]) -> list[tuple[int, Samples]]:
    """Cut (n,) samples where they are quietest; returns (first sample, piece) pairs.

    Args:
        samples: (n,) mono at :data:`SAMPLE_RATE`.
        seconds: the shortest and the longest piece.
    """
    shortest, longest = (int(s * SAMPLE_RATE) for s in seconds)
    pieces, start = [], 0
    while samples.size - start > longest:
        window = samples[start + shortest : start + longest]
        cut = start + shortest + _quietest(window)
        pieces.append((start, samples[start:cut]))
        start = cut
    return [*pieces, (start, samples[start:])]


def _quietest(window: Samples) -> int:
    """Return the middle of the quietest 200 ms."""
    width = SAMPLE_RATE // 5
    power = np.cumsum(np.square(window, dtype=np.float64))
    return int(np.argmin(power[width:] - power[:-width])) + width // 2
