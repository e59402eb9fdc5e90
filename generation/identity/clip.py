"""Opening the recording of a stranger's camera without trusting it.

The first bytes decide between WebM and MP4, and the file is opened as that and as nothing else:
FFmpeg's other formats can name files and addresses.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer

from generation.errors import InputError
from generation.faces.arrays import Image

MAX_BYTES = 32 << 20
MAX_SECONDS = 60.0
MAX_FRAMES = 4000
MAX_PIXELS = 1920 * 1920
CODECS = frozenset({"vp8", "vp9", "av1", "h264", "hevc"})  # what browsers record with
_MAGIC = ((0, b"\x1a\x45\xdf\xa3", "matroska"), (4, b"ftyp", "mp4"))
_REMEDY = "Record it again with the page; it needs a camera and a current browser."


class ClipError(InputError):
    """The recording cannot be judged."""

    code = "clip-unreadable"


@dataclass(frozen=True, slots=True)
class Container:
    """What the file says of itself."""

    codec: str
    writer: str  # the program that wrote it, as far as it says; "" if it does not
    width: int  # px
    height: int  # px


@contextmanager
def open_clip(path: Path) -> Iterator[tuple[Container, Iterator[tuple[float, av.VideoFrame]]]]:
    """Open a recording; yields what it says of itself, and (seconds from the first, frame) pairs.

    Raises:
        ClipError: "clip-unreadable" or "clip-too-large"; also for what shows while decoding.
    """
    if not 0 < path.stat().st_size <= MAX_BYTES:
        raise ClipError(
            "The recording is empty or too large.", code="clip-too-large", remedy=_REMEDY
        )
    options = {"protocol_whitelist": "file", "enable_drefs": "0"}
    try:
        with av.open(str(path), format=_format(path), container_options=options) as container:
            yield _described(container), _frames(container)
    except (av.FFmpegError, ValueError, MemoryError) as error:
        why = getattr(error, "strerror", None) or error
        raise ClipError(f"The recording cannot be read ({why}).", remedy=_REMEDY) from error


def rgb_of(frame: av.VideoFrame) -> Image:
    """Return a frame as (H, W, 3) uint8."""
    return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def _format(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(16)
    for offset, magic, name in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return name
    raise ClipError("The recording is neither WebM nor MP4.", remedy=_REMEDY)


def _described(container: InputContainer) -> Container:
    picture = next(iter(container.streams.video), None)
    if picture is None:
        raise ClipError("The recording has no picture.", remedy=_REMEDY)
    _check_size(picture.width, picture.height)
    writer = container.metadata.get("encoder") or picture.metadata.get("encoder") or ""
    return Container(picture.codec_context.name, writer[:80], picture.width, picture.height)


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise ClipError(
            f"The picture has {width} x {height} pixels.", code="clip-too-large", remedy=_REMEDY
        )


def _frames(container: InputContainer) -> Iterator[tuple[float, av.VideoFrame]]:
    picture, first = container.streams.video[0], None
    for count, frame in enumerate(container.decode(picture)):
        _check_size(frame.width, frame.height)
        if frame.pts is None or frame.time_base is None:
            raise ClipError("A picture of the recording has no time.", remedy=_REMEDY)
        moment = float(frame.pts * frame.time_base)
        first = moment if first is None else first
        if count >= MAX_FRAMES or not 0 <= moment - first <= MAX_SECONDS:
            raise ClipError("The recording is too long.", code="clip-too-large", remedy=_REMEDY)
        yield moment - first, frame
