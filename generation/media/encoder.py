"""Frames in, a finished MP4 out: labelled, and marked, before an encoder has picture and sound."""

import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.error import FFmpegError
from av.video.frame import PictureType
from av.video.stream import VideoStream
from numpy.typing import NDArray

from compliance.carrier import Carrier
from compliance.watermark.marker import Marker
from generation.audio import MAX_SECONDS
from generation.errors import EncodingError
from generation.media.colour import BT709, PlaneConverter
from generation.media.label import LabelOverlay
from generation.media.second_mark import SecondMark
from generation.media.sound import SoundTrack, VoiceTrack
from generation.media.stamp import PreviewStamp

_LIMITED_RANGE = 1  # H.273 video_full_range_flag 0, as FFmpeg counts (AVCOL_RANGE_MPEG)
# veryfast: 2 to 4 times the speed of medium for some 10 % more bytes; crf 18 is visually lossless.
# forced-idr: a picture that is asked to be a key frame is one that players can start at.
_X264 = {"preset": "veryfast", "crf": "18", "forced-idr": "1"}


@dataclass(frozen=True)
class VideoFormat:
    """Size in pixels (both even) and frames a second."""

    width: int
    height: int
    fps: int


class Encoder:
    """Writes H.264 (yuv420p, BT.709) and AAC; a context manager.

    The file appears under its name when the block ends without an error and not before; after
    an error nothing is left. There is no way to write a frame or a sound without its mark.
    """

    def __init__(
        self,
        destination: Path,
        video: VideoFormat,
        *,
        audio: Path,
        carrier: Carrier,
        max_seconds: float = MAX_SECONDS,
        label: LabelOverlay | None = None,
        stamp: PreviewStamp | None = None,
        second: SecondMark | None = None,
    ) -> None:
        """Open a temporary file beside ``destination``.

        The ``label`` is laid over the frames before they are marked, so that the mark covers it.
        With a ``stamp`` it is a preview: every frame bears its words, the file says it too, and
        a longer voice track ends at ``max_seconds``. A ``second`` mark comes before the label and
        under ours.

        Raises:
            EncodingError: there is no carrier ("encoding-unmarked"), or the file cannot be made.
            AudioError: the voice track cannot be read.
        """
        if not isinstance(carrier, Carrier):
            raise EncodingError(
                "A video is never written without the carrier of its marks.",
                code="encoding-unmarked",
            )
        self._destination = destination
        self._partial = destination.with_name(destination.name + ".partial")
        self._video = video
        self._label, self._stamp, self._second = label, stamp, second
        self._marker = Marker(carrier.picture, video.width, video.height)
        self._converter = PlaneConverter()
        self.frames = 0
        self._ends = ExitStack()
        self._container = av.open(
            str(self._partial), "w", format="mp4", container_options={"movflags": "+faststart"}
        )
        try:
            self._picture = self._add_picture()
            cut = stamp is not None
            sound = VoiceTrack(audio, max_seconds, cut=cut)
            self._sound = SoundTrack(self._container, sound, carrier.sound)
            self._ends.callback(self._sound.close)
            if stamp is not None:
                self._container.metadata["comment"] = stamp.notice
            self._container.start_encoding()
        except (FFmpegError, OSError) as error:
            self._discard()
            raise _failed(error) from error
        except BaseException:
            self._discard()
            raise

    def __enter__(self) -> Self:
        """Return the encoder itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish the file, or remove it when the block failed."""
        if kind is not None:
            self._discard()
            return
        try:
            self._finish()
        except BaseException:
            self._discard()
            raise

    def write(self, rgb: NDArray[np.uint8]) -> None:
        """Label, mark and encode one frame, (height, width, 3) uint8.

        Raises:
            EncodingError: another size than announced, or the disk is full.
        """
        if rgb.shape != (self._video.height, self._video.width, 3):
            raise EncodingError(f"The engine drew a frame of shape {rgb.shape}.")
        if self._stamp is not None:
            rgb = self._stamp.apply(rgb)
        is_key = self._second is not None and self._second.due(self.frames)
        if self._second is not None and is_key:
            rgb = self._second.mark(rgb)
        planes = self._converter.planes(rgb)
        if self._label is not None:
            self._label.apply(planes, self.frames)
        self._marker.mark(planes, self.frames)
        frame = av.VideoFrame.from_numpy_buffer(planes, format="yuv420p")  # the encoder copies it
        frame.colorspace, frame.color_range, frame.pts = BT709, _LIMITED_RANGE, self.frames
        if is_key:  # what follows is drawn from it, and shows its mark as well
            frame.pict_type = PictureType.I
        self.frames += 1
        try:
            self._container.mux(self._picture.encode(frame))
            for packet in self._sound.until(self.seconds):
                self._container.mux(packet)
        except (FFmpegError, OSError) as error:
            raise _failed(error) from error

    @property
    def seconds(self) -> float:
        """Duration of the picture so far."""
        return self.frames / self._video.fps

    def _add_picture(self) -> VideoStream:
        stream = self._container.add_stream("libx264", rate=self._video.fps, options=dict(_X264))
        stream.width, stream.height = self._video.width, self._video.height
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = _LIMITED_RANGE
        return stream

    def _finish(self) -> None:
        try:
            for packet in self._sound.rest():
                self._container.mux(packet)
            self._container.mux(self._picture.encode(None))
            self._container.close()
            self._check_length()
            os.replace(self._partial, self._destination)
        except (FFmpegError, OSError) as error:
            raise _failed(error) from error

    def _check_length(self) -> None:
        if self.seconds < self._sound.seconds - 1 / self._video.fps:
            raise EncodingError(
                f"The picture lasts {self.seconds:.2f} s, the voice {self._sound.seconds:.2f} s.",
                code="encoding-too-short",
            )

    def _discard(self) -> None:
        self._ends.close()
        try:
            self._container.close()
        except (FFmpegError, OSError, ValueError):
            pass  # a trailer that cannot be written belongs to a file that is removed anyway
        finally:
            self._partial.unlink(missing_ok=True)


def _failed(error: Exception) -> EncodingError:
    return EncodingError(
        f"The video could not be written: {error}.",
        remedy="Look for free space and write permission in the worker's folder.",
    )
