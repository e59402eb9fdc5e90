"""The mesh engine: what a frame costs, beside what encoding the same frame costs."""

from __future__ import annotations

import time

from tests.benchmarks.harness import Figure, in_turn, repeated
from tests.benchmarks.samples import FPS, curves, encode, engine, frames, planes

FRAMES = 50
ROUNDS = 5


def measure() -> list[Figure]:
    """Draws and encodes the same frames in turn."""
    began = time.perf_counter()
    engine()
    prepared = time.perf_counter() - began
    began = time.perf_counter()
    curves()
    moved = time.perf_counter() - began
    pictures = planes(FRAMES)
    drawing, encoding = in_turn([lambda: frames(FRAMES), lambda: encode(pictures)], ROUNDS)
    drawn = [1000 * seconds / FRAMES for seconds in drawing]
    encoded = [1000 * seconds / FRAMES for seconds in encoding]
    draw = repeated("mesh_render_ms_per_frame", "ms", "one 512x512 frame drawn, one thread", drawn)
    encoder = repeated("mesh_encode_ms_per_frame", "ms", "the same frame by libx264", encoded)
    return [
        draw,
        encoder,
        Figure("mesh_render_to_encode", draw.value / encoder.value, "ratio", "drawing to encoding"),
        Figure("mesh_realtime_factor", draw.value * FPS / 1000, "ratio", "drawing to playing time"),
        Figure("mesh_prepare_s", prepared, "s", "models loaded and the photo prepared, once"),
        Figure("mesh_curves_s", moved, "s", "speech to movement for the 5.65 s sample, once"),
    ]
