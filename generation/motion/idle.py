"""Life besides speech: the head never quite still, blinks, glances, breath. Seeded, repeatable."""

import numpy as np

from generation.motion.timeline import RATE, Track, smooth

_CLOSING, _SHUT, _OPENING = 0.09, 0.05, 0.16  # seconds; measured blinks are 0.2 to 0.4 s long
# How far lids go down: who talks often does not shut them wholly, and a face whose eyes are shut is
# less like its photo, to people and networks, than one with a line of the eye left.
DEPTHS = (0.55, 0.62)


def wander(rng: np.random.Generator, size: int, seconds: float, deviation: float) -> Track:
    """Return smooth noise of the given standard deviation that turns every few ``seconds``."""
    margin = int(4 * seconds * RATE) + 1
    noise = smooth(rng.normal(size=size + 2 * margin), seconds)
    # Scaled by what the blur does to white noise, so that short clips keep the long-run deviation.
    expected = np.sqrt(1 / (2 * np.sqrt(np.pi) * seconds * RATE))
    track: Track = noise[margin : margin + size] * (deviation / expected)
    return track


def blinks(rng: np.random.Generator, times: Track, rate: float) -> Track:
    """Return eyelid closure 0..1; ``rate`` scales how often (1 = every three and a half s)."""
    track = np.zeros(times.size)
    if rate <= 0:
        return track
    start = 0.8
    while start < times[-1]:
        since = times - start
        down = np.clip(since / _CLOSING, 0, 1)
        up = np.clip((since - _CLOSING - _SHUT) / _OPENING, 0, 1)
        lid = 0.25 * (1 - np.cos(np.pi * down)) * (1 + np.cos(np.pi * up)) * rng.uniform(*DEPTHS)
        np.maximum(track, lid, out=track)
        start += (0.3 + rng.gamma(4, 0.8)) / rate
    return track


def glances(rng: np.random.Generator, times: Track) -> Track:
    """Return the horizontal direction of the eyes in radians: fixations and quick jumps."""
    track = np.zeros(times.size)
    start = 0.4
    while start < times[-1]:
        track[times >= start] = rng.normal(0, 0.035)
        start += rng.uniform(0.6, 2.2)
    return smooth(track, 0.015)


def breaths(rng: np.random.Generator, times: Track, loudness: Track) -> Track:
    """Return 0..1 how full the lungs are: in where the voice is quietest, slowly out while talking.

    Args:
        rng: decides how long a breath may take and how deep it is.
        times: (n,) seconds.
        loudness: (n,) 0 in pauses .. 1.
    """
    places, depths = [float(times[0]) - rng.uniform(0.5, 3.0)], [0.0]
    quiet = smooth(loudness, 0.1)
    while places[-1] < times[-1]:
        earliest, latest = places[-1] + rng.uniform(2.6, 3.4), places[-1] + rng.uniform(4.4, 5.6)
        window = slice(*np.searchsorted(times, (earliest, latest)))
        inhale = earliest
        if window.stop > window.start:
            inhale = float(times[window][int(np.argmin(quiet[window]))])
        places += [inhale, inhale + rng.uniform(0.7, 1.0)]
        depths += [0.0, rng.uniform(0.7, 1.0)]
    return smooth(np.interp(times, places, depths), 0.22)
