"""Reading a finished video picture by picture, in constant memory."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.video.reformatter import VideoReformatter

from generation.evaluation.errors import VideoError
from generation.faces.arrays import Image

MAX_SECONDS = 1200.0
_FORMATS = "mov,mp4,m4a,matroska,webm,avi"
_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": _FORMATS}
_REMEDY = "Give a finished video: MP4, MOV, WebM, Matroska or AVI."


@dataclass(frozen=True)
class Format:
    """What a video says of itself: pixels, frames a second, duration, whether it has sound."""

    width: int
    height: int
    fps: float
    seconds: float
    sound: bool


def describe(path: Path) -> Format:
    """Return a video's format.

    Raises:
        VideoError: it is missing, is no video, or is longer than can be judged.
    """
    if not path.is_file():
        raise VideoError(f"There is no file {path.name}.", remedy="Check the name of the file.")
    try:
        with av.open(str(path), container_options=_OPTIONS) as container:
            return _format(path, container)
    except (FFmpegError, ValueError, MemoryError) as error:
        raise _unreadable(path, error) from error


def frames(path: Path) -> Iterator[Image]:
    """Yield every picture as (H, W, 3) uint8 RGB.

    Raises:
        VideoError: as :func:`describe`, also for damage that shows while decoding.
    """
    size, converter = describe(path), VideoReformatter()
    try:
        with av.open(str(path), container_options=_OPTIONS) as container:
            container.streams.video[0].codec_context.thread_count = 1
            for frame in container.decode(video=0):
                picture = _rgb(frame, converter)
                if picture.shape[:2] != (size.height, size.width):
                    raise VideoError(f"{path.name} changes its size midway.", remedy=_REMEDY)
                yield picture
    except (FFmpegError, ValueError, MemoryError) as error:
        raise _unreadable(path, error) from error


def looks_a_second(fps: float, most: float) -> float:
    """Return how many pictures a second are taken where every one or every n-th is."""
    return fps / max(1, round(fps / most))


def frames_between(
    path: Path, window: tuple[float, float], rate: float
) -> Generator[tuple[float, Image], None, None]:
    """Yield the pictures of a part of a video with the middle of each in s.

    Args:
        path: the file.
        window: first and last moment in s.
        rate: at most so many pictures a second; of more, some are left out evenly.

    Raises:
        VideoError: as :func:`frames`.
    """
    form, converter = describe(path), VideoReformatter()
    step = round(form.fps / looks_a_second(form.fps, rate))
    try:
        with av.open(str(path), container_options=_OPTIONS) as container:
            container.streams.video[0].codec_context.thread_count = 1
            container.seek(int(window[0] * av.time_base))  # to the key frame before it
            for frame in container.decode(video=0):
                moment = float(frame.time or 0.0) + 0.5 / form.fps
                if moment > window[1]:
                    return
                if moment >= window[0] and int(moment * form.fps) % step == 0:
                    yield moment, _rgb(frame, converter)
    except (FFmpegError, ValueError, MemoryError) as error:
        raise _unreadable(path, error) from error


def _rgb(frame: av.VideoFrame, converter: VideoReformatter) -> Image:
    """Return a frame (H, W, 3); with one converter for all, its tables are made once."""
    return np.asarray(converter.reformat(frame, format="rgb24").to_ndarray(), np.uint8)


def _format(path: Path, container: InputContainer) -> Format:
    if not container.streams.video:
        raise VideoError(f"{path.name} has no picture.", remedy=_REMEDY)
    stream = container.streams.video[0]
    rate = stream.average_rate or stream.base_rate
    if not rate:
        raise VideoError(f"{path.name} does not say how fast it plays.", remedy=_REMEDY)
    seconds = (container.duration or 0) / 1_000_000
    if seconds > MAX_SECONDS:
        raise VideoError(
            f"{path.name} lasts {seconds:.0f} s; {MAX_SECONDS:.0f} s are judged at most.",
            code="video-too-long",
            remedy="Cut a part out of it and judge that.",
        )
    return Format(stream.width, stream.height, float(rate), seconds, bool(container.streams.audio))


def _unreadable(path: Path, error: Exception) -> VideoError:
    why = getattr(error, "strerror", None) or error
    return VideoError(f"{path.name} is no video that can be read ({why}).", remedy=_REMEDY)
