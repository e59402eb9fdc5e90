"""Opening a stranger's audio file without trusting it.

FFmpeg also reads playlists that name other files and addresses. Only plain audio and video
containers are let in, and only from this one file.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError

from generation.errors import AudioError

MAX_SECONDS = 600.0
_FORMATS = "wav,w64,flac,mp3,aac,ogg,mov,mp4,m4a,matroska,webm,aiff,caf"
_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": _FORMATS}
_REMEDY = "Save the voice track again as WAV, FLAC, MP3 or M4A and upload that file."
_MICROSECONDS = 1_000_000
_GUESSED = {"aac", "mp3"}  # FFmpeg guesses their length from the first frames: of silence, far off


@contextmanager
def open_audio(path: Path) -> Iterator[tuple[InputContainer, AudioStream]]:
    """Open the first audio track of a file.

    Raises:
        AudioError: the file is empty ("audio-empty"), cannot be read, is damaged or has no
            audio track ("audio-unreadable"); also for damage that shows while decoding.
    """
    if not path.is_file():
        raise AudioError(f"There is no file {path.name}.", remedy="Check the name of the file.")
    if not path.stat().st_size:
        raise AudioError(f"{path.name} is empty (0 bytes).", code="audio-empty", remedy=_REMEDY)
    try:
        with av.open(str(path), container_options=_OPTIONS) as container:
            if not container.streams.audio:
                raise AudioError(f"{path.name} has no audio track.", remedy=_REMEDY)
            yield container, container.streams.audio[0]
    except (FFmpegError, ValueError, MemoryError) as error:
        why = getattr(error, "strerror", None) or error
        raise AudioError(
            f"{path.name} is not a sound file this program can read, or it is damaged ({why}).",
            remedy=_REMEDY,
        ) from error


def declared_seconds(container: InputContainer, stream: AudioStream) -> float | None:
    """Return the duration that the container claims, None where it does not say."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return container.duration / _MICROSECONDS if container.duration else None


def frames(
    path: Path, *, max_seconds: float = MAX_SECONDS, cut: bool = False
) -> Iterator[AudioFrame]:
    """Decode a file frame by frame, never more than ``max_seconds`` of it.

    What goes on longer is an error, or ends there without one where ``cut`` is asked for.

    Raises:
        AudioError: as :func:`open_audio`, or longer than allowed ("audio-too-long"), whether
            the container says so or the sound goes on, or it ends early ("audio-unreadable").
    """
    with open_audio(path) as (container, stream):
        _check_riff(path)
        declared = declared_seconds(container, stream)
        known = container.format.name not in _GUESSED
        if known and not cut and declared is not None and declared > max_seconds:
            raise _too_long(declared, max_seconds)
        seconds = 0.0
        for frame in container.decode(stream):
            seconds += frame.samples / (frame.sample_rate or 1)
            if seconds > max_seconds:
                if cut:
                    return
                raise _too_long(seconds, max_seconds)
            yield frame
        _check_complete(container, declared, seconds)


def _too_long(seconds: float, limit: float) -> AudioError:
    return AudioError(
        f"The voice track lasts at least {seconds:.0f} s; {limit:.0f} s are allowed.",
        code="audio-too-long",
        remedy=f"Cut it into parts of at most {limit:.0f} s and make one video of each.",
    )


def _cut_off(claimed: str, found: str) -> AudioError:
    return AudioError(
        f"The file should hold {claimed} but holds {found}: it was cut off.",
        remedy="Upload the file again from the original; this copy is incomplete.",
    )


def _check_riff(path: Path) -> None:
    """Compare a WAV's header with the file: FFmpeg quietly takes whatever is there."""
    with path.open("rb") as file:
        header = file.read(8)
    claimed, size = int.from_bytes(header[4:], "little"), path.stat().st_size
    # Programs that write to a pipe leave 0 or a value near 4 GiB: then nothing was claimed.
    if header[:4] == b"RIFF" and claimed < 0x7FFFFFFF and size < 0.99 * claimed:
        raise _cut_off(f"{claimed} bytes", f"{size}")


def _check_complete(container: InputContainer, declared: float | None, seconds: float) -> None:
    """Notice missing sound in formats whose index says how much there should be."""
    exact = {"flac", "mov,mp4,m4a,3gp,3g2,mj2"}
    if declared is None or container.format.name not in exact:
        return
    if seconds < declared - max(0.5, 0.02 * declared):
        raise _cut_off(f"{declared:.1f} s", f"{seconds:.1f} s")
