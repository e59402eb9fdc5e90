"""Voice tracks spoilt in known ways, and what each does to the mouth.

Of each reader (``readings.py``; Japanese by espeak-ng) one track settled the limits and one is held
out. Noises are white, pink, the babble of eight readers, and music: three pieces of Debian's
``asterisk-moh-opsound-g722`` (CC-BY-SA, no part of this project), of which one settled the limits
and two are held out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np

from generation.audio import SAMPLE_RATE
from generation.audio.speech import Samples
from tests.benchmarks.judging.spoken import speak
from tests.benchmarks.readings import READERS, SOUNDS, g722, recordings

SECONDS = 8.0
RATIOS = (30, 20, 15, 10, 5, 0)  # dB, speech to what is added
GAINS = (12, 18, 24, 30)  # dB over full scale: overdriven
MUSIC = (
    ("manolo_camp-morning_coffee",),
    ("macroform-cold_day", "reno_project-system"),
)
_JAPANESE = (
    ("本日の会議は、三階の会議室で行います。", "資料は、あとでお送りします。"),
    ("新しい製品を、来月から販売いたします。", "ご不明な点は、お問い合わせください。"),
)
_PAUSE = np.zeros(SAMPLE_RATE // 2, np.float32)


@dataclass(frozen=True)
class Track:
    """A track: what was done to it, how strongly, and its samples (n,) at 16 kHz."""

    language: str
    held_out: bool
    kind: str
    strength: float
    samples: Samples


def voices(held_out: bool) -> Iterator[tuple[str, Samples]]:
    """Yield a track of each language as it was read."""
    for language in READERS:
        found = (g722(path).samples for _, _, path in recordings(language))
        fit = (sound for sound in found if 1.5 <= sound.size / SAMPLE_RATE <= 5.0)
        parts: list[Samples] = [_PAUSE]
        for sound in islice(fit, 20 if held_out else 0, None):
            parts += [sound, _PAUSE]
            if sum(part.size for part in parts) > SECONDS * SAMPLE_RATE:
                break
        yield language, np.concatenate(parts)
    said = [p for text in _JAPANESE[held_out] for p in (speak(text, "ja").speech.samples, _PAUSE)]
    yield "ja", np.concatenate([_PAUSE, *said])


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
    for gain in (-20, -40):
        yield Track(language, held_out, "quiet", gain, voice * np.float32(10 ** (gain / 20)))


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
        return np.sum([np.roll(_crowd(), k * 48_000)[:size] for k in range(8)], axis=0)
    pieces = [music(name) for name in MUSIC[held_out]]
    piece = pieces[int(numbers.integers(len(pieces)))]
    start = int(numbers.integers(piece.size - size))
    return piece[start : start + size]


@cache
def music(name: str) -> Samples:
    """Return a piece of music."""
    return g722(Path(SOUNDS, "usr/share/asterisk/moh", f"{name}.g722")).samples


@cache
def _crowd() -> Samples:
    """Return readers of all languages one after the other, without pauses."""
    said = [
        g722(path).samples for language in READERS for *_, path in islice(recordings(language), 30)
    ]
    return np.concatenate([sound / _level(sound) for sound in said])


def _level(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def _active(voice: Samples) -> float:
    """Return the level of the louder half of all 20 ms."""
    whole = voice[: voice.size // 320 * 320].reshape(-1, 320)
    return float(np.sqrt(np.sort(np.square(whole).mean(axis=1))[whole.shape[0] // 2 :].mean()))
