"""ISCC (ISO 24138) of a video, from what FFmpeg's program measures.

Video-Code and Audio-Code are the standard's: of MPEG-7 frame signatures at 5 frames a second and of
Chromaprint, as the reference implementation takes them (0080). They are made of a video before
it is signed, and so are Data-Code and Instance-Code: a manifest cannot hold its own file's digest.
"""

from __future__ import annotations

import base64
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import iscc_core
import numpy as np
from numpy.typing import NDArray

from compliance.fingerprint import Kind
from compliance.media import VIDEO_FORMAT
from rakkan.core.errors import BadInput, Refused, Unavailable

_BITS = 256  # of each unit: what a soft binding holds (IEP-0020)
_UNITS = 4
_INDEXED_BYTES = 8
_SECONDS = 600.0  # after which the program is stopped
_HEADER, _SEGMENT, _FRAME, _ELEMENTS = 129, 4 * 32 + 1 + 5 * 243, 689, 76  # bits; bytes of a frame


@dataclass(frozen=True, slots=True)
class ContentCode:
    """The ISCC of a video.

    Attributes:
        units: Video-, Audio-, Data- and Instance-Code of 256 bits, as ``ISCC:...``.
    """

    units: tuple[str, ...]

    @classmethod
    def of_binding(cls, value: str) -> ContentCode:
        """Read the value of a soft binding: an ISCC-SEQ in base64.

        Raises:
            Refused: it is no sequence of a video's four units.
        """
        try:
            units = tuple(iscc_core.decode_seq(base64.b64decode(value, validate=True)))
        except (TypeError, ValueError) as error:
            raise Refused(f"This is no ISCC of a video: {error}.", code="iscc-invalid") from error
        if len(units) != _UNITS:
            raise Refused("This is no ISCC of a video.", code="iscc-invalid")
        return cls(units)

    def first_bits(self, unit: int) -> int:
        """Return the first 64 bits of a unit as a number from 0."""
        return unit_bits(self.units[unit])

    @property
    def sequence(self) -> bytes:
        """The units as an ISCC-SEQ (IEP-0020): the value of C2PA's soft binding io.iscc.v0."""
        return bytes(iscc_core.encode_seq(self.units))

    @property
    def code(self) -> str:
        """The ISCC-CODE: Video-, Data- and Instance-Code of 64 bits each in one."""
        units = [self.units[0], *self.units[-2:]]
        return str(iscc_core.gen_iscc_code(units)["iscc"])


def bits_of_sequence(sequence: bytes) -> list[tuple[Kind, int]]:
    """Return what an index can look up of any ISCC-SEQ: kind and first 64 bits of its units.

    Raises:
        BadInput: it is no ISCC-SEQ.
    """
    try:
        units = iscc_core.decode_seq(sequence)
        decoded = [iscc_core.iscc_decode(unit) for unit in units]
    except (TypeError, ValueError) as error:
        raise BadInput(f"The value is no ISCC-SEQ: {error}.", code="binding-invalid") from error
    kinds = {
        (iscc_core.MT.CONTENT, iscc_core.ST_CC.VIDEO): Kind.ISCC_VIDEO,
        (iscc_core.MT.CONTENT, iscc_core.ST_CC.AUDIO): Kind.ISCC_AUDIO,
        (iscc_core.MT.INSTANCE, 0): Kind.ISCC_INSTANCE,
    }
    return [
        (kinds[main, sub], int.from_bytes(body[:8], "big"))
        for main, sub, _, _, body in decoded
        if (main, sub) in kinds and len(body) >= _INDEXED_BYTES
    ]


def unit_bits(unit: str) -> int:
    """Return the first 64 bits of an ISCC unit's body as a number from 0."""
    return int.from_bytes(iscc_core.iscc_decode(unit)[4][:8], "big")


def content_code(path: Path) -> ContentCode:
    """Return the ISCC of an MP4 with a picture and a sound.

    Raises:
        Refused: the program cannot read it.
        Unavailable: the program does not run here.
    """
    video, audio = picture_and_sound(path)
    with path.open("rb") as stream:
        data = iscc_core.gen_data_code(stream, _BITS)["iscc"]
    with path.open("rb") as stream:
        instance = iscc_core.gen_instance_code(stream, _BITS)["iscc"]
    return ContentCode((video, audio, data, instance))


def picture_and_sound(path: Path) -> tuple[str, str]:
    """Return Video- and Audio-Code; signing a file does not change them. Raises as above."""
    with tempfile.TemporaryDirectory(prefix="rakkan-iscc-") as folder:
        signature, sound = Path(folder, "signature"), Path(folder, "sound")
        source = ["-protocol_whitelist", "file", "-f", VIDEO_FORMAT, "-i", str(path)]
        measured = f"fps=fps=5,signature=format=binary:filename={signature}"
        picture = ["-map", "0:v:0", "-vf", measured, "-f", "null", "-"]
        chroma = ["-map", "0:a:0", "-f", "chromaprint", "-fp_format", "raw", str(sound)]
        _run([*source, *picture, *chroma])
        frames = frame_signatures(signature.read_bytes())
        numbers = np.frombuffer(sound.read_bytes(), "<i4").tolist()
    if not frames:
        raise Refused("It has no picture to take a code of.", code="video-unreadable")
    video = iscc_core.gen_video_code(frames, _BITS)["iscc"]
    return str(video), str(iscc_core.gen_audio_code(numbers, _BITS)["iscc"])


def frame_signatures(binary: bytes) -> list[tuple[int, ...]]:
    """Return the frame signatures (380 numbers of 0 to 2 each) of an MPEG-7 video signature.

    Args:
        binary: ISO/IEC 15938-3 Amd 4, binary, uncompressed, as FFmpeg's ``signature`` writes it.
    """
    bits = np.unpackbits(np.frombuffer(binary, np.uint8))
    count = _number(bits, _HEADER)
    at = _HEADER + 32 + 16 + 1 + 64
    at += 32 + _number(bits, at) * _SEGMENT + 1
    frames = bits[at : at + count * _FRAME].reshape(count, _FRAME)
    packed = np.packbits(frames[:, -8 * _ELEMENTS :], axis=1)  # (n, 76), five numbers a byte
    digits = packed[:, :, None] // np.array([81, 27, 9, 3, 1], np.uint8) % 3
    return [tuple(frame) for frame in digits.reshape(count, -1).tolist()]


def _number(bits: NDArray[np.uint8], at: int) -> int:
    return int.from_bytes(np.packbits(bits[at : at + 32]).tobytes(), "big")


def _run(arguments: list[str]) -> None:
    """Run FFmpeg's program."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-y", "-v", "error", *arguments]
    try:
        subprocess.run(  # noqa: S603  a program of a pinned wheel, no shell
            command, capture_output=True, timeout=_SECONDS, check=True
        )
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()
        raise Refused(
            f"No code can be taken of it: {said[-1] if said else error.returncode}.",
            code="video-unreadable",
        ) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(
            f"FFmpeg's program does not work: {error}.",
            code="ffmpeg-unavailable",
            remedy="Install the platform's requirements again.",
        ) from error
