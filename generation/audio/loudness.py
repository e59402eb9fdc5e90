"""How loud a voice is by ITU-R BS.1770-4 (FFmpeg's filter ebur128), and the loudness to hear at."""

from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.filter import Graph

from generation.audio.speech import SAMPLE_RATE, Samples, Speech

TARGET = -16.0  # LUFS: what recordings are usually brought to for listening on the way
_GATED = -70.0  # LUFS: the standard's absolute gate; below it nothing is loud at all
_BLOCK = SAMPLE_RATE  # samples handed over at once
_MEASURED = "lavfi.r128.I"


def loudness(samples: Samples) -> float | None:
    """Return the integrated loudness in LUFS; None for silence or less than 0.4 s.

    Args:
        samples: (n,) mono at 16 kHz.
    """
    graph = _meter()
    told = _GATED
    for start in range(0, samples.size, _BLOCK):
        block = np.ascontiguousarray(samples[None, start : start + _BLOCK])
        frame = AudioFrame.from_ndarray(block, "fltp", "mono")
        frame.sample_rate, frame.pts = SAMPLE_RATE, start
        graph.push(frame)
        told = _last(graph, told)
    graph.push(None)
    told = _last(graph, told)
    return told if told > _GATED else None


def levelled(speech: Speech) -> Speech:
    """Return the same speech at :data:`TARGET`, or as near to it as its peaks allow.

    What hears phonemes hears other ones in a quiet voice; this is for it and for nobody else. The
    sound of a video stays as it was approved.
    """
    gain = gain_for(speech.samples)
    return Speech((speech.samples * np.float32(10 ** (gain / 20))).astype(np.float32))


def gain_for(samples: Samples, most: float = 0.0) -> float:
    """Return the dB from a voice's loudness to :data:`TARGET`, its peaks at most ``most`` dBFS."""
    now = loudness(samples)
    peak = float(np.abs(samples).max())
    if now is None or not peak:
        return 0.0
    return min(TARGET - now, most - 20 * float(np.log10(peak)))


def _meter() -> Graph:
    graph = Graph()
    graph.link_nodes(
        graph.add_abuffer(
            format="fltp",
            sample_rate=SAMPLE_RATE,
            layout="mono",
            time_base=Fraction(1, SAMPLE_RATE),
        ),
        graph.add("ebur128", "metadata=1"),
        graph.add("abuffersink"),
    ).configure()
    return graph


def _last(graph: Graph, told: float) -> float:
    """Return what the newest frame that comes out says, or what was told before."""
    for frame in _out(graph):
        told = float(frame.metadata.get(_MEASURED, told))
    return told


def _out(graph: Graph) -> Iterator[AudioFrame]:
    while True:
        try:
            frame = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        if isinstance(frame, AudioFrame):
            yield frame
