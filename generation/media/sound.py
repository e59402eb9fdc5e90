"""The voice track on its way into the video: decoded, resampled and encoded as AAC."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

from generation.audio.container import frames, open_audio

RATE = 48_000
BIT_RATE = 128_000
_AAC_FRAME = 1024  # samples


class SoundTrack:
    """Hands out AAC packets as the picture advances, so that both are interleaved."""

    def __init__(
        self, container: OutputContainer, source: Path, max_seconds: float, *, cut: bool = False
    ) -> None:
        """Add a track to ``container`` with the channels of ``source`` (at most two).

        A longer source is an error, or ends at ``max_seconds`` where ``cut`` is asked for.

        Raises:
            AudioError: the source cannot be read.
        """
        with open_audio(source) as (_, stream):
            layout = "mono" if stream.channels == 1 else "stereo"
        self._stream: AudioStream = container.add_stream("aac", rate=RATE, layout=layout)
        self._stream.bit_rate = BIT_RATE
        self._blocks = _blocks(source, layout, max_seconds, cut)
        self._samples = 0

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


def _blocks(source: Path, layout: str, max_seconds: float, cut: bool) -> Iterator[AudioFrame]:
    resampler = av.AudioResampler(format="fltp", layout=layout, rate=RATE, frame_size=_AAC_FRAME)
    for frame in frames(source, max_seconds=max_seconds, cut=cut):
        frame.pts = None
        yield from map(_timed, resampler.resample(frame))
    yield from map(_timed, resampler.resample(None))


def _timed(block: AudioFrame) -> AudioFrame:
    block.time_base = Fraction(1, RATE)
    return block
