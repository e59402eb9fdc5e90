"""Phonemes from sound alone, by hama (weights inside its wheel, nothing is downloaded)."""

import functools
import hashlib
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

import numpy as np
from hama.asr import ASRModel, ASRResult  # type: ignore[import-untyped]
from numpy.typing import NDArray

from generation.audio.conformer import Conformer
from generation.audio.loudness import levelled
from generation.audio.speech import SAMPLE_RATE, Samples, Speech
from generation.errors import WeightsInvalid
from generation.sharing import in_order

Belief = NDArray[np.float64]  # (frames, tokens) probabilities, or their logarithms
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
# Lips that meet are seen, so p, b and m are also taken where the network does not choose them, but
# together believes in them this much, and by this share as much as in what it chooses.
_BILABIALS = ("p", "b", "m", "pʰ", "p͈", "ɓ")
_NO_SOUND = ("<blank>", "<wb>")
_DOUBT, _RIVAL = 0.10, 0.25
_APART = 0.06  # s from a bilabial that was chosen: nearer, it is the same one


@dataclass(frozen=True)
class Phone:
    """One phoneme (IPA) and the time it takes, in seconds from the start of the track.

    Attributes:
        symbol: as the network spells it.
        start: s.
        end: s.
        shut: s within it at which the lips may have met, though the network chose another sound.
    """

    symbol: str
    start: float
    end: float
    shut: float | None = None


@dataclass
class Heard(ASRResult):  # type: ignore[misc]
    """What the network says of a piece.

    Attributes:
        doubts: frames, of 20 ms, at which it half believes in a bilabial and chooses none.
    """

    doubts: tuple[int, ...] = ()


class Recogniser(ASRModel):  # type: ignore[misc]
    """The package's decoder, with the network's second thoughts about lips that meet."""

    def __init__(self, weights: bytes) -> None:
        """Take the network from its weight file; the package's own engine is let go of."""
        super().__init__()
        self.session = None
        self.network = Conformer.of(weights)

    def hear(self, samples: Samples) -> Heard:
        """Return what is said in (n,) samples at :data:`SAMPLE_RATE`."""
        believed = self.network(np.clip(samples, -1, 1))
        return self._decode_single(believed, len(believed))

    def _decode_single(self, log_probs: NDArray[np.floating[Any]], out_length: int) -> Heard:
        """Decode as the package does and look at what it did not choose."""
        chosen = super()._decode_single(log_probs, out_length)
        belief = np.exp(np.asarray(log_probs[: chosen.num_frames], np.float64))
        return Heard(**vars(chosen), doubts=doubtful(belief, self.decoder_tokens))


def doubtful(belief: Belief, tokens: Sequence[str]) -> tuple[int, ...]:
    """Return at which frames lips may meet.

    Args:
        belief: (frames, tokens) probabilities.
        tokens: their names.
    """
    lips = [index for index, token in enumerate(tokens) if token in _BILABIALS]
    silent = [index for index, token in enumerate(tokens) if token in _NO_SOUND]
    meet = belief[:, lips].sum(1)
    rival = np.delete(belief, [*lips, *silent], axis=1).max(1)
    high = (meet > _DOUBT) & (meet > _RIVAL * rival)
    before, after = np.r_[0, meet[:-1]], np.r_[meet[1:], 0]
    return tuple(int(at) for at in np.flatnonzero(high & (meet >= before) & (meet > after)))


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


def read_weights() -> bytes:
    """Return the installed weight file, unchecked."""
    return resources.files("hama.assets").joinpath(WEIGHTS).read_bytes()


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
    doubts: list[float] = []
    pieces = quiet_pieces(levelled(speech).samples, _CHUNK_SECONDS)
    with closing(in_order(_heard, pieces, threads)) as heard:
        for (start, piece), (found, doubted) in zip(pieces, heard, strict=True):
            onsets += found
            doubts += doubted
            progress((start + piece.size) / speech.samples.size)
    return _with_doubts(_with_ends(onsets, speech.seconds), doubts)


def _heard(piece: tuple[int, Samples]) -> tuple[list[tuple[str, float]], list[float]]:
    """Return the phonemes of a piece and when each begins, and when lips may have met; seconds."""
    start, samples = piece
    network = model()
    at = start / SAMPLE_RATE - LATENCY
    said = network.hear(samples)
    spans = network.phoneme_spans(said)
    onsets = [(span.phoneme, max(0.0, at + span.start_ms / 1000)) for span in spans]
    return onsets, [at + frame * HOP / SAMPLE_RATE for frame in said.doubts]


def log_posteriors(speech: Speech) -> NDArray[np.float32]:
    """Return what the network thinks of every 20 ms: (n, tokens) log-probabilities.

    Row i belongs to the sound :data:`LATENCY` s before 20 i ms; :func:`tokens` names the columns.

    Raises:
        WeightsInvalid: the installed weight file is not the pinned one.
    """
    network, found = model().network, []
    pieces = quiet_pieces(levelled(speech).samples, _CHUNK_SECONDS)
    ends = [start for start, _ in pieces[1:]] + [speech.samples.size]
    for (start, chunk), end in zip(pieces, ends, strict=True):
        rows = network(chunk)
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


def _with_doubts(phones: list[Phone], doubts: list[float]) -> list[Phone]:
    """Say in which phones the lips may have met, unless a bilabial is chosen beside."""
    chosen = [(phone.start, phone.end) for phone in phones if phone.symbol in _BILABIALS]
    for at in doubts:
        if any(start - _APART < at < end + _APART for start, end in chosen):
            continue
        for index, phone in enumerate(phones):
            if phone.start - HOP / SAMPLE_RATE <= at < phone.end and phone.shut is None:
                phones[index] = replace(phone, shut=max(at, phone.start))
                chosen.append((at, at))
                break
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
