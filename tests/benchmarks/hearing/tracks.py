"""Voice tracks spoilt in known ways, and what each does to the mouth.

Of each reader (``readings.py``; Japanese by espeak-ng) prompts of one half of the texts settled the
limits, and prompts of the other are held out. Noises are white, pink, the babble of eight readers,
and music: three pieces of Debian's ``asterisk-moh-opsound-g722`` (CC-BY-SA, no part of this
project), of which one settled the limits and two are held out. A room is noise that dies away
(Polack's model of late reverberation), as loud as the voice itself; a line that breaks off loses
60 ms at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
from scipy.signal import fftconvolve

from generation.audio import SAMPLE_RATE
from generation.audio.speech import Samples
from tests.benchmarks.judging.fit import texts
from tests.benchmarks.judging.spoken import speak
from tests.benchmarks.judging.voices import JAPANESE, JAPANESE_TUNING
from tests.benchmarks.readings import READERS, SOUNDS, g722

SECONDS = 8.0
RATIOS = (30, 20, 15, 10, 5, 0, -5, -10)  # dB, speech to what is added
GAINS = (12, 18, 24, 30, 42, 54)  # dB over full scale: overdriven
ECHOES = (0.3, 0.6, 1.0, 1.5, 2.5)  # s until a room is 60 dB quieter
LOST = (0.05, 0.1, 0.2, 0.3, 0.45)  # of the time
_GONE = int(0.06 * SAMPLE_RATE)  # samples that are lost at a time
_DIRECT = 0.5  # the voice itself, beside a room of power 1
MUSIC = (
    ("manolo_camp-morning_coffee",),
    ("macroform-cold_day", "reno_project-system"),
)
PAUSE = np.zeros(SAMPLE_RATE // 2, np.float32)


@dataclass(frozen=True)
class Track:
    """A track: what was done to it, how strongly, and its samples (n,) at 16 kHz."""

    language: str
    held_out: bool
    kind: str
    strength: float
    samples: Samples


def voices(held_out: bool, pieces: int = 2) -> Iterator[tuple[str, Samples]]:
    """Yield so many tracks of each language as they were read, or what there is of it."""
    for language in READERS:
        found = (g722(path).samples for *_, path in texts(language, held_out))
        fit = (sound for sound in found if 1.5 <= sound.size / SAMPLE_RATE <= 5.0)
        yield from ((language, track) for track in islice(_joined(fit), pieces))
    said, voice = (JAPANESE, "ja") if held_out else (JAPANESE_TUNING, "ja+f2")
    spoken = (speak(text, voice).speech.samples for pair in said for text in pair)
    yield from (("ja", track) for track in islice(_joined(spoken), pieces))


def _joined(sounds: Iterator[Samples]) -> Iterator[Samples]:
    """Yield tracks of sounds one after the other, with pauses; what is left over makes none."""
    parts: list[Samples] = [PAUSE]
    for sound in sounds:
        parts += [sound, PAUSE]
        if sum(part.size for part in parts) > SECONDS * SAMPLE_RATE:
            yield np.concatenate(parts)
            parts = [PAUSE]


def tracks(language: str, voice: Samples, held_out: bool) -> Iterator[Track]:
    """Yield a voice as it is, then spoilt in every way."""
    yield Track(language, held_out, "as read", 0.0, voice)
    for kind in ("white", "pink", "babble", "music"):
        noise = added(kind, voice.size, held_out)
        for ratio in RATIOS:
            scaled = noise * (_active(voice) / _level(noise) * 10 ** (-ratio / 20))
            mixed = (voice + scaled) * min(1.0, 0.95 / np.abs(voice + scaled).max())
            yield Track(language, held_out, kind, ratio, mixed.astype(np.float32))
    for gain in GAINS:
        loud = voice / np.abs(voice).max() * 10 ** (gain / 20)
        yield Track(language, held_out, "overdriven", gain, np.clip(loud, -1, 1) * 0.9)
    chance = np.random.default_rng([voice.size, held_out])
    for seconds in ECHOES:
        yield Track(language, held_out, "echo", seconds, _in_a_room(voice, seconds, chance))
    for share in LOST:
        yield Track(language, held_out, "breaks off", share, _broken(voice, share, chance))
    for gain in (-20, -40):
        yield Track(language, held_out, "quiet", gain, voice * np.float32(10 ** (gain / 20)))


def _in_a_room(voice: Samples, seconds: float, chance: np.random.Generator) -> Samples:
    size = int(seconds * SAMPLE_RATE)
    room = chance.normal(0, 1, size) * 10 ** (-3 * np.arange(size) / size)
    room /= np.sqrt((room**2).sum())
    room[0] += _DIRECT
    mixed = fftconvolve(voice, room)[: voice.size]
    return (0.9 * mixed / np.abs(mixed).max()).astype(np.float32)


def _broken(voice: Samples, share: float, chance: np.random.Generator) -> Samples:
    gone = np.repeat(chance.random(voice.size // _GONE + 1) < share, _GONE)[: voice.size]
    return np.where(gone, np.float32(0), voice)


def added(kind: str, size: int, held_out: bool) -> Samples:
    """Return ``size`` samples of a noise, or of music."""
    numbers = np.random.default_rng([size, held_out])
    if kind == "white":
        return numbers.normal(0, 0.1, size).astype(np.float32)
    if kind == "pink":
        spectrum = np.fft.rfft(numbers.normal(0, 0.1, size))
        slope = np.sqrt(np.arange(1, spectrum.size + 1))
        return np.fft.irfft(spectrum / slope, size).astype(np.float32)
    if kind == "babble":
        crowd = _crowd(held_out)
        at = int(numbers.integers(crowd.size))
        return np.sum([np.roll(crowd, at + k * 48_000)[:size] for k in range(8)], axis=0)
    pieces = [music(name) for name in MUSIC[held_out]]
    piece = pieces[int(numbers.integers(len(pieces)))]
    start = int(numbers.integers(piece.size - size))
    return piece[start : start + size]


@cache
def music(name: str) -> Samples:
    """Return a piece of music."""
    return g722(Path(SOUNDS, "usr/share/asterisk/moh", f"{name}.g722")).samples


@cache
def _crowd(held_out: bool) -> Samples:
    """Return readers of all languages one after the other, without pauses."""
    said = [
        g722(path).samples
        for language in READERS
        for *_, path in islice(texts(language, held_out), 30)
    ]
    return np.concatenate([sound / _level(sound) for sound in said])


def _level(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def _active(voice: Samples) -> float:
    """Return the level of the louder half of all 20 ms."""
    whole = voice[: voice.size // 320 * 320].reshape(-1, 320)
    return float(np.sqrt(np.sort(np.square(whole).mean(axis=1))[whole.shape[0] // 2 :].mean()))
