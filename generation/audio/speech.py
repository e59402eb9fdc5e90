"""A voice track as numbers: mono, 16 kHz, float32."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from generation.audio.container import MAX_SECONDS, frames
from generation.errors import AudioError

SAMPLE_RATE = 16_000
MIN_SECONDS = 0.2  # shorter than any word
_SILENCE_RMS = 0.002  # -54 dB full scale: no 50 ms of the track is louder
_WINDOW = SAMPLE_RATE // 20

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Speech:
    """A voice track.

    Attributes:
        samples: (n,) float32 in -1..1 at :data:`SAMPLE_RATE`.
    """

    samples: Samples

    @property
    def seconds(self) -> float:
        """Duration."""
        return self.samples.size / SAMPLE_RATE


def load(path: Path, *, max_seconds: float = MAX_SECONDS, cut: bool = False) -> Speech:
    """Read the first audio track of any common container, whatever its rate and channels.

    Args:
        path: the file.
        max_seconds: the longest track that is taken.
        cut: take the beginning of a longer one instead of refusing it.

    Raises:
        AudioError: "audio-unreadable", "audio-empty", "audio-too-long" or "audio-silent".
    """
    blocks = list(_resampled(path, max_seconds, cut))
    samples = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
    if samples.size < MIN_SECONDS * SAMPLE_RATE:
        raise AudioError(
            f"The voice track holds {samples.size / SAMPLE_RATE:.2f} s of sound.",
            code="audio-empty",
            remedy="Choose a recording of somebody speaking.",
        )
    if not np.isfinite(samples).all():
        raise AudioError(
            "The voice track holds values that are not numbers: it is damaged.",
            remedy="Save it again as 16-bit WAV and upload that file.",
        )
    if loudest_rms(samples) < _SILENCE_RMS:
        raise AudioError(
            "The voice track is silent from beginning to end.",
            code="audio-silent",
            remedy="Check the microphone or the export settings and record it again.",
        )
    return Speech(np.clip(samples, -1, 1))


def loudest_rms(samples: Samples) -> float:
    """Return the root mean square of the loudest 50 ms."""
    whole = samples[: max(1, samples.size // _WINDOW) * _WINDOW]
    windows = whole.reshape(-1, min(_WINDOW, whole.size)).astype(np.float64)
    return float(np.sqrt((windows**2).mean(1)).max())


def _resampled(path: Path, max_seconds: float, cut: bool) -> Iterator[Samples]:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    for frame in frames(path, max_seconds=max_seconds, cut=cut):
        frame.pts = None  # gaps in the time stamps must not confuse the resampler
        yield from (out.to_ndarray()[0] for out in resampler.resample(frame))
    yield from (out.to_ndarray()[0] for out in resampler.resample(None))
