"""Ours against invisible-watermark's dwtDctSvd, and what marking costs the pipeline.

Both sides get and return 512x512 BGR, carry the same 1,024 bits a frame and run on one thread;
ours pays for the way to planes and back. In the pipeline the frames are planes already.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np

from compliance.watermark import expand
from compliance.watermark.blocks import STEP, cb_plane, read_values
from compliance.watermark.decoder import Decoder, Sums, Tuning
from compliance.watermark.marker import Marker
from tests.benchmarks.bench_signing import signed
from tests.benchmarks.harness import Figure, in_turn, repeated
from tests.benchmarks.marking.clips import FPS, KEY, SIZE, Clip, Planes
from tests.benchmarks.marking.codecs import cut, scaled, through
from tests.benchmarks.samples import encode

_FRAMES = 12
_ROUNDS = 5
_PIPELINE_ROUNDS = 15  # of 50 frames each
_LONG = 30  # seconds
_SIGNED = 200  # MB
_SETTINGS = {"scales": [0, int(STEP), 0], "block": 8}


def against_library(clip: Clip) -> list[Figure]:
    """Measure marking and reading bits, both sides in turn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its imports (torch, onnx) warn about themselves
        from imwatermark import WatermarkDecoder, WatermarkEncoder  # noqa: PLC0415
    cv2.setNumThreads(1)
    pattern = expand(KEY, clip.asset_id)
    encoder, decoder = WatermarkEncoder(), WatermarkDecoder("bits", 1024)
    encoder.set_watermark("bits", pattern.of_frame(0).tolist())
    marker, reader = Marker(pattern, SIZE, SIZE), Decoder(KEY)
    plain = [cv2.cvtColor(f, cv2.COLOR_YUV2BGR_I420) for f in clip.plain()[:_FRAMES]]
    marked = [cv2.cvtColor(f, cv2.COLOR_YUV2BGR_I420) for f in clip.marked()[:_FRAMES]]

    def mark() -> None:
        for index, picture in enumerate(plain):
            planes = cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420)
            marker.mark(planes, index)
            cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420)

    def read() -> None:
        planes = [cb_plane(cv2.cvtColor(p, cv2.COLOR_BGR2YUV_I420)) for p in marked]
        reader.add(np.stack([read_values(cb) for cb in planes]), Tuning(), Sums())

    times = in_turn(
        [
            lambda: [encoder.encode(picture, "dwtDctSvd", **_SETTINGS) for picture in plain],
            mark,
            lambda: [decoder.decode(picture, "dwtDctSvd", **_SETTINGS) for picture in marked],
            read,
        ],
        _ROUNDS,
    )
    names = ("library_embed_ms", "embed_ms", "library_detect_ms", "detect_ms")
    what = "a 512x512 BGR frame, 1,024 bits, one thread"
    found = [
        repeated(name, "ms", what, [1000 * seconds / _FRAMES for seconds in side])
        for name, side in zip(names, times, strict=True)
    ]
    return [*found, _ratio("embed_speedup", *found[:2]), _ratio("detect_speedup", *found[2:])]


def _ratio(name: str, library: Figure, ours: Figure) -> Figure:
    return Figure(name, library.value / ours.value, "ratio", "the library's time to ours")


def pipeline(clip: Clip) -> list[Figure]:
    """Measure decoding, marking and encoding of the same frames with and without the mark."""
    plain = clip.plain()[:50]
    with tempfile.TemporaryDirectory() as folder:
        source = _written(plain, Path(folder) / "source.mp4")
        marker = Marker(expand(KEY, clip.asset_id), SIZE, SIZE)

        def run(*, marks: bool) -> None:
            frames = []
            with av.open(str(source)) as container:
                container.streams.video[0].codec_context.thread_count = 1
                for index, frame in enumerate(container.decode(video=0)):
                    planes = frame.to_ndarray()
                    if marks:
                        marker.mark(planes, index)
                    frames.append(planes)
            encode(frames)

        sides = [lambda: run(marks=False), lambda: run(marks=True)]
        without, within = in_turn(sides, _PIPELINE_ROUNDS)
        spent = [[_cpu_seconds(side) for _ in range(_PIPELINE_ROUNDS)] for side in sides]
    rates = [
        repeated(name, "frames/s", "decode, (mark,) x264 veryfast, one thread", [50 / s for s in t])
        for name, t in (("pipeline_plain_fps", without), ("pipeline_marked_fps", within))
    ]
    ratio = rates[1].value / rates[0].value
    note = "frames/s with the mark to those without; at least 0.7 is asked for"
    cpu = statistics.median(spent[0]) / statistics.median(spent[1])
    return [
        *rates,
        Figure("pipeline_ratio", ratio, "ratio", note),
        Figure(
            "pipeline_cpu_ratio", cpu, "ratio", "the same by CPU time, which others lengthen less"
        ),
    ]


def _cpu_seconds(side: Callable[[], None]) -> float:
    began = time.process_time()
    side()
    return time.process_time() - began


def answers(clip: Clip) -> list[Figure]:
    """Measure how long a 30-s file takes to be named: intact, and re-encoded and cut.

    It is the process that /verify starts for a file, from its start to its answer; the look-ups in
    the database that follow are measured by the part ``fingerprint``.
    """
    third = clip.marked()
    long = [third[i % len(third)] for i in range(_LONG * FPS)]
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder) / "watermark.key"
        key.write_text(f"{KEY.secret.hex()}\n", encoding="ascii")
        key.chmod(0o600)
        intact = _written(long, Path(folder) / "intact.mp4")
        part = [scaled(cut(f, 40, 26, 420, 420), SIZE, SIZE) for f in long]
        stripped = _written(through(part, 23, preset="veryfast")[0], Path(folder) / "stripped.mp4")
        for name, path in (("verify_intact", intact), ("verify_stripped", stripped)):
            told = [_told(path, key, clip.asset_id) for _ in range(3)]
            wall, spent = zip(*told, strict=True)
            kind = "as released" if name == "verify_intact" else "cropped, re-encoded, no manifest"
            what = f"30 s of 512x512, {kind}: the process that /verify starts, whole"
            figures.append(repeated(f"{name}_s", "s", what, wall))
            figures.append(repeated(f"{name}_cpu_s", "s", "the same, by processor time", spent))
    return figures


def _told(path: Path, key: Path, asset_id: str) -> tuple[float, float]:
    """Return the seconds, and those of a processor, until a file was named."""
    command = [sys.executable, "-m", "compliance.verify.examine", str(path)]
    before, began = _spent_by_children(), time.perf_counter()
    done = subprocess.run([*command, "--watermark-key", str(key)], check=True, capture_output=True)
    took = time.perf_counter() - began
    if json.loads(done.stdout)["mark"]["asset_id"] != asset_id:
        raise AssertionError(f"{path.name} was not read.")
    return took, _spent_by_children() - before


def _spent_by_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def signing() -> Figure:
    """Measure how fast a file is signed and time-stamped, as the part ``signing`` does."""
    rate = signed(_SIGNED)["sign_mb_per_s"]
    return Figure("sign_mb_per_s", rate, "MB/s", f"sign and time-stamp a file of {_SIGNED} MB")


def _written(frames: list[Planes], path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = SIZE, SIZE, "yuv420p"
        stream.options = {"crf": "18", "preset": "veryfast"}
        for index, planes in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
