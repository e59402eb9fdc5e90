"""What is done to a release's sound, and how often the mark is found after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from zlib import crc32

import numpy as np

from compliance.audiomark.detector import AudioDetector
from compliance.audiomark.files import KNOWN
from compliance.audiomark.grid import RATE
from compliance.audiomark.search import AS_IS, SPEEDS, Sound
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
from tests.benchmarks.audiomark.kept import kept

KNOWN_SECONDS = 2
BLIND_SECONDS = (4, 6, 10)


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

Row = dict[str, Any]  # "tally": {"blind_6s": [found, tried]}, "failed": [where], "scores"


def measure(found_clips: Sequence[Clip]) -> dict[str, Row]:
    """Return, for each attack, how often each length of sound showed the id, and the failures."""
    total: dict[str, Row] = {name: {"tally": {}, "failed": [], "scores": []} for name in ATTACKS}
    for clip in found_clips:
        rows = kept(__file__, clip.name.replace("/", "-"), lambda clip=clip: _of_clip(clip))
        for name, row in rows.items():
            for test, (found, tried) in row["tally"].items():
                tally = total[name]["tally"].setdefault(test, [0, 0])
                tally[0] += found
                tally[1] += tried
            total[name]["failed"] += row["failed"]
            total[name]["scores"] += row["scores"]
    return total


def _of_clip(clip: Clip) -> dict[str, Row]:
    detector, out = AudioDetector(KEY), released(clip.marked)
    rows: dict[str, Row] = {name: {"tally": {}, "failed": [], "scores": []} for name in ATTACKS}
    for name, attack in ATTACKS.items():
        sound = heard(attack(out))
        draw = np.random.default_rng(crc32(clip.name.encode()))
        for seconds in (KNOWN_SECONDS, KNOWN_SECONDS, *BLIND_SECONDS, None):
            length = sound.shape[1] if seconds is None else min(seconds * RATE, sound.shape[1])
            start = int(draw.integers(sound.shape[1] - length + 1))
            part = Sound(sound[:, start : start + length])
            if seconds == KNOWN_SECONDS:
                _known(detector, clip, part, start, rows[name])
            else:
                test = "blind_whole" if seconds is None else f"blind_{seconds}s"
                answer = detector.decode(part, AS_IS) or detector.decode(part, SPEEDS)
                right = answer is not None and answer.asset_id == clip.asset_id
                _note(rows[name], test, f"{clip.name} at {start / RATE:.2f} s", right)
    return rows


def _known(detector: AudioDetector, clip: Clip, part: Sound, start: int, row: Row) -> None:
    likeness = detector.test(part, clip.asset_id, AS_IS)
    if likeness.p_value > KNOWN:
        likeness = detector.test(part, clip.asset_id, SPEEDS)
    row["scores"].append(round(likeness.score, 2))
    where = f"{clip.name} at {start / RATE:.2f} s, p {likeness.p_value:.1e}"
    _note(row, "known_2s", where, likeness.p_value <= KNOWN)


def _note(row: Row, test: str, where: str, found: bool) -> None:
    tally = row["tally"].setdefault(test, [0, 0])
    tally[0] += found
    tally[1] += 1
    if not found:
        row["failed"].append(f"{test} {where}")
