"""What is heard in a sound, by hama: phonemes, and what the mouth does while they are said.

hama's weights lie inside its wheel; nothing is downloaded.
"""

import functools
import hashlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from importlib import resources

import numpy as np
from hama.asr import ASRModel  # type: ignore[import-untyped]
from numpy.typing import NDArray

from generation import weights
from generation.audio.conformer import Conformer
from generation.audio.loudness import levelled
from generation.audio.mouth import WEIGHTS as READING
from generation.audio.mouth import Mouth, read
from generation.audio.speech import SAMPLE_RATE, Samples, Speech
from generation.errors import WeightsInvalid
from generation.sharing import in_order

WEIGHTS = "asr_waveform.hama"
PINNED = "a9fcfe73e179ca48e399cd76a90a6b3e1887bf5037ecc52b778d13a149563328"
# Its emissions come 85 ms after the lips meet (measured on read English, deviation 15 ms).
LATENCY = 0.085
HOP = 320  # samples a row of posteriors stands for: 50 rows a second
# Memory grows faster than length (attention), so long tracks are cut where they are quietest.
_CHUNK_SECONDS = (12.0, 18.0)
_HOLD = 0.30  # s: phones closer than this follow each other without a pause
_LONGEST = 0.25  # s a phone lasts before a pause at most
_LAST = 0.12  # s the last phone before a pause lasts


@dataclass(frozen=True)
class Phone:
    """One phoneme (IPA) and the time it takes, in seconds from the start of the track.

    Attributes:
        symbol: as the network spells it.
        start: s.
        end: s.
    """

    symbol: str
    start: float
    end: float


@dataclass(frozen=True, eq=False)
class Heard:
    """What is heard in a track.

    Attributes:
        phones: what is said, in order; none for noise, music or silence.
        mouth: what the mouth does meanwhile.
    """

    phones: list[Phone]
    mouth: Mouth


class Recogniser(ASRModel):  # type: ignore[misc]
    """The package's decoder, with the network of :mod:`generation.audio.conformer`."""

    def __init__(self, content: bytes) -> None:
        """Take the network from its weight file; the package's own engine is let go of."""
        super().__init__()
        self.session = None
        self.network = Conformer.of(content)

    def hear(self, samples: Samples) -> tuple[list[tuple[str, float]], Mouth]:
        """Return what is said in (n,) samples, each phoneme with its moment in s, and the mouth."""
        believed, made = self.network(np.clip(samples, -1, 1))
        spans = self.phoneme_spans(self._decode_single(believed, len(believed)))
        return [(span.phoneme, span.start_ms / 1000 - LATENCY) for span in spans], read(made)


@functools.cache
def model() -> Recogniser:
    """Return the network, loaded at first use: some 30 ms, 10 MB; several threads may use it.

    Raises:
        WeightsInvalid: the installed weight file is not the one in the model card.
    """
    if weights_digest() != PINNED:
        raise WeightsInvalid(
            f"hama's {WEIGHTS} is not the file this program was tested with.",
            remedy="Install hama in the pinned version again.",
        )
    return Recogniser(read_weights())


@functools.cache
def weights_digest() -> str:
    """Return the SHA-256 of the installed weight file."""
    return hashlib.sha256(read_weights()).hexdigest()


def models() -> dict[str, str]:
    """Return weight file -> SHA-256 of all that listens."""
    return {WEIGHTS: weights_digest(), **weights.digests(READING)}


def read_weights() -> bytes:
    """Return the installed weight file, unchecked."""
    return resources.files("hama.assets").joinpath(WEIGHTS).read_bytes()


def listen(
    speech: Speech,
    progress: Callable[[float], None] = lambda part: None,
    *,
    threads: int = 1,
) -> Heard:
    """Return what is heard in a track.

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
    rows: list[Mouth] = []
    pieces = quiet_pieces(levelled(speech).samples, _CHUNK_SECONDS)
    with closing(in_order(lambda piece: model().hear(piece[1]), pieces, threads)) as heard:
        for (start, piece), (found, mouth) in zip(pieces, heard, strict=True):
            at = start / SAMPLE_RATE
            onsets += [(symbol, max(0.0, at + moment)) for symbol, moment in found]
            rows.append(_placed(mouth, start, start + piece.size))
            progress((start + piece.size) / speech.samples.size)
    return Heard(_with_ends(onsets, speech.seconds), np.concatenate(rows))


def log_posteriors(speech: Speech) -> NDArray[np.float32]:
    """Return what the network thinks of every 20 ms: (n, tokens) log-probabilities.

    Row i belongs to the sound :data:`LATENCY` s before 20 i ms; :func:`tokens` names the columns.

    Raises:
        WeightsInvalid: the installed weight file is not the pinned one.
    """
    return _rows(levelled(speech).samples)[0]


def inner_rows(samples: Samples) -> NDArray[np.float32]:
    """Return what the network makes of every 20 ms before it names it: (rows, 288).

    Rows are as late as those of :func:`log_posteriors`.

    Args:
        samples: (n,) of a track or a part of one, as loud as :func:`levelled` makes the whole.

    Raises:
        WeightsInvalid: the installed weight file is not the pinned one.
    """
    return _rows(samples)[1]


def _rows(samples: Samples) -> list[NDArray[np.float32]]:
    """Return both outputs of the network, piece by piece."""
    found = []
    for start, piece in quiet_pieces(samples, _CHUNK_SECONDS):
        told = model().network(np.clip(piece, -1, 1))
        found.append([_placed(rows, start, start + piece.size) for rows in told])
    return [np.concatenate(part) for part in zip(*found, strict=True)]


def _placed(rows: NDArray[np.float32], start: int, end: int) -> NDArray[np.float32]:
    """Return the rows of a piece from sample to sample, as many as its place in the track asks.

    Each piece rounds its last row by itself: places are counted from the whole track's start. A
    track has one row at least, however short.
    """
    wanted = max(round(end / HOP), 1) - round(start / HOP)
    return rows[np.minimum(np.arange(wanted), len(rows) - 1)]


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
