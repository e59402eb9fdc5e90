"""Detection in a video file: its planes as they are, no colour conversion in between."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import Interpolation

from compliance.media import MAX_FRAMES, video_frames
from compliance.watermark.blocks import Plane
from compliance.watermark.detector import Detection, Detector
from compliance.watermark.finder import Finder, Finding
from compliance.watermark.key import KeyRing, WatermarkKey

# swscale's default shifts U by half a level at each conversion; this does not
_UNBIASED = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


def detect_file(
    path: Path,
    keys: WatermarkKey | KeyRing,
    max_frames: int | None = None,
    *,
    most: int = MAX_FRAMES,
) -> Detection:
    """Return what the first video stream of ``path`` carries.

    Args:
        path: an MP4.
        keys: one of them it may have been marked with.
        max_frames: look at this many frames from the start, at all of them by default.
        most: a video of more frames than this is refused.

    Raises:
        InvalidInput: there is no video in the file, it breaks off in the middle, or it is larger
            or longer than allowed.
    """
    return Detector(keys).detect(islice(file_planes(path, most=most), max_frames))


def find_file(path: Path, keys: WatermarkKey | KeyRing, *, most: int = MAX_FRAMES) -> Finding:
    """Search the first video stream of ``path``: in parts, mirrored or turned, too.

    Raises:
        InvalidInput: as :func:`detect_file`.
    """
    return Finder(keys).find(file_planes(path, most=most))


def file_planes(path: Path, *, most: int = MAX_FRAMES) -> Iterator[Plane]:
    """Yield the frames of the first video stream as yuv420p planes of even size.

    Raises:
        InvalidInput: as :func:`detect_file`.
    """
    return map(planar, video_frames(path, most))


def planar(frame: av.VideoFrame) -> Plane:
    """Return a frame as planar yuv420p of even size."""
    width, height = frame.width & ~1, frame.height & ~1
    if frame.format.name != "yuv420p" or (width, height) != (frame.width, frame.height):
        frame = frame.reformat(width, height, "yuv420p", interpolation=_UNBIASED)
    return np.ascontiguousarray(frame.to_ndarray(), np.uint8)
