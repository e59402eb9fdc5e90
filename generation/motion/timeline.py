"""The fine time grid on which movement is computed before it is sampled at the frame rate."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generation.audio import SAMPLE_RATE, Speech

RATE = 200  # Hz: a lip closure lasts some 60 ms, so 5 ms steps place it well within a frame
_RANGE = 4.5  # of the level's logarithm: 40 dB
Track = NDArray[np.float64]  # (n,): one value each 5 ms
Marks = NDArray[np.bool_]  # (n,)


@dataclass(frozen=True)
class Timeline:
    """The grid of one speech.

    Attributes:
        times: (n,) seconds, long enough for every frame.
        loudness: (n,) 0 (pause) .. 1 (the speaker's loud syllables), smoothed over 30 ms.
        strength: (n,) the same, but 0 is 40 dB below those syllables, however quiet pauses are.
        frames: number of video frames; together at least as long as the sound.
        fps: frames a second.
    """

    times: Track
    loudness: Track
    strength: Track
    frames: int
    fps: float

    def sample(self, track: Track) -> Track:
        """Return (frames,) values at the middle of each frame."""
        middles = (np.arange(self.frames) + 0.5) / self.fps
        values: Track = np.interp(middles, self.times, track)
        return values


def timeline(speech: Speech, fps: float) -> Timeline:
    """Lay the grid over ``speech``."""
    # 1e-6: 2.0 s at 25 fps are 50 frames even when the division says 50.0000000001
    frames = max(1, int(np.ceil(speech.seconds * fps - 1e-6)))
    times = np.arange(int(np.ceil(frames / fps * RATE)) + 1) / RATE
    return Timeline(times, *_loudness(speech, times.size), frames, fps)


def _loudness(speech: Speech, size: int) -> tuple[Track, Track]:
    step = SAMPLE_RATE // RATE
    padded = np.zeros(size * step)
    padded[: min(speech.samples.size, padded.size)] = speech.samples[: padded.size]
    power = (padded.reshape(size, step) ** 2).mean(1)
    level = np.log(np.sqrt(smooth(power, 0.010)) + 1e-5)
    loud = np.percentile(level, 95)
    # The floor is the room's noise, but never further than 40 dB below the voice.
    quiet = max(np.percentile(level, 5), loud - _RANGE)
    even = smooth(level, 0.030) - loud
    strength: Track = np.clip(1 + even / _RANGE, 0, 1)
    if loud - quiet < 0.1:  # a steady tone has no syllables
        return np.ones(size), strength
    loudness: Track = np.clip(1 + even / (loud - quiet), 0, 1)
    return loudness, strength


def smooth(track: Track, seconds: float) -> Track:
    """Blur with a Gaussian of the given standard deviation; the ends are held."""
    sigma = seconds * RATE
    radius = int(4 * sigma) + 1
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    padded = np.pad(track, radius, mode="edge")
    blurred: Track = np.convolve(padded, kernel / kernel.sum(), mode="valid")
    return blurred
