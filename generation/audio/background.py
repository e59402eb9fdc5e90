"""What is heard beside a voice: noise, music, and tops that were cut off."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter  # type: ignore[import-untyped]

from generation.audio.container import frames, open_audio
from generation.audio.phonemes import Phone
from generation.audio.speech import SAMPLE_RATE, Samples

Floats = NDArray[Any]

_STEP = 320  # samples, 20 ms: how finely noise is looked at
_WINDOW = 512  # samples
_BAND = slice(6, 128)  # bins of 31 Hz: 190 Hz to 4 kHz, where the vowels are that move a mouth
_AWAY = 0.12  # s from every phone: nobody speaks there
_LEAST = 10  # steps of pause that tell the noise; with fewer the quietest tenth does
MOST_RATIO = 60.0  # dB; a studio's pauses are quieter than anybody hears

_NOTE_WINDOW, _NOTE_STEP = 2048, 512  # samples: 128 ms, so that 8 Hz are told apart; 32 ms
_NOTE_BAND = slice(8, 640)  # bins of 7.8 Hz: 62 Hz to 5 kHz
_HELD = 10  # steps, 0.3 s: a voice has moved on by then
_OVER = 10.0  # times a bin's energy exceeds that of those around
_PIECE = 60 * SAMPLE_RATE  # samples that are looked at together

_NEAR = 0.99  # of the highest sample: as high
_FAINT = 0.01  # of full scale: below it steps of 16 bits are tops, too


def signal_to_noise(samples: Samples, phones: Sequence[Phone]) -> float:
    """Return the dB from what lies in pauses to the voice, -20 to :data:`MOST_RATIO`.

    Args:
        samples: (n,) mono at 16 kHz, 0.1 s at least.
        phones: what is said in it.
    """
    energy = np.concatenate([_energy(piece) for piece in _pieces(samples, _WINDOW)])
    times = (np.arange(energy.size) * _STEP + _WINDOW / 2) / SAMPLE_RATE
    pause = np.ones(energy.size, bool)
    for phone in phones:
        pause &= (times < phone.start - _AWAY) | (times > phone.end + _AWAY)
    noise = (
        np.median(energy[pause])
        if pause.sum() >= _LEAST
        else np.percentile(np.convolve(energy, np.ones(5) / 5, "same"), 10)
    )
    voice = np.sort(energy)[energy.size // 2 :].mean() - noise
    ratio = 10 * np.log10(max(voice, 1e-12) / max(noise, 1e-12))
    return float(np.clip(ratio, -20.0, MOST_RATIO))


def music_share(samples: Samples) -> float:
    """Return the share of the time (0..1) in which held notes are most of what sounds.

    A note keeps its frequency for 0.3 s; a voice, which glides, hardly ever does. Silence counts
    neither way.
    """
    held, whole = [], []
    for piece in _pieces(samples, _NOTE_WINDOW):
        notes, all_of_it = _notes(piece)
        held.append(notes)
        whole.append(all_of_it)
    energy = np.concatenate(whole)
    sounds = energy > 1e-4 * np.percentile(energy, 95)
    if not sounds.any():
        return 0.0
    return float((np.concatenate(held)[sounds] > 0.5 * energy[sounds]).mean())


def flat_tops(path: Path) -> float:
    """Return the share of samples (0..1) that are as high as the highest, as is the next one.

    At the file's own rate and in all of its channels: resampling makes round what was cut off. The
    length is not asked for again: what a header claims may be longer than what was read.

    Raises:
        AudioError: as :func:`generation.audio.container.frames`.
    """
    with open_audio(path) as (_, stream):
        resampler = av.AudioResampler(format="fltp", layout=stream.layout, rate=stream.rate)
    highest, flat, total = _FAINT, 0, 0
    for frame in frames(path, max_seconds=math.inf):
        frame.pts = None
        for block in resampler.resample(frame):
            loud = np.abs(block.to_ndarray())
            if loud.max() * _NEAR > highest:
                flat = 0  # what came before is no top any more
            highest = max(highest, float(loud.max()))
            top = loud >= _NEAR * highest
            flat += int((top[:, 1:] & top[:, :-1]).sum())
            total += loud.size
    return flat / max(total, 1)


def _pieces(samples: Samples, window: int) -> Iterator[Samples]:
    """Cut long sound; every piece is long enough for one window."""
    for start in range(0, max(samples.size, 1), _PIECE):
        piece = samples[start : start + _PIECE]
        yield np.pad(piece, (0, max(0, window - piece.size)))


def _powers(samples: Samples, window: int, step: int) -> Floats:
    """Return (frames, window // 2 + 1) powers."""
    views = np.lib.stride_tricks.sliding_window_view(samples, window)[::step]
    return np.abs(np.fft.rfft(views * np.hanning(window).astype(np.float32), axis=1)) ** 2


def _energy(samples: Samples) -> Floats:
    energy: Floats = _powers(samples, _WINDOW, _STEP)[:, _BAND].sum(axis=1)
    return energy


def _around(power: Floats, chosen: NDArray[np.bool_]) -> Floats:
    """Return the median of the 31 bins about each chosen one, (n,); few are chosen."""
    padded = np.pad(power, ((0, 0), (15, 15)), mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 31, axis=1)[chosen]
    windows.partition(15, axis=1)
    return windows[:, 15]


def _notes(samples: Samples) -> tuple[Floats, Floats]:
    """Return the energy of held notes and of everything, (frames,) each."""
    power = _powers(samples, _NOTE_WINDOW, _NOTE_STEP)[:, _NOTE_BAND]
    peak = (power == maximum_filter(power, size=(1, 5))) & (power > 0)
    peak[peak] = power[peak] > _OVER * _around(power, peak)
    near = maximum_filter(peak, size=(1, 3))  # a note may wander by a bin
    rows = near.shape[0] - _HELD + 1
    held = np.zeros_like(near)
    if rows > 0:
        together = np.all([near[late : late + rows] for late in range(_HELD)], axis=0)
        for late in range(_HELD):
            held[late : late + rows] |= together
    return (power * held).sum(axis=1), power.sum(axis=1)
