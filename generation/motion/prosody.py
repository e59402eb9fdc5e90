"""What loudness tells about emphasis, and how head and brows follow it."""

from dataclasses import dataclass

import numpy as np

from generation.motion.timeline import Timeline, Track, smooth


@dataclass(frozen=True)
class Prosody:
    """Tracks of emphasis.

    Attributes:
        accent: about -0.5..0.5, above zero where a syllable is stressed.
        activity: 0..1, whether the person is speaking at all around this moment.
    """

    accent: Track
    activity: Track


def prosody(line: Timeline) -> Prosody:
    """Measure emphasis on the loudness of a speech."""
    accent = smooth(line.loudness, 0.070) - smooth(line.loudness, 0.300)
    return Prosody(accent, smooth((line.loudness > 0.25).astype(np.float64), 0.400))


def nods(emphasis: Prosody, times: Track) -> Track:
    """Return 0..1 downward nods of half a second, each starting on a strong accent."""
    track = np.zeros(times.size)
    after = 0.0
    for peak in _peaks(emphasis.accent):
        if times[peak] < after:
            continue
        since = np.clip((times - times[peak] + 0.12) / 0.5, 0, 1)
        np.maximum(track, np.sin(np.pi * since) ** 2, out=track)
        after = float(times[peak]) + 1.1  # more often looks like a toy
    return track


def _peaks(track: Track) -> list[int]:
    """Return indices of local maxima in the upper part of the track."""
    middle = track[1:-1]
    high = middle > max(0.05, float(np.percentile(track, 80)))
    return [
        int(i) + 1 for i in np.flatnonzero(high & (middle >= track[:-2]) & (middle > track[2:]))
    ]
