"""Small synthetic videos: a gradient with grain, a moving face-coloured ellipse and a blue box."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from compliance.watermark import Pattern
from compliance.watermark.marker import Marker

Frame = NDArray[np.uint8]
_DRAWN = 256  # pixels; larger pictures are drawn at this size, scaled up and then given grain


def synthetic_frames(width: int, height: int, count: int, seed: int = 0) -> Iterator[Frame]:
    """Yield planar yuv420p frames, (height * 3 / 2, width) uint8."""
    random = np.random.default_rng(seed)
    down, across = np.mgrid[:_DRAWN, :_DRAWN].astype(np.float32) / _DRAWN
    still = np.stack([90 + 100 * across, 80 + 90 * down, 120 + 60 * (1 - across) * down], axis=-1)
    grain = random.normal(0, 2, (height + 64, width + 64, 3)).astype(np.float32)
    for index in range(count):
        moment = index / 25
        x, y = 0.5 + 0.2 * np.cos(moment), 0.45 + 0.1 * np.sin(2 * moment)
        picture = still.copy()
        picture[((across - x) / 0.22) ** 2 + ((down - y) / 0.3) ** 2 < 1] = (205, 165, 140)
        mouth = 0.02 + 0.02 * np.sin(9 * moment) ** 2
        picture[((across - x) / 0.05) ** 2 + ((down - y - 0.12) / mouth) ** 2 < 1] = (90, 30, 35)
        box = np.abs(down - 0.5 - 0.2 * np.sin(moment)) < 0.1
        picture[box & (np.abs(across - 0.15) < 0.08)] = (30, 60, 200)
        picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
        top, left = random.integers(0, 64, 2)
        picture += grain[top : top + height, left : left + width]
        yield cv2.cvtColor(np.clip(picture, 0, 255).astype(np.uint8), cv2.COLOR_RGB2YUV_I420)


def marked_frames(frames: Iterable[Frame], pattern: Pattern) -> Iterator[Frame]:
    """Yield marked copies of frames."""
    marker = None
    for index, frame in enumerate(frames):
        rows, width = frame.shape
        marker = marker or Marker(pattern, width, rows * 2 // 3)
        copy = frame.copy()
        marker.mark(copy, index)
        yield copy


def encode(
    frames: Iterable[Frame],
    path: Path,
    crf: int = 20,
    codec: str = "libx264",
    heard: NDArray[np.float32] | None = None,
) -> Path:
    """Write frames as H.264 (or another codec) at 25 a second, with ``heard`` or a silent sound."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        sound = container.add_stream("aac", rate=48_000, layout="mono")
        stream.pix_fmt, stream.options = "yuv420p", {"crf": str(crf), "preset": "veryfast"}
        for index, planes in enumerate(frames):
            if index == 0:
                stream.width, stream.height = planes.shape[1], planes.shape[0] * 2 // 3
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts = index
            container.mux(stream.encode(frame))
            part = np.zeros((1, 1920), np.float32)  # as long as the frame
            if heard is not None:
                part = np.ascontiguousarray(heard[:, index * 1920 : (index + 1) * 1920])
            samples = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
            samples.sample_rate, samples.pts = 48_000, index * 1920
            container.mux(sound.encode(samples))
        container.mux(stream.encode(None))
        container.mux(sound.encode(None))
    return path


def decode(path: Path) -> list[Frame]:
    """Return the planes of a yuv420p video as they are."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray() for frame in container.decode(video=0)]


def resize(frame: Frame, width: int, height: int) -> Frame:
    """Return a yuv420p frame in another size."""
    rows, old = frame.shape
    luma, chroma = rows * 2 // 3, rows // 3
    flat, area = frame.reshape(-1), old * luma
    parts = [(flat[:area].reshape(luma, old), width, height)]
    for start in (area, area * 5 // 4):
        plane = flat[start : start + area // 4].reshape(chroma, old // 2)
        parts.append((plane, width // 2, height // 2))
    resized = [cv2.resize(p, (w, h), interpolation=cv2.INTER_AREA).reshape(-1) for p, w, h in parts]
    return np.concatenate(resized).reshape(height * 3 // 2, width).astype(np.uint8)
