"""The voice track on its way into the video: decoded, resampled, marked and encoded as AAC."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from numpy.typing import NDArray

from compliance.audiomark import AudioPattern
from compliance.audiomark.marker import AudioMarker
from generation.audio.container import frames, open_audio
from generation.sharing import ahead

RATE = 48_000
_BIT_RATES = {"mono": 128_000, "stereo": 192_000}
# Without these the encoder makes hiss up anew (perceptual noise substitution) and draws one channel
# from the other: of a voice in stereo an eighth of a second then correlates to 0.7 with what was
# approved, and the release gate, which cannot tell that from another sound, refuses it.
_AS_IT_IS = {"aac_pns": "0", "aac_is": "0"}
_AAC_FRAME = 1024  # samples

Samples = NDArray[np.float32]  # (channels, n), about -1 to 1


@dataclass(frozen=True)
class VoiceTrack:
    """Which sound to put in, and how much of it.

    A longer source is an error, or ends at ``max_seconds`` where ``cut`` is asked for.
    """

    source: Path
    max_seconds: float
    cut: bool = False


def add_sound(container: OutputContainer, layout: str) -> AudioStream:
    """Add the sound's stream to a file: AAC that keeps the waveform, "mono" or "stereo"."""
    stream: AudioStream = container.add_stream(
        "aac", rate=RATE, layout=layout, options=dict(_AS_IT_IS)
    )
    stream.bit_rate = _BIT_RATES[layout]
    return stream


class SoundTrack:
    """Hands out AAC packets as the picture advances, so that both are interleaved."""

    def __init__(
        self, container: OutputContainer, voice: VoiceTrack, pattern: AudioPattern
    ) -> None:
        """Add a track to ``container`` with the channels of the source (at most two), marked.

        Raises:
            AudioError: the source cannot be read.
        """
        with open_audio(voice.source) as (_, stream):
            layout = "mono" if stream.channels == 1 else "stereo"
        self._stream = add_sound(container, layout)
        # A block is marked while pictures of the one before it are encoded: it takes as long as 30.
        self._marked = ahead(AudioMarker(pattern, RATE).mark(_blocks(voice, layout)), 1)
        self._blocks = (_frame(block, layout) for block in _cut(self._marked))
        self._samples = 0

    def close(self) -> None:
        """End the thread that marks; nothing more can be handed out."""
        self._marked.close()

    @property
    def seconds(self) -> float:
        """How much sound was handed out."""
        return self._samples / RATE

    def until(self, seconds: float) -> Iterator["Packet[AudioStream]"]:
        """Return the packets of the sound up to a moment of the picture."""
        while self.seconds < seconds and (block := next(self._blocks, None)) is not None:
            block.pts = self._samples
            self._samples += block.samples
            yield from self._stream.encode(block)

    def rest(self) -> Iterator["Packet[AudioStream]"]:
        """Return everything that is left."""
        yield from self.until(float("inf"))
        yield from self._stream.encode(None)


def _blocks(voice: VoiceTrack, layout: str) -> Iterator[Samples]:
    resampler = av.AudioResampler(format="fltp", layout=layout, rate=RATE)
    for frame in frames(voice.source, max_seconds=voice.max_seconds, cut=voice.cut):
        frame.pts = None
        yield from map(_samples, resampler.resample(frame))
    yield from map(_samples, resampler.resample(None))


def _samples(frame: AudioFrame) -> Samples:
    return frame.to_ndarray().astype(np.float32, copy=False)


def _cut(blocks: Iterator[Samples]) -> Iterator[Samples]:
    """Yield the same samples in the encoder's frames; the last may be shorter."""
    rest: Samples | None = None
    for block in blocks:
        held = block if rest is None else np.concatenate([rest, block], axis=1)
        whole = held.shape[1] // _AAC_FRAME * _AAC_FRAME
        for start in range(0, whole, _AAC_FRAME):
            yield held[:, start : start + _AAC_FRAME]
        rest = held[:, whole:]
    if rest is not None and rest.shape[1]:
        yield rest


def _frame(samples: Samples, layout: str) -> AudioFrame:
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", layout)
    frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
    return frame
