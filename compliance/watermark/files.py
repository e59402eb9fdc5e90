"""Detection in a video file: its planes as they are, no colour conversion in between."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import Interpolation

from compliance.errors import InvalidInput
from compliance.watermark.blocks import Plane
from compliance.watermark.detector import Detection, Detector
from compliance.watermark.key import WatermarkKey

# swscale's default shifts U by half a level at each conversion; this does not
_UNBIASED = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


def detect_file(path: Path, key: WatermarkKey, max_frames: int | None = None) -> Detection:
    """Return what the first video stream of ``path`` carries.

    Args:
        path: any video PyAV reads.
        key: the key it may have been marked with.
        max_frames: look at this many frames from the start, at all of them by default.

    Raises:
        InvalidInput: there is no video in the file, or it breaks off in the middle.
    """
    return Detector(key).detect(islice(_planes(path), max_frames))


def _planes(path: Path) -> Iterator[Plane]:
    try:
        with av.open(str(path)) as container:
            stream = next(iter(container.streams.video), None)
            if stream is None:
                raise InvalidInput(f"{path} has no video stream.", code="video-unreadable")
            stream.thread_type = "AUTO"
            for frame in container.decode(stream):
                yield _planar(frame)
    except (av.FFmpegError, OSError) as error:
        raise InvalidInput(
            f"{path} cannot be read as a video: {error}.",
            code="video-unreadable",
            remedy="Check that the file was copied whole and plays to its end.",
        ) from error


def _planar(frame: av.VideoFrame) -> Plane:
    """Return a frame as planar yuv420p of even size."""
    width, height = frame.width & ~1, frame.height & ~1
    if frame.format.name != "yuv420p" or (width, height) != (frame.width, frame.height):
        frame = frame.reformat(width, height, "yuv420p", interpolation=_UNBIASED)
    return np.ascontiguousarray(frame.to_ndarray(), np.uint8)
