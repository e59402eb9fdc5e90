"""The first look at an uploaded file, before anything is stored.

Only headers are read here: decoding strangers' files is the measure job's work, in a process
that has neither the database nor a key.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from PIL import Image, UnidentifiedImageError

from compliance.heif import HEAD, is_heif
from rakkan.core.blobs import Area, blob_put
from rakkan.core.errors import BadInput

MAX_IMAGE_BYTES = 30 << 20
MAX_IMAGE_PIXELS = (
    40_000_000  # a full-frame camera has 24 to 61 MP; larger ones are downsized first
)
MAX_AUDIO_BYTES = 200 << 20
MAX_EVIDENCE_BYTES = 30 << 20
MAX_RECORDING_BYTES = 32 << 20
_IMAGE_FORMATS = ("JPEG", "PNG", "WEBP")
_IMAGE_TYPES = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # a telephone's JPEG with a second picture that other programs pass over
    "PNG": "image/png",
    "WEBP": "image/webp",
}


@dataclass(frozen=True, slots=True)
class Upload:
    """An accepted file, stored by its digest."""

    sha256: str
    size: int  # bytes
    media_type: str


def _require(file: UploadedFile[Any] | None, what: str) -> UploadedFile[Any]:
    if file is None:
        raise BadInput(f"No {what} was sent.", code="file-missing", remedy=f"Attach the {what}.")
    if not file.size:
        raise BadInput(
            f"The {what} is empty (0 bytes).",
            code="file-empty",
            remedy="Check that the file was exported completely, then send it again.",
        )
    return file


def image_accept(file: UploadedFile[Any] | None) -> Upload:
    """Store an uploaded photo if its header says JPEG, PNG or WebP of at most 40 megapixels.

    What moves is refused: a browser would show approvers other pictures than the one that speaks.

    Raises:
        BadInput: it is not such a file; code and remedy say what to do.
    """
    file = _require(file, "photo")
    media_type, width, height = _image_header(file)
    if width * height > MAX_IMAGE_PIXELS:
        raise _too_many_pixels(width * height)
    return _store(file, media_type, MAX_IMAGE_BYTES)


def _image_header(file: UploadedFile[Any]) -> tuple[str, int, int]:
    if is_heif(file.read(HEAD)):
        raise _heif()
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=_IMAGE_FORMATS) as picture:
                kind, (width, height) = picture.format or "", picture.size
                moves = kind != "MPO" and getattr(picture, "is_animated", False)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise _too_many_pixels(None) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise _not_an_image() from error
    if moves:
        raise _animated()
    return _IMAGE_TYPES[kind], width, height


def _not_an_image() -> BadInput:
    return BadInput(
        "The file is not a photo we can read, whatever its name says.",
        code="file-not-an-image",
        remedy="Send a JPEG, PNG or WebP photo.",
        status=415,
    )


def _heif() -> BadInput:
    return BadInput(
        "It is a HEIC, HEIF or AVIF photo, which not everybody who has to look at it can see.",
        code="image-heif",
        remedy="Export it as a JPEG; on an iPhone, Settings, Camera, Formats, Most Compatible.",
        status=415,
    )


def _animated() -> BadInput:
    return BadInput(
        "The picture is animated.",
        code="image-animated",
        remedy="Save the one picture that is meant as a JPEG, PNG or WebP.",
        status=415,
    )


def _too_many_pixels(pixels: int | None) -> BadInput:
    size = f"{pixels / 1e6:.0f} megapixels" if pixels else "far too many pixels"
    return BadInput(
        f"The photo has {size}; the limit is {MAX_IMAGE_PIXELS // 1_000_000}.",
        code="image-too-large",
        remedy="Downsize it: 2,000 pixels on the long side are plenty.",
        status=413,
    )


# First bytes of the containers the worker can decode; what the sender calls it proves nothing.
_AUDIO_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (8, b"WAVE", "audio/wav"),  # after RIFF or RF64; AVI and WebP are RIFF, too
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    # layer III of MPEG 1, 2 and 2.5, with a checksum and without
    *((0, bytes((0xFF, second)), "audio/mpeg") for second in (0xFA, 0xFB, 0xF2, 0xF3, 0xE2, 0xE3)),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"\xff\xf9", "audio/aac"),
    (4, b"ftyp", "audio/mp4"),
    (0, b"\x1a\x45\xdf\xa3", "audio/webm"),
)


def audio_accept(file: UploadedFile[Any] | None) -> Upload:
    """Store an uploaded voice track if its first bytes are those of an audio container.

    Raises:
        BadInput: it is not; code and remedy say what to do.
    """
    file = _require(file, "voice track")
    head = file.read(16)
    file.seek(0)
    for offset, magic, media_type in _AUDIO_MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return _store(file, media_type, MAX_AUDIO_BYTES)
    raise BadInput(
        "The file is not audio we can read, whatever its name says.",
        code="file-not-audio",
        remedy="Send WAV, FLAC, MP3, M4A, AAC, Ogg or WebM.",
        status=415,
    )


_VIDEO_MAGIC = ((0, b"\x1a\x45\xdf\xa3", "video/webm"), (4, b"ftyp", "video/mp4"))


def evidence_accept(file: UploadedFile[Any] | None) -> Upload:
    """Store a picture or PDF that shows who somebody is.

    Raises:
        BadInput: it is neither.
    """
    file = _require(file, "evidence")
    head = file.read(5)
    file.seek(0)
    if head == b"%PDF-":
        return _store(file, "application/pdf", MAX_EVIDENCE_BYTES)
    return image_accept(file)


def recording_accept(file: UploadedFile[Any] | None) -> tuple[bytes, str]:
    """Return the bytes and the media type of a camera's recording; nothing is stored yet.

    Raises:
        BadInput: it is neither WebM nor MP4, empty, or larger than 32 MiB.
    """
    file = _require(file, "recording")
    if (file.size or 0) > MAX_RECORDING_BYTES:
        raise BadInput(
            f"The recording is larger than {MAX_RECORDING_BYTES >> 20} MiB.",
            code="file-too-large",
            remedy="Record it again with the page.",
            status=413,
        )
    content = file.read()
    for offset, magic, media_type in _VIDEO_MAGIC:
        if content[offset : offset + len(magic)] == magic:
            return content, media_type
    raise BadInput(
        "The file is no recording of a browser.",
        code="file-not-a-recording",
        remedy="Record it again with the page.",
        status=415,
    )


def _store(file: UploadedFile[Any], media_type: str, limit: int) -> Upload:
    file.seek(0)
    blob = blob_put(Area.INPUTS, file.chunks(), limit=limit)
    return Upload(blob.sha256, blob.size, media_type)
