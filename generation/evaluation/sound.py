"""What is heard in each frame of a video: loudness, a band of voice, speech or silence."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_dilation, uniform_filter1d  # type: ignore[import-untyped]
from scipy.signal import butter, correlate, sosfilt  # type: ignore[import-untyped]

from generation.audio import SAMPLE_RATE, Phone, Speech
from generation.evaluation.judge import Expected, expect
from generation.evaluation.measures import NEITHER, Measure
from generation.evaluation.openings import APART, CLOSED, OPEN, Marks, Track, aperture, during

_BAND = (300.0, 3000.0)  # Hz: where vowels have their formants
_FLOOR = 1e-4  # of full scale: below it is nothing
_SPEECH_DB = 30.0  # below the loud syllables: quieter is no speech
_QUIET_DB = 40.0  # quieter than this, for a while, is silence
_GUARD = 0.16  # s around speech in which lips still move


@dataclass(frozen=True)
class Heard:
    """What a voice track asks of the lips, one value a frame.

    Attributes:
        log_energy: (T,) natural logarithm of the root mean square.
        band_energy: (T,) the same of 300 to 3000 Hz.
        speech: (T,) somebody speaks.
        silence: (T,) nobody does, nor just did, nor is about to.
        expected: by the judge.
        aligned: (T,) lip aperture by sounds that are known, None where they are not.
        closed: (T,) p, b or m.
        open: (T,) an open vowel.
        other: (T,) speech in which lips need not be closed.
        source: where `closed` and `open` are from: "aligned" or "judge".
    """

    log_energy: Track
    band_energy: Track
    speech: Marks
    silence: Marks
    expected: Expected
    aligned: Track | None
    closed: Marks
    open: Marks
    other: Marks
    source: str


def listen(speech: Speech, times: Track, fps: float, phones: list[Phone] | None) -> Heard:
    """Measure a voice track at `times` (T,), the middles of the frames.

    Args:
        speech: the track.
        times: s.
        fps: frames a second.
        phones: the sounds with their times, if they are known.

    Raises:
        WeightsInvalid: the judge's weights are not the pinned ones.
    """
    samples = speech.samples.astype(np.float64)
    energy, band = level(samples, times, fps), level(_voice(samples), times, fps)
    loud = np.percentile(energy, 95)
    talking = energy > loud - _SPEECH_DB / 20 * np.log(10)
    audible = energy > max(loud - _QUIET_DB / 20 * np.log(10), np.log(2 * _FLOOR))
    width = 2 * max(1, round(_GUARD * fps)) + 1
    silence = ~binary_dilation(audible, np.ones(width, bool))
    expected = expect(speech, times)
    if phones:
        shut, wide = during(phones, CLOSED, times), during(phones, OPEN, times)
        ideal = aperture(phones, times)
        other = during(phones, APART, times) & ~shut
        return Heard(energy, band, talking, silence, expected, ideal, shut, wide, other, "aligned")
    other = talking & ~expected.closed & (expected.opening > _APART)
    shut, wide = expected.closed & talking, expected.open & talking
    return Heard(energy, band, talking, silence, expected, None, shut, wide, other, "judge")


def offset(own: Speech, given: Speech) -> Measure:
    """Return how much later `own` sounds than `given`, in ms, by their loudness at 200 Hz."""
    rate, reach = 200, 200
    size = min(own.samples.size, given.samples.size) // (SAMPLE_RATE // rate) - 1
    times = (np.arange(size) + 0.5) / rate
    one, other = (level(each.samples.astype(np.float64), times, rate) for each in (own, given))
    one, other = one - one.mean(), other - other.mean()
    power = max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-9)
    both = correlate(one, other, mode="same") / power
    middle = size // 2
    near = both[max(0, middle - reach) : middle + reach + 1]
    best = int(np.argmax(near)) - min(reach, middle)
    note = f"loudness of both alike by r = {float(near.max()):.2f} there"
    return Measure("own_sound_lag", 1000 * best / rate, "ms", NEITHER, note=note)


def level(samples: Track, times: Track, fps: float) -> Track:
    """Return the logarithm (T,) of the root mean square of (n,) samples within each frame."""
    width = max(1, round(SAMPLE_RATE / fps))
    power = uniform_filter1d(np.square(samples), width, mode="constant")
    at = np.round(times * SAMPLE_RATE).astype(int)
    inside = at < power.size
    level = np.where(inside, np.maximum(power[np.minimum(at, power.size - 1)], 0), 0)
    found: Track = np.log(np.sqrt(level) + _FLOOR)
    return found


def _voice(samples: Track) -> Track:
    sections = butter(4, _BAND, "bandpass", fs=SAMPLE_RATE, output="sos")
    return np.asarray(sosfilt(sections, samples), np.float64)


_APART = 0.35  # of the judge's aperture: lips are clearly apart
