"""Opening a stranger's video or sound without trusting it.

FFmpeg guesses formats from content, and some of them (playlists, raw pictures, subtitles) name
other files and addresses. A video is opened as MP4 and as nothing else, a voice track as one of
a short list of plain containers, and both from this one file only. What somebody asks about may
be Matroska or WebM, too: its first bytes tell. A video's edit lists are ignored: what it holds is
looked at, whether or not a player would skip it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.container import InputContainer
from numpy.typing import NDArray

from compliance.errors import InvalidInput

MAX_PIXELS = 4096 * 4096
VIDEO_FORMAT = "mp4"
# Across every frame of a preview and in its file: it is no release and cannot become one.
PREVIEW_NOTICE = "PREVIEW - not for release"
MAX_FRAMES = 37_000  # 10 minutes at 60 frames a second, and some; who knows better asks for less
# What a picture may be, by its first bytes, and FFmpeg's name of it: nothing is guessed.
_IMAGE_FORMATS = (
    (0, b"\x89PNG\r\n\x1a\n", "png_pipe"),
    (0, b"\xff\xd8\xff", "jpeg_pipe"),
    (8, b"WEBP", "webp_pipe"),
)
MATROSKA = "matroska"  # and WebM
# What may be asked about besides pictures, by its first bytes, and FFmpeg's name of it.
_CONTAINERS = (
    (4, b"ftyp", VIDEO_FORMAT),
    (0, b"\x1aE\xdf\xa3", MATROSKA),
    (8, b"WAVE", "wav"),
    (0, b"OggS", "ogg"),
    (0, b"fLaC", "flac"),
    (0, b"ID3", "mp3"),
    *((0, bytes((0xFF, second)), "mp3") for second in (0xFB, 0xFA, 0xF3, 0xF2)),
    *((0, bytes((0xFF, second)), "aac") for second in (0xF1, 0xF9)),
)
SOUND_FORMATS = "wav,w64,flac,mp3,aac,ogg,mov,mp4,m4a,matroska,webm,aiff,caf"  # as uploads may be
_ONE_FILE = {"protocol_whitelist": "file"}
_ALL_OF_IT = {**_ONE_FILE, "ignore_editlist": "1"}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a container announces; ``kinds`` are those of all its streams, in order."""

    kinds: tuple[str, ...]
    width: int  # pixels
    height: int  # pixels
    rate: float  # frames a second, 0 if it does not say
    layout: str  # of the sound: "mono", "stereo", ...; "" if there is none


def video_shape(path: Path) -> Shape:
    """Return what an MP4 announces, without decoding it.

    Raises:
        InvalidInput: it cannot be opened, has no picture, or one of more than 4096x4096 pixels.
    """
    with _open_video(path) as container:
        picture = container.streams.video[0]
        sound = container.streams.audio[0] if container.streams.audio else None
        return Shape(
            tuple(stream.type for stream in container.streams),
            picture.width,
            picture.height,
            float(picture.average_rate or 0),
            sound.layout.name if sound else "",
        )


def preview_notice(path: Path, form: str = VIDEO_FORMAT) -> str | None:
    """Return what a video says of itself if it says that it is a preview.

    Raises:
        InvalidInput: it cannot be opened.
    """
    with _open_video(path, form) as container:
        said = container.metadata.get("comment", container.metadata.get("COMMENT", ""))
    return said if said.startswith(PREVIEW_NOTICE) else None


def check_streams(shape: Shape) -> None:
    """Raise unless a video has one picture and one sound and nothing beside them.

    A second picture, a subtitle or an attached image would be shown by some players and looked
    at by none of the checks.

    Raises:
        InvalidInput: "video-streams".
    """
    if sorted(shape.kinds) != ["audio", "video"]:
        held = ", ".join(shape.kinds)
        raise InvalidInput(
            f"It must hold one picture and one sound and nothing else; it holds: {held}.",
            code="video-streams",
            remedy="Render it again; if it happens twice, tell the operators.",
        )


def video_frames(
    path: Path, most: int = MAX_FRAMES, form: str = VIDEO_FORMAT
) -> Iterator[av.VideoFrame]:
    """Decode the first video stream of an MP4, frame by frame.

    Args:
        path: the file.
        most: more frames than this are refused.
        form: FFmpeg's name of another container that it is to be opened as.

    Raises:
        InvalidInput: no MP4 with a picture, or it breaks off ("video-unreadable"), too many
            pixels ("video-too-large") or frames ("video-too-long"), or the size of the picture
            changes on the way ("video-size-changes").
    """
    with _open_video(path, form) as container:
        picture = container.streams.video[0]
        picture.thread_type = "AUTO"
        size = (picture.width, picture.height)
        for count, frame in enumerate(container.decode(picture), start=1):
            if count > most:
                raise InvalidInput(f"It has more than {most} frames.", code="video-too-long")
            if (frame.width, frame.height) != size:
                raise InvalidInput(
                    f"Frame {count} has another size than the others.", code="video-size-changes"
                )
            yield frame


def is_image(path: Path) -> bool:
    """Say whether the first bytes of a file are those of a PNG, a JPEG or a WebP."""
    return _image_format(path) is not None


def image_frame(path: Path) -> av.VideoFrame:
    """Decode a picture.

    Raises:
        InvalidInput: it is no PNG, JPEG or WebP, or breaks off ("image-unreadable"), or has more
            than 4096x4096 pixels.
    """
    form = _image_format(path)
    if form is None:
        raise InvalidInput(
            f"{path} is no PNG, JPEG or WebP.",
            code="image-unreadable",
            remedy="Save the screenshot as PNG or JPEG.",
        )
    with (
        _readable("image-unreadable", "picture"),
        av.open(str(path), format=form, container_options=_ONE_FILE) as container,
    ):
        picture = container.streams.video[0]
        picture.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        return next(container.decode(picture))


def container_format(path: Path) -> str | None:
    """Return FFmpeg's name of the video or sound that the first bytes of a file announce.

    Raises:
        InvalidInput: the file cannot be read.
    """
    return _announced(path, _CONTAINERS)


def has_pictures(path: Path, form: str) -> bool:
    """Say whether a file has a video stream; the cover of a song is none.

    Raises:
        InvalidInput: it cannot be opened.
    """
    with (
        _readable("video-unreadable", "video or sound"),
        av.open(str(path), format=form, container_options=_ONE_FILE) as container,
    ):
        cover = av.stream.Disposition.attached_pic
        return any(not stream.disposition & cover for stream in container.streams.video)


def _image_format(path: Path) -> str | None:
    return _announced(path, _IMAGE_FORMATS)


def _announced(path: Path, formats: Iterable[tuple[int, bytes, str]]) -> str | None:
    try:
        with path.open("rb") as stream:
            head = stream.read(16)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error}.", code="file-unreadable") from error
    for offset, magic, form in formats:
        if head[offset : offset + len(magic)] == magic:
            return form
    return None


def sound_samples(
    path: Path, *, rate: int, layout: str, max_seconds: float, formats: str = SOUND_FORMATS
) -> NDArray[np.float32]:
    """Decode the first sound of a file: (channels, samples), about -1 to 1.

    Arguments and errors are those of :func:`sound_blocks`.
    """
    blocks = sound_blocks(path, rate=rate, layout=layout, max_seconds=max_seconds, formats=formats)
    return np.concatenate(list(blocks), axis=1)


def sound_blocks(
    path: Path, *, rate: int, layout: str, max_seconds: float, formats: str = SOUND_FORMATS
) -> Iterator[NDArray[np.float32]]:
    """Decode the first sound of a file, block by block.

    Args:
        path: the file.
        rate: samples a second wanted.
        layout: "mono" or "stereo", as wanted.
        max_seconds: more than this is refused.
        formats: FFmpeg's names of the containers that are let in.

    Yields:
        (channels, samples), about -1 to 1; one block at least.

    Raises:
        InvalidInput: it cannot be decoded or has no sound ("sound-unreadable"), or it is longer
            than allowed ("sound-too-long").
    """
    samples = 0
    resampler = av.AudioResampler(format="fltp", layout=layout, rate=rate)
    for frame in chain(_sound_frames(path, formats), [None]):
        for block in resampler.resample(frame):
            samples += block.samples
            yield block.to_ndarray().astype(np.float32, copy=False)
        if samples > max_seconds * rate:
            raise InvalidInput(
                f"The sound lasts longer than {max_seconds:.0f} s.", code="sound-too-long"
            )
    if not samples:
        raise InvalidInput("There is no sound in it.", code="sound-unreadable")


def _sound_frames(path: Path, formats: str) -> Iterator[AudioFrame]:
    # a voice track is heard as its renderer heard it, a video with all that it holds
    base = _ALL_OF_IT if formats == VIDEO_FORMAT else _ONE_FILE
    options = {**base, "format_whitelist": formats}
    with (
        _readable("sound-unreadable", "sound"),
        av.open(str(path), container_options=options) as container,
    ):
        if not container.streams.audio:
            raise InvalidInput("There is no sound in it.", code="sound-unreadable")
        yield from _untimed(container.decode(container.streams.audio[0]))


def _untimed(frames: Iterable[AudioFrame]) -> Iterator[AudioFrame]:
    for frame in frames:
        frame.pts = None  # gaps and overlaps in the time-stamps neither add nor remove samples
        yield frame


@contextmanager
def _open_video(path: Path, form: str = VIDEO_FORMAT) -> Iterator[InputContainer]:
    with (
        _readable("video-unreadable", "video"),
        av.open(
            str(path),
            format=form,
            options={"max_pixels": str(MAX_PIXELS)},
            container_options=_ALL_OF_IT if form == VIDEO_FORMAT else _ONE_FILE,
        ) as container,
    ):
        picture = next(iter(container.streams.video), None)
        if picture is None:
            raise InvalidInput(f"{path} has no video stream.", code="video-unreadable")
        if picture.width * picture.height > MAX_PIXELS:
            raise InvalidInput(
                f"The picture has {picture.width}x{picture.height} pixels.", code="video-too-large"
            )
        picture.codec_context.options = {"max_pixels": str(MAX_PIXELS)}  # in the stream, too
        yield container


@contextmanager
def _readable(code: str, what: str) -> Iterator[None]:
    try:
        yield
    except (av.FFmpegError, OSError, StopIteration, ValueError) as error:
        raise InvalidInput(
            f"It cannot be read as a {what}: {error}.",
            code=code,
            remedy="Check that the file was copied whole and plays to its end.",
        ) from error
