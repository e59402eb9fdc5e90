"""The mesh engine: how fast it draws, how well held-out faces speak, how long a whole video takes.

PORTRAITS names a folder of photos (``judging/cases.py`` says which are held out), Debian's packages
of ``readings.py`` and libespeak-ng1 give the voices; what is missing is left out with a sentence.
MESH_PARTS names parts (speed, quality, length, way, gate; all of them by default, and the gate's
takes longest). Clip by clip it lies in build/bench/mesh-details.json, pictures of every clip in
build/bench/mesh-sheets.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from PIL import Image

from generation import engines
from generation.mesh import MeshEngine
from generation.resident import landmarker
from tests.benchmarks import bench_gate
from tests.benchmarks.harness import BUILD, Bar, Figure, apart, in_turn, repeated
from tests.benchmarks.judging.cases import cases
from tests.benchmarks.judging.length import length
from tests.benchmarks.judging.way import way
from tests.benchmarks.samples import FIXTURES, curves, encode, frames, planes

FRAMES, LARGE_FRAMES = 50, 15
ROUNDS = 5
LARGE = 1024
PARTS = os.environ.get("MESH_PARTS", "speed,quality,length,way,gate").split(",")
BARS: dict[str, Bar] = {
    "fps_512": ("at least", 60),
    "fps_1024": ("at least", 30),
    "realtime_end_to_end": ("at least", 3),
    "mesh_prepare_s": ("at most", 0.5),
    "r_log_energy": ("at least", 0.50),
    "r_speech_log_energy": ("at least", 0.30),
    "lag_frames": ("at most", 1),
    "commanded_r": ("at least", 0.93),
    "closure": ("at least", 0.95),
    "false_closure": ("at most", 0.20),
    "open_vowels": ("at least", 0.85),
    "identity_closed_mean": ("at most", 0.13),
    "identity_toothy_mean": ("at most", 0.22),
    "identity_max": ("at most", 0.38),
    "long_identity_drift": ("at most", 0.02),
    "long_memory_growth_mb": ("at most", 32),
    **bench_gate.BARS,
}
_QUALITY = {
    "r_judge": "lips with what the judge hears",
    "r_speech_judge": "the same within speech",
    "r_log_energy": "lips with loudness",
    "r_speech_log_energy": "the same within speech",
    "commanded_r": "measured gap with the curve that was drawn",
    "closure": "p b m frames closed",
    "false_closure": "other frames of speech closed",
    "open_vowels": "open vowels' frames open",
    "lip_speed_silence": "lips in silence",
    "blinks": "blinks",
    "face_blur": "blur of the face",
}
_UNITS = {"lip_speed_silence": "cm/s", "blinks": "a minute", "closure": "ratio"}


def measure() -> list[Figure]:
    """Measure the parts asked for."""
    measures: dict[str, Callable[[], list[Figure]]] = {
        "speed": _speed,
        "quality": _quality,
        "length": lambda: apart(length),
        "way": lambda: apart(way),
        "gate": bench_gate.measure,
    }
    return [figure for part in PARTS for figure in measures[part]()]


def _speed() -> list[Figure]:
    """Draw and encode the same frames in turn."""
    engines.get(engines.MESH).warm()  # as a worker does before it takes anything
    began = time.perf_counter()
    large = _engine(LARGE)
    prepared = [time.perf_counter() - began]
    for _ in range(ROUNDS):
        began = time.perf_counter()
        _engine(512)
        prepared.append(time.perf_counter() - began)
    began = time.perf_counter()
    curves()
    moved = time.perf_counter() - began
    pictures = planes(FRAMES)
    sides = [
        lambda: frames(FRAMES),
        lambda: encode(pictures),
        lambda: list(islice(large.render(curves()), LARGE_FRAMES)),
    ]
    drawing, encoding, drawing_large = in_turn(sides, ROUNDS)
    draw, code = (_per_frame(times, FRAMES) for times in (drawing, encoding))
    rates = [1000 / ms for ms in draw]
    large_rates = [1000 / ms for ms in _per_frame(drawing_large, LARGE_FRAMES)]
    found = [
        repeated("fps_512", "frames/s", "512x512 frames drawn, one thread, no encoder", rates),
        repeated("fps_1024", "frames/s", "1024x1024, the same", large_rates),
        repeated("mesh_render_ms_per_frame", "ms", "one 512x512 frame drawn", draw),
        repeated("mesh_encode_ms_per_frame", "ms", "the same frame by libx264 veryfast", code),
    ]
    ratio = found[2].value / found[3].value
    slowest = max(prepared)
    return [
        *found,
        Figure("mesh_render_to_encode", ratio, "ratio", "drawing to encoding"),
        Figure("mesh_prepare_s", slowest, "s", f"the slowest of {len(prepared)} preparations"),
        Figure("mesh_curves_s", moved, "s", "speech to movement for the 5.65 s sample, once"),
    ]


def _engine(side: int) -> MeshEngine:
    with Image.open(FIXTURES / "portrait.png") as photo:
        rgb = np.asarray(photo.convert("RGB"))
    return MeshEngine(rgb, side, side, landmarker=landmarker())


def _per_frame(seconds: Sequence[float], count: int) -> list[float]:
    return [1000 * each / count for each in seconds]


def _quality() -> list[Figure]:
    rows = list(cases())
    BUILD.mkdir(parents=True, exist_ok=True)
    text = json.dumps(rows, indent=1) + "\n"
    (BUILD / "mesh-details.json").write_text(text, encoding="utf-8")
    figures = list(_over(rows, ""))
    for language in sorted({row["language"] for row in rows}):
        spoken = [row for row in rows if row["language"] == language]
        figures += _over(spoken, f"_{language}")
    return figures


def _over(rows: list[dict[str, Any]], suffix: str) -> Iterator[Figure]:
    for name, note in _QUALITY.items():
        values = _values(rows, name)
        if values.size:
            yield _mean(f"{name}{suffix}", _UNITS.get(name, "ratio"), note, values)
    lags = np.abs(_values(rows, "lag_judge"))
    yield _mean(f"lag_frames{suffix}", "frames", "lips and judge apart, either way", lags)
    yield from _identity(rows, suffix)


def _identity(rows: list[dict[str, Any]], suffix: str) -> Iterator[Figure]:
    for kind in ("closed", "toothy"):
        chosen = [row for row in rows if row["toothy"] == (kind == "toothy")]
        values = _values(chosen, "identity_mean")
        if values.size:
            note = f"distance to the photo, photos with {kind} mouths"
            yield _mean(f"identity_{kind}_mean{suffix}", "L2", note, values)
    largest = _values(rows, "identity_max")
    worst = max(rows, key=lambda row: row["values"]["identity_max"])
    yield Figure(
        f"identity_max{suffix}", float(largest.max()), "L2", f"one frame of {worst['name']}"
    )


def _values(rows: list[dict[str, Any]], name: str) -> np.ndarray:
    values = np.array([row["values"].get(name, np.nan) for row in rows], np.float64)
    return values[np.isfinite(values)]


def _mean(name: str, unit: str, note: str, values: np.ndarray) -> Figure:
    said = f"{note}; mean of {values.size} clips, the range is of clips"
    spread = (float(values.min()), float(values.max()))
    return Figure(name, float(values.mean()), unit, said, spread)
