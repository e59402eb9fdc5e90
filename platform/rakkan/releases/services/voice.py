"""The sound of a finished file must be the voice track that was approved, all of it."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compliance.media import VIDEO_FORMAT, sound_samples, video_shape
from rakkan.core.errors import Refused

Samples = NDArray[np.float32]

_RATE = 16_000  # samples a second: what speech needs
_LENGTH_TOLERANCE = 0.2  # seconds; AAC adds up to two of its frames: 0.04 s, at 16 kHz 0.13 s
_MAX_LAG = _RATE // 10  # samples: AAC delays by 21 ms at 48 kHz, 64 ms at 16 kHz
_HALF = _RATE // 16  # samples; a block is two halves and shares one with the next: 1/8 s of sound
# What a render leaves of real readers' voices is above this in every block, what is left where
# something was replaced is below: figures in docs/voice-gate.md.
_MIN_CORRELATION = 0.8
# Share of the voice's level, its mean or that of the sixteenths of a second around, below which
# sounds are taken for silence: what little an encoder leaves in pauses does not correlate, nor does
# what it and our mark leave in the 16 ms before a loud beginning. What is added in a pause is
# noticed from 20 dB below the voice.
_SILENCE = 0.1
_CHUNK = 1 << 16  # samples correlated at once
# AAC delays by 1024 samples at 48 kHz, 341 and a third at 16 kHz. Aligned to whole samples, a hiss
# at 5 kHz would be turned by 37 degrees and correlate to 0.8 with itself: it is aligned to a 32nd.
_STEPS = 32
_REACH = 32  # samples to either side from which the value between two samples is told


def voice_seconds(voice: Path, max_seconds: float) -> float:
    """Return how long the approved voice track is, decoded to its end.

    Raises:
        InvalidInput: it cannot be decoded, or is longer than allowed.
    """
    samples = sound_samples(voice, rate=_RATE, layout="mono", max_seconds=max_seconds)
    return float(samples.shape[1] / _RATE)


def check_voice(path: Path, voice: Path, max_seconds: float) -> str:
    """Raise unless every channel of a file's sound is the voice track, block by block.

    Args:
        path: the finished MP4.
        voice: the approved voice track.
        max_seconds: longest voice track that is accepted.

    Raises:
        Refused: another sound, in whole or in part, or another length.
        InvalidInput: one of the two cannot be decoded.
    """
    layout = video_shape(path).layout
    if layout not in ("mono", "stereo"):
        raise Refused(f"The sound has the channels {layout!r}, not one or two.")
    approved = sound_samples(voice, rate=_RATE, layout=layout, max_seconds=max_seconds)
    sounding = sound_samples(
        path, rate=_RATE, layout=layout, max_seconds=max_seconds + 1, formats=VIDEO_FORMAT
    )
    seconds, wanted = sounding.shape[1] / _RATE, approved.shape[1] / _RATE
    if abs(seconds - wanted) > _LENGTH_TOLERANCE:
        raise Refused(f"{seconds:.2f} s of sound for {wanted:.2f} s of voice.")
    # both channels: two that cancel each other would sum up to the voice and sound otherwise
    worst = min(least_correlation(a, s) for a, s in zip(approved, sounding, strict=True))
    if not worst >= _MIN_CORRELATION:
        raise Refused(
            f"The sound is not the approved voice: in one place they correlate to {worst:.2f}, "
            f"it takes {_MIN_CORRELATION}."
        )
    return f"the approved voice, {wanted:.2f} s, correlation at least {worst:.3f}"


def least_correlation(voice: Samples, sound: Samples) -> float:
    """Return the correlation of the block in which two channels differ most.

    Args:
        voice: (n,) samples at 16 kHz, as approved.
        sound: (m,) samples, up to 0.1 s later or earlier.

    Returns:
        -1 to 1; how loud a block is does not matter, unless it is much quieter than the voice.
    """
    if not np.any(voice):
        return 1.0 if not np.any(sound) else 0.0
    delay = _delay(voice, sound)
    lag = round(delay)  # nothing is cut off: what comes before or after must be silent
    voice, sound = _later(voice, lag), _later(_between(sound, delay - lag), -lag)
    halves = max(2, -(-max(len(voice), len(sound)) // _HALF))
    a, b = (_in_halves(x, halves) for x in (voice, sound))
    floor = _SILENCE**2 * _loudness(a, float(np.mean(np.square(voice, dtype=np.float64))))
    both, one, other = (_blocks(x * y) + floor for x, y in ((a, b), (a, a), (b, b)))
    return float(np.min(both / np.sqrt(one * other)))


def _in_halves(samples: Samples, halves: int) -> NDArray[np.float64]:
    padded = np.zeros(halves * _HALF)
    padded[: len(samples)] = samples
    return padded.reshape(halves, _HALF)


def _blocks(halves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of each half block and the one after it: (halves - 1,)."""
    sums = halves.sum(axis=1)
    return np.asarray(sums[:-1] + sums[1:])


def _loudness(halves: NDArray[np.float64], mean: float) -> NDArray[np.float64]:
    """Return the energy (halves - 1,) of a block as loud as the voice is there, or on average."""
    each = np.maximum(np.square(halves).sum(axis=1), _HALF * mean)
    around = np.pad(each, 1, mode="edge")
    of_four: NDArray[np.float64] = np.lib.stride_tricks.sliding_window_view(around, 4).max(axis=1)
    return 2 * of_four  # a block is the two in the middle


def _delay(voice: Samples, sound: Samples) -> float:
    """Return by how many samples (at most 0.1 s, to a 32nd) the sound comes after the voice."""
    total = _correlations(voice, sound)
    peak = int(total.argmax())
    near = np.arange(max(0, peak - _REACH), min(total.size, peak + _REACH + 1))
    steps = np.arange(-_STEPS, _STEPS + 1) / _STEPS
    heights = [float(total[near] @ np.sinc(near - peak - step)) for step in steps]
    return peak + float(steps[int(np.argmax(heights))]) - _MAX_LAG


def _correlations(voice: Samples, sound: Samples) -> NDArray[np.float64]:
    """Return (2 * _MAX_LAG + 1,) products of the two, the sound from _MAX_LAG early to late."""
    size = 2 * _CHUNK
    total = np.zeros(2 * _MAX_LAG + 1)
    padded = np.concatenate([np.zeros(_MAX_LAG), sound, np.zeros(_MAX_LAG)])
    for start in range(0, len(voice), _CHUNK):
        one = np.fft.rfft(voice[start : start + _CHUNK], size)
        other = np.fft.rfft(padded[start : start + _CHUNK + 2 * _MAX_LAG], size)
        total += np.fft.irfft(other * np.conj(one), size)[: total.size]
    return total


def _between(samples: Samples, part: float) -> Samples:
    """Return what stands ``part`` of a sample (-1 to 1) after each sample."""
    away = np.arange(-_REACH, _REACH + 1) + part
    kernel = np.sinc(away) * np.kaiser(2 * _REACH + 1, 8.0)
    return np.convolve(samples, kernel.astype(np.float32))[_REACH : _REACH + len(samples)]


def _later(samples: Samples, delay: int) -> Samples:
    return np.concatenate([np.zeros(max(delay, 0), np.float32), samples])
