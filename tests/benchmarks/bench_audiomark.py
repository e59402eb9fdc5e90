"""The mark in the sound: survival, false alarms, what is heard of it, and what it costs.

The recordings and their variables are described in ``audiomark/clips.py``; ``ffmpeg`` must be in
the path. AUDIOMARK_WORDS is how many hypotheses are decoded where nothing is (100,000). What was
measured with the same code is kept in build/audiomark and taken up again. Attack by attack, with
every failure, the results lie in build/bench/audiomark-details.json.
"""

from __future__ import annotations

import json
import os
from typing import Any

import av
import numpy as np
from scipy.stats import beta

from compliance.audiomark import expand_audio
from compliance.audiomark.detector import AudioDetector
from compliance.audiomark.marker import AudioMarker
from compliance.audiomark.search import AS_IS, SPEEDS, Sound
from tests.benchmarks.audiomark import alarms, attacks, quality
from tests.benchmarks.audiomark.clips import KEY, RELEASED, Clip, Samples, clips, encoded, heard
from tests.benchmarks.harness import BUILD, Figure, in_turn, repeated

_WORDS = int(os.environ.get("AUDIOMARK_WORDS", "100000"))
_ROUNDS = 5


def measure() -> list[Figure]:
    """Measure all parts; every failure goes to a file beside."""
    found = clips()
    details: dict[str, Any] = {"clips": [clip.name for clip in found]}
    figures = [*_attacks(found, details), *_alarms(found, details)]
    figures += [*_quality(found, details), *_speed(found[0])]
    BUILD.mkdir(parents=True, exist_ok=True)
    path = BUILD / "audiomark-details.json"
    path.write_text(json.dumps(details, indent=1) + "\n", encoding="utf-8")
    return figures


def _quality(found: list[Clip], details: dict[str, Any]) -> list[Figure]:
    rows = details["quality"] = [quality.measure(clip.plain, clip.marked) for clip in found]
    notes = {
        "segmental_snr_db": ("dB", "speech, all bands, before the encoder"),
        "log_spectral_distortion_db": ("dB", "the same"),
        "noise_to_mask_db": ("dB", "our masking model, not PEAQ"),
        "disturbed_frames": ("share", "mark over the masked threshold by 1.5 dB in some band"),
    }
    options = ["-c:a", "aac", "-b:a", "64k"]
    coded = [encoded(clip.plain, RELEASED, "y.m4a", options)[: len(clip.plain)] for clip in found]
    beside = details["aac_64k"] = [
        quality.measure(clip.plain[: len(other)], other)
        for clip, other in zip(found, coded, strict=True)
    ]
    return [
        repeated(f"{of}_{name}", unit, note, [row[name] for row in measured])
        for of, measured in (("audiomark", rows), ("aac_64k_unmarked", beside))
        for name, (unit, note) in notes.items()
    ]


def _attacks(found: list[Clip], details: dict[str, Any]) -> list[Figure]:
    rows = details["attacks"] = attacks.measure(found)
    return [
        _rate(f"audiomark_{attack}_{test}", *tally)
        for attack, row in rows.items()
        for test, tally in row["tally"].items()
    ]


def _rate(name: str, hits: int, tried: int) -> Figure:
    """Return a share with its Clopper-Pearson interval of 95 %."""
    low = float(beta.ppf(0.025, hits, tried - hits + 1)) if hits else 0.0
    high = float(beta.ppf(0.975, hits + 1, tried - hits)) if hits < tried else 1.0
    return Figure(name, hits / tried, "share", f"{hits} of {tried}, interval of 95 %", (low, high))


def _alarms(found: list[Clip], details: dict[str, Any]) -> list[Figure]:
    seen = details["alarms"] = alarms.measure(found, _WORDS)
    bound = 1 - 0.05 ** (1 / seen["hypotheses"])
    tests = f"of {seen['tests']} tests for an id that is not there"
    return [
        Figure("audiomark_false_positives", seen["alarms"], "count", "ids read where none is"),
        Figure("audiomark_false_positive_tries", seen["hypotheses"], "count", "words decoded"),
        Figure("audiomark_false_positive_bound", bound, "chance", "a word, 95 %, if none was seen"),
        Figure("audiomark_highest_foreign_score", seen["highest_score"], "deviations", tests),
    ]


def _speed(clip: Clip) -> list[Figure]:
    sound, marker = clip.plain, AudioMarker(expand_audio(KEY, clip.asset_id), RELEASED)
    seconds = len(sound) / RELEASED
    ear, marked = AudioDetector(KEY), heard(clip.marked)
    sides = [
        lambda: list(marker.mark([sound[None]])),
        lambda: _encode(sound),
        lambda: ear.decode(Sound(marked), AS_IS),
        lambda: ear.decode(Sound(marked), SPEEDS),
    ]
    marking, encoding, reading, searching = in_turn(sides, _ROUNDS)
    each = [1000 * taken / seconds for taken in marking]
    mark = repeated("audiomark_mark_ms_per_s", "ms", "one second at 48 kHz, mono", each)
    each = [1000 * taken / seconds for taken in encoding]
    encode = repeated("audiomark_aac_ms_per_s", "ms", "the same, AAC at 128 kbit/s", each)
    return [
        mark,
        encode,
        Figure("audiomark_time_ratio", mark.value / encode.value, "ratio", "marking to encoding"),
        repeated("audiomark_decode_s", "s", f"{seconds:.1f} s as released", reading),
        repeated("audiomark_search_s", "s", f"{seconds:.1f} s at every speed", searching),
    ]


def _encode(sound: Samples) -> int:
    """Encode as the product does; return the bytes."""
    context = av.CodecContext.create("aac", "w")
    context.sample_rate, context.layout, context.format = RELEASED, "mono", "fltp"
    context.bit_rate = 128_000
    size = 0
    for start in range(0, len(sound) - 1023, 1024):
        part = np.ascontiguousarray(sound[None, start : start + 1024])
        frame = av.AudioFrame.from_ndarray(part, "fltp", "mono")
        frame.sample_rate, frame.pts = RELEASED, start
        size += sum(packet.size for packet in context.encode(frame))
    return size + sum(packet.size for packet in context.encode(None))
