"""What the mark costs: PSNR, VMAF and bytes, against the same frames without it."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from shutil import which
from typing import Any

import cv2
import numpy as np

from tests.benchmarks.marking.clips import FPS, SIZE, Clip, Planes
from tests.benchmarks.marking.codecs import through, to_rgb
from tests.benchmarks.marking.kept import kept

_EVERY = 5  # frames from one that is compared to the next


def measure(clips: Sequence[Clip]) -> list[dict[str, Any]]:
    """Return one row a clip."""
    return [kept(__file__, clip.name, lambda clip=clip: _of(clip)) for clip in clips]


def _of(clip: Clip) -> dict[str, Any]:
    plain, marked = clip.plain(), clip.marked()
    pairs = list(zip(plain[::_EVERY], marked[::_EVERY], strict=True))
    unmarked, size = through(plain, 18, preset="veryfast")
    encoded, marked_size = through(marked, 18, preset="veryfast")
    row: dict[str, Any] = {
        "clip": clip.name,
        "psnr_rgb": float(np.mean([cv2.PSNR(to_rgb(a), to_rgb(b)) for a, b in pairs])),
        "psnr_yuv": float(np.mean([cv2.PSNR(a, b) for a, b in pairs])),
        "growth": marked_size / size,
    }
    if ffmpeg := vmaf_ffmpeg():
        scores = [vmaf(ffmpeg, plain, frames) for frames in (unmarked, encoded)]
        row |= {"vmaf_plain": scores[0], "vmaf_marked": scores[1]}
    return row


def vmaf_ffmpeg() -> str | None:
    """Return an ffmpeg that can measure VMAF, if there is one: Debian's cannot."""
    programs = [which("ffmpeg")]
    try:
        import imageio_ffmpeg  # noqa: PLC0415  only who measures VMAF needs it

        programs.insert(0, imageio_ffmpeg.get_ffmpeg_exe())
    except ImportError:
        pass
    for program in filter(None, programs):
        listed = subprocess.run([program, "-filters"], capture_output=True, text=True, check=False)
        if " libvmaf " in listed.stdout:
            return program
    return None


def vmaf(ffmpeg: str, reference: list[Planes], distorted: list[Planes]) -> float:
    """Return the mean VMAF of frames against their reference, by libvmaf's default model."""
    with tempfile.TemporaryDirectory() as folder:
        command = [ffmpeg, "-v", "error"]
        for name, frames in (("distorted", distorted), ("reference", reference)):
            path = Path(folder) / name
            path.write_bytes(np.stack(frames).tobytes())
            raw = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{SIZE}x{SIZE}", "-r", str(FPS)]
            command += [*raw, "-i", str(path)]
        log = Path(folder) / "log.json"
        command += ["-lavfi", f"libvmaf=log_fmt=json:log_path={log}:n_threads=1"]
        subprocess.run([*command, "-f", "null", "-"], check=True)
        return float(json.loads(log.read_text())["pooled_metrics"]["vmaf"]["mean"])
