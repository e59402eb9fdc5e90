"""Frames through an encoder and back, in memory; pictures in other colours and sizes."""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction

os.environ.setdefault("SVT_LOG", "1")  # the AV1 encoder reports its settings otherwise

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from numpy.typing import NDArray

from tests.benchmarks.marking.clips import FPS, Planes

Picture = NDArray[np.uint8]  # (H, W, 3) RGB
_EXACT = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
_DECODERS = {
    "libx264": "h264",
    "libx265": "hevc",
    "libvpx-vp9": "libvpx-vp9",
    "libsvtav1": "libdav1d",
}
_OPTIONS = {
    "libx264": {"preset": "medium", "threads": "1"},
    "libx265": {"preset": "fast", "x265-params": "log-level=error:pools=1"},
    "libvpx-vp9": {"deadline": "good", "cpu-used": "5", "b": "0", "threads": "1"},
    "libsvtav1": {"preset": "9", "svtav1-params": "lp=1"},
}


def through(
    frames: list[Planes], crf: int, codec: str = "libx264", preset: str = "", rate: float = FPS
) -> tuple[list[Planes], int]:
    """Encode and decode; return the frames and the bytes that it took."""
    context = av.CodecContext.create(codec, "w")
    context.width, context.height = frames[0].shape[1], frames[0].shape[0] * 2 // 3
    context.pix_fmt, context.framerate = "yuv420p", Fraction(rate).limit_denominator(100)
    context.time_base = 1 / context.framerate
    context.options = _OPTIONS[codec] | {"crf": str(crf)} | ({"preset": preset} if preset else {})
    if codec == "libvpx-vp9":
        context.bit_rate = 0  # constant quality needs it said
    packets = []
    for index, planes in enumerate(frames):
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(planes), format="yuv420p")
        frame.pts = index
        packets += context.encode(frame)
    packets += context.encode(None)
    # the AV1 encoder gives its caller real-time priority, before everybody else on the machine
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    decoder = av.CodecContext.create(_DECODERS[codec], "r")
    decoder.thread_count = 1
    if context.extradata:
        decoder.extradata = context.extradata
    decoded = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]
    return [frame.to_ndarray() for frame in decoded], sum(packet.size for packet in packets)


def to_rgb(planes: Planes, matrix: Colorspace = Colorspace.ITU709) -> Picture:
    """Return a frame as RGB without bias."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(planes), format="yuv420p")
    return frame.reformat(
        format="rgb24",
        src_colorspace=matrix,
        src_color_range=ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
        interpolation=_EXACT,
    ).to_ndarray()


def to_planes(picture: Picture, matrix: Colorspace = Colorspace.ITU709) -> Planes:
    """Return RGB, of even size, as yuv420p without bias."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    return frame.reformat(
        format="yuv420p",
        dst_colorspace=matrix,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
        interpolation=_EXACT,
    ).to_ndarray()


def pictured(frames: list[Planes], change: Callable[[Picture], Picture]) -> list[Planes]:
    """Return frames after a change of their RGB."""
    return [to_planes(change(to_rgb(frame))) for frame in frames]


def each_plane(frame: Planes, change: Callable[[Planes, int], Planes]) -> Planes:
    """Return a frame after a change of each plane; it is told 1 for luma, 2 for chroma."""
    rows, width = frame.shape
    height = rows * 2 // 3
    flat, area = frame.reshape(-1), rows * width * 2 // 3
    luma = change(flat[:area].reshape(height, width), 1)
    chroma = [
        change(flat[start : start + area // 4].reshape(height // 2, width // 2), 2)
        for start in (area, area * 5 // 4)
    ]
    parts = [part.reshape(-1) for part in (luma, *chroma)]
    return np.concatenate(parts).reshape(luma.shape[0] * 3 // 2, luma.shape[1])


def cut(frame: Planes, left: int, top: int, width: int, height: int) -> Planes:
    """Return a part of a frame; all numbers are even."""
    return each_plane(
        frame,
        lambda plane, by: plane[
            top // by : (top + height) // by, left // by : (left + width) // by
        ],
    )


def scaled(frame: Planes, width: int, height: int) -> Planes:
    """Return a frame in another size, averaged where it shrinks, cubic where it grows."""
    how = cv2.INTER_AREA if width < frame.shape[1] else cv2.INTER_CUBIC
    return each_plane(
        frame, lambda plane, by: cv2.resize(plane, (width // by, height // by), interpolation=how)
    )
