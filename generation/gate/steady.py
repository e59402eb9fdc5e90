"""Whether the lips would do the same if a track were heard a little otherwise.

What spoils a track moves the mouth otherwise, and the unspoilt track that would tell is not there.
But lips that follow a clear voice follow it as well with a little more noise, a little less, or 10
ms later; where they depend on such things they follow the noise. Noise, voices behind the voice,
music and overdriving are all told by it, and what it costs is listening four times more.
"""

from collections.abc import Iterator

import numpy as np
from scipy.ndimage import uniform_filter1d  # type: ignore[import-untyped]
from scipy.signal import istft, stft  # type: ignore[import-untyped]

from generation.audio import SAMPLE_RATE, Heard, Speech, listen
from generation.audio.speech import Samples
from generation.motion.lips import lips
from generation.motion.timeline import RATE, Track, timeline

_WINDOWS, _WINDOW = 3, 8 * SAMPLE_RATE  # of longer tracks so much is heard again
_MORE_NOISE = (15.0, 8.0)  # dB that added white noise lies below the voice
_LATER = SAMPLE_RATE // 100
_STEP = 320  # samples, 20 ms
_FRAME, _OVERLAP = 512, 384  # samples of the spectra that noise is taken out of
_QUIETEST = 15  # % of the time that has no voice in a band, at least
_OVER = 1.6  # noise is taken out so many times, for it wavers
_LEFT = 0.05  # of the power
_SMOOTH = 9  # frames
_FPS = 25.0


def steadiness(speech: Speech, heard: Heard, *, threads: int = 1) -> float:
    """Return Pearson's r (-1..1) of how far the mouth opens with what it does heard otherwise.

    The mean of four ways to hear it; of tracks longer than 24 s three parts of 8 s are heard.

    Args:
        speech: the track.
        heard: what was heard in it.
        threads: that listen at once.

    Raises:
        WeightsInvalid: what listens is not the pinned one.
    """
    parts = list(_parts(speech, heard, threads))
    found = []
    for other in range(len(_MORE_NOISE) + 2):
        pairs = [_pair(part, own, other, threads) for part, own in parts]
        ours, theirs = (np.concatenate(side) for side in zip(*pairs, strict=True))
        still = min(ours.std(), theirs.std()) < 1e-6
        found.append(0.0 if still else float(np.corrcoef(ours, theirs)[0, 1]))
    return float(np.mean(found))


def _parts(speech: Speech, heard: Heard, threads: int) -> Iterator[tuple[Samples, Track]]:
    """Yield what is heard again, and how far the mouth opens in it."""
    samples = speech.samples
    if samples.size <= _WINDOWS * _WINDOW:
        yield samples, lips(heard, timeline(speech, _FPS)).gap
        return
    for start in np.linspace(0, samples.size - _WINDOW, _WINDOWS).astype(int):
        part = samples[start : start + _WINDOW]
        yield part, _opening(part, threads)


def _pair(part: Samples, own: Track, other: int, threads: int) -> tuple[Track, Track]:
    """Return how far the mouth opens, and how far it does as heard in one of the other ways."""
    late, heard = 0, part
    if other < len(_MORE_NOISE):
        chance = np.random.default_rng(other).normal(0, _voiced(part), part.size)
        heard = (part + chance * 10 ** (-_MORE_NOISE[other] / 20)).astype(np.float32)
    elif other == len(_MORE_NOISE):
        heard = _quieter(part)
    else:
        heard = np.concatenate([np.zeros(_LATER, np.float32), part])
        late = round(_LATER * RATE / SAMPLE_RATE)
    theirs = _opening(heard, threads)[late:]
    size = min(own.size, theirs.size)
    return own[:size], theirs[:size]


def _opening(samples: Samples, threads: int) -> Track:
    speech = Speech(samples)
    return lips(listen(speech, threads=threads), timeline(speech, _FPS)).gap


def _voiced(samples: Samples) -> float:
    """Return the level of the louder half of all 20 ms."""
    whole = samples[: max(_STEP, samples.size // _STEP * _STEP)]
    power = np.square(whole.reshape(-1, min(_STEP, whole.size)), dtype=np.float64).mean(1)
    return float(np.sqrt(np.sort(power)[power.size // 2 :].mean()))


def _quieter(samples: Samples) -> Samples:
    """Take out what is there even when it is quietest, band by band (spectral subtraction)."""
    _, _, spectra = stft(samples, nperseg=_FRAME, noverlap=_OVERLAP)
    power = uniform_filter1d(np.abs(spectra) ** 2, _SMOOTH, axis=1)
    noise = np.percentile(power, _QUIETEST, axis=1, keepdims=True) * _OVER
    gain = np.sqrt(np.clip(1 - noise / np.maximum(power, 1e-20), _LEFT, 1))
    _, clean = istft(spectra * gain, nperseg=_FRAME, noverlap=_OVERLAP)
    heard: Samples = clean[: samples.size].astype(np.float32)
    return heard
