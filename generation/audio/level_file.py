"""A voice track brought to one loudness, as a file of its own that is uploaded and approved."""

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame

from generation.audio.container import frames, open_audio
from generation.audio.loudness import TARGET, loudness
from generation.audio.speech import Samples, load
from generation.errors import AudioError

RATE = 48_000
HEADROOM = -1.0  # dBFS of the highest sample: codecs overshoot a little
_DEPTH = 2  # bytes a sample


@dataclass(frozen=True)
class Levelling:
    """What was done: LUFS before and after (of the mix to one channel), and the gain in dB."""

    before: float
    after: float
    gain: float


def level_file(source: Path, destination: Path) -> Levelling:
    """Write a voice track at :data:`~generation.audio.loudness.TARGET` as a 48 kHz WAV.

    The whole track is made louder or quieter by one gain, so nothing is compressed; where its
    peaks do not allow so much, it stays quieter. One channel stays one, more become two.

    Raises:
        AudioError: it cannot be read, or is too short or too quiet to have a loudness.
    """
    heard = load(source)
    before = loudness(heard.samples)
    if before is None:
        raise AudioError(
            "The voice track is too short or too quiet to have a loudness.",
            code="audio-silent",
            remedy="Choose a recording of somebody speaking.",
        )
    peak = max(float(np.abs(block).max(initial=0.0)) for block in _blocks(source))
    gain = min(TARGET - before, HEADROOM - 20 * float(np.log10(peak)))
    factor = np.float32(10 ** (gain / 20) * 32767)
    with wave.open(str(destination), "wb") as file:
        file.setparams((_channels(source), _DEPTH, RATE, 0, "NONE", ""))
        for block in _blocks(source):
            file.writeframes(np.rint(block.T * factor).astype("<i2").tobytes())
    return Levelling(round(before, 1), round(before + gain, 1), round(gain, 1))


def _channels(source: Path) -> int:
    with open_audio(source) as (_, stream):
        return min(stream.channels, 2)


def _blocks(source: Path) -> Iterator[Samples]:
    layout = "mono" if _channels(source) == 1 else "stereo"
    resampler = av.AudioResampler(format="fltp", layout=layout, rate=RATE)
    for frame in frames(source):
        frame.pts = None
        yield from map(_samples, resampler.resample(frame))
    yield from map(_samples, resampler.resample(None))


def _samples(frame: AudioFrame) -> Samples:
    return frame.to_ndarray().astype(np.float32, copy=False)
