"""What is done to a release's sound, and how often the mark is found after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from zlib import crc32

import numpy as np

from compliance.audiomark.detector import AudioDetector
from compliance.audiomark.files import KNOWN
from compliance.audiomark.grid import RATE
from compliance.audiomark.search import SPEEDS, Sound
from tests.benchmarks.audiomark.clips import (
    BIT_RATE,
    KEY,
    RELEASED,
    Clip,
    Samples,
    encoded,
    filtered,
    heard,
)

KNOWN_SECONDS = 2
BLIND_SECONDS = (4, 6, 8, 10)
WINDOWS = 2  # of each length, at drawn places


def released(sound: Samples) -> Samples:
    """Return what a release's encoder leaves."""
    return encoded(sound, RELEASED, "release.m4a", ["-c:a", "aac", "-b:a", BIT_RATE])


def _codec(name: str, encoder: str, rate: str) -> Callable[[Samples], Samples]:
    return lambda sound: encoded(sound, RELEASED, name, ["-c:a", encoder, "-b:a", rate])


def _filter(chain: str) -> Callable[[Samples], Samples]:
    return lambda sound: filtered(sound, chain)


def _noise(sound: Samples, decibels: float = 20) -> Samples:
    """Add white noise up to 8 kHz, so far below the sound's mean power."""
    noise = np.random.default_rng(len(sound)).standard_normal(len(sound) // 3)
    noise = np.fft.irfft(np.fft.rfft(noise), len(sound))
    noise *= np.sqrt(np.mean(sound**2) / np.mean(noise**2)) * 10 ** (-decibels / 20)
    return (sound + noise).astype(np.float32)


def _room(sound: Samples) -> Samples:
    """Play it into a room (reverberation time 0.35 s, as loud as the direct sound less 10 dB)."""
    draw, count = np.random.default_rng(5), RELEASED * 35 // 100
    echo = draw.standard_normal(count) * np.exp(-6.9 * np.arange(count) / count)
    echo *= 0.32 / np.linalg.norm(echo)
    echo[0] = 1.0
    size = len(sound) + count
    wet = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(echo, size), size)[: len(sound)]
    return filtered(_noise(wet.astype(np.float32), 25), "highpass=f=200,lowpass=f=6500")


ATTACKS: dict[str, Callable[[Samples], Samples]] = {
    "as_released": lambda sound: sound,
    "aac_64k": _codec("a.m4a", "aac", "64k"),
    "aac_32k": _codec("b.m4a", "aac", "32k"),
    "opus_24k": _codec("c.ogg", "libopus", "24k"),
    "mp3_64k": _codec("d.mp3", "libmp3lame", "64k"),
    "8_khz": _filter("aresample=8000"),
    "noise_20_db": _noise,
    "speed_minus_5": _filter(f"asetrate={RELEASED * 95 // 100}"),
    "speed_plus_5": _filter(f"asetrate={RELEASED * 105 // 100}"),
    "speed_plus_2_5": _filter(f"asetrate={RELEASED * 1025 // 1000}"),
    "tempo_minus_4_5": _filter("atempo=0.955"),
    "tempo_plus_5": _filter("atempo=1.05"),
    "louder_limited": _filter("volume=12dB,alimiter=limit=0.5"),
    "equaliser": _filter("bass=g=8:f=200,treble=g=-10:f=3000"),
    "room": _room,
    "pitch_plus_9": _filter(f"asetrate={RELEASED * 109 // 100}"),
    "noise_10_db": lambda sound: _noise(sound, 10),
    "opus_12k": _codec("e.ogg", "libopus", "12k"),
}
BEYOND = ("pitch_plus_9", "noise_10_db", "opus_12k")  # where it is expected to break

Tally = dict[str, list[int]]  # "blind_6s": [found, tried]


def measure(found_clips: Sequence[Clip]) -> dict[str, dict[str, Any]]:
    """Return, for each attack, how often each length of sound showed the id, and the failures."""
    detector = AudioDetector(KEY)
    rows: dict[str, dict[str, Any]] = {name: {"tally": {}, "failed": []} for name in ATTACKS}
    for clip in found_clips:
        out = released(clip.marked)
        for name, attack in ATTACKS.items():
            sound = heard(attack(out))
            _one(detector, clip, sound, rows[name])
        print(f"{clip.name}: {len(ATTACKS)} attacks", flush=True)
    return rows


def _one(detector: AudioDetector, clip: Clip, sound: Samples, row: dict[str, Any]) -> None:
    draw = np.random.default_rng(crc32(clip.name.encode()))
    for seconds in (KNOWN_SECONDS, *BLIND_SECONDS, None):
        length = sound.shape[1] if seconds is None else min(seconds * RATE, sound.shape[1])
        for _ in range(1 if seconds is None else WINDOWS):
            start = int(draw.integers(sound.shape[1] - length + 1))
            part = Sound(sound[:, start : start + length])
            if seconds == KNOWN_SECONDS:
                likeness = detector.test(part, clip.asset_id, SPEEDS)
                _note(row, "known_2s", clip, start, likeness.p_value <= KNOWN)
                row.setdefault("scores", []).append(round(likeness.score, 2))
            else:
                answer = detector.decode(part, SPEEDS)
                name = "blind_whole" if seconds is None else f"blind_{seconds}s"
                right = answer is not None and answer.asset_id == clip.asset_id
                _note(row, name, clip, start, right)


def _note(row: dict[str, Any], test: str, clip: Clip, start: int, found: bool) -> None:
    tally = row["tally"].setdefault(test, [0, 0])
    tally[0] += found
    tally[1] += 1
    if not found:
        row["failed"].append(f"{test} {clip.name} at {start / RATE:.2f} s")
