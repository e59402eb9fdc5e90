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
_BLOCK = _RATE // 4  # samples: a word that was replaced is not outvoted by the sentence around it
# The worst quarter of a second of a render (AAC at 128 kbit/s) correlates to 0.995 for the sample
# speech, 0.97 with hiss 20 dB below the voice and 0.88 at 10 dB (AAC makes up hiss anew); another
# sound correlates to about 0, one in which a third was replaced to 0.7.
_MIN_CORRELATION = 0.8
# Share of the voice's mean level below which sounds are taken for silence: hiss in pauses does not
# correlate either. What is added to a pause is noticed from 22 dB below the voice.
_SILENCE = 0.1
_CHUNK = 1 << 16  # samples correlated at once


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
    worst = min(_worst(a, s) for a, s in zip(approved, sounding, strict=True))
    if not worst >= _MIN_CORRELATION:
        raise Refused(
            f"The sound is not the approved voice: in one place they correlate to {worst:.2f}, "
            f"it takes {_MIN_CORRELATION}."
        )
    return f"the approved voice, {wanted:.2f} s, correlation at least {worst:.3f}"


def _worst(voice: Samples, sound: Samples) -> float:
    """Return the correlation (-1 to 1) of the block in which two channels differ most."""
    if not np.any(voice):
        return 1.0 if not np.any(sound) else 0.0
    lag = _lag(voice, sound)  # nothing is cut off: what comes before or after must be silent
    voice, sound = _later(voice, lag), _later(sound, -lag)
    blocks = -(-max(len(voice), len(sound)) // _BLOCK)
    a, b = (_in_blocks(x, blocks) for x in (voice, sound))
    floor = _BLOCK * _SILENCE**2 * float(np.mean(np.square(voice, dtype=np.float64)))
    power = (np.sum(a * a, axis=1) + floor) * (np.sum(b * b, axis=1) + floor)
    return float(np.min((np.sum(a * b, axis=1) + floor) / np.sqrt(power)))


def _in_blocks(samples: Samples, blocks: int) -> NDArray[np.float64]:
    padded = np.zeros(blocks * _BLOCK)
    padded[: len(samples)] = samples
    return padded.reshape(blocks, _BLOCK)


def _lag(voice: Samples, sound: Samples) -> int:
    """Return by how many samples (at most 0.1 s) the sound comes later than the voice."""
    size = 2 * _CHUNK
    total = np.zeros(2 * _MAX_LAG + 1)
    padded = np.concatenate([np.zeros(_MAX_LAG), sound, np.zeros(_MAX_LAG)])
    for start in range(0, len(voice), _CHUNK):
        one = np.fft.rfft(voice[start : start + _CHUNK], size)
        other = np.fft.rfft(padded[start : start + _CHUNK + 2 * _MAX_LAG], size)
        total += np.fft.irfft(other * np.conj(one), size)[: total.size]
    return int(total.argmax()) - _MAX_LAG


def _later(samples: Samples, delay: int) -> Samples:
    return np.concatenate([np.zeros(max(delay, 0), np.float32), samples])
