"""Files as cameras, telephones and studios really write them, made here: none is kept.

``PORTRAITS`` and ``SOUNDS`` are all of them with what must become of each: None where it works, or
the code of the refusal at the upload and at the worker. ``odd_measured.py`` beside measures them.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

FIXTURES = Path(__file__).parent / "fixtures"
ORIENTATION = 0x0112  # EXIF 2.32, 4.6.4
# How a camera that writes an orientation holds the picture: what undoes Pillow's own undoing.
_HELD = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@dataclass(frozen=True)
class Odd:
    """One kind of file.

    Attributes:
        name: what it is, in words.
        make: writes it to a path.
        upload: code of the platform's refusal, None where it is taken.
        worker: code of the worker's refusal, None where it is read.
    """

    name: str
    make: Callable[[Path], object]
    upload: str | None = None
    worker: str | None = None


def photo(size: int = 512) -> Image.Image:
    """The sample portrait, no two of its corners alike."""
    with Image.open(FIXTURES / "portrait.png") as picture:
        return picture.convert("RGB").resize((size, size * 5 // 4))


def _turned(orientation: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        way = _HELD[orientation]
        held = photo() if way is None else photo().transpose(way)
        held.save(path, "JPEG", quality=95, exif=exif)

    return make


def _sixteen_bits(path: Path) -> None:
    """A PNG of 16 bits a channel in colour, which Pillow cannot write."""
    deep = np.asarray(photo(), dtype=">u2") * 257
    rows = b"".join(b"\0" + row.tobytes() for row in deep)
    header = struct.pack(">IIBBBBB", deep.shape[1], deep.shape[0], 16, 2, 0, 0, 0)
    path.write_bytes(png(header, zlib.compress(rows, 1)))


def png(header: bytes, pixels: bytes) -> bytes:
    """A PNG of these parts, its checksums right."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    ends = (chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(ends)


def _grey_sixteen(path: Path) -> None:
    Image.fromarray(np.asarray(photo().convert("L"), np.uint16) * 257).save(path, "PNG")


def _palette(path: Path) -> None:
    picture = photo().convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 60, 60))
    picture.quantize(128, Image.Quantize.FASTOCTREE).save(path, "PNG")


def _animated(kind: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        second = photo().transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        photo().save(path, kind, save_all=True, append_images=[second], duration=200)

    return make


def _two_pictures(path: Path) -> None:
    """As telephones write it: the photo and a second picture behind it (CIPA DC-007)."""
    photo().save(path, "MPO", save_all=True, append_images=[photo(128)])


def _brand(brand: bytes) -> Callable[[Path], None]:
    """The head of a file of the HEIF family (ISO/IEC 23008-12); nobody here reads further."""
    box = struct.pack(">I4s4sI4s4s", 24, b"ftyp", brand, 0, b"mif1", brand)
    return lambda path: path.write_bytes(box + bytes(4000))


def _hundred_megapixels(path: Path) -> None:
    Image.new("RGB", (10_000, 10_000), "grey").save(path, "JPEG", quality=50)


def _forty_megapixels(kind: str, mode: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        large = photo().resize((5600, 7000), Image.Resampling.NEAREST).convert(mode)
        large.save(path, kind, **({"compress_level": 1} if kind == "PNG" else {}))

    return make


def _header_only(path: Path) -> None:
    """900 megapixels in a hundred bytes."""
    path.write_bytes(png(struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0), b""))


_NO_IMAGE = ("file-not-an-image", "portrait-unreadable")
PORTRAITS = (
    *(Odd(f"JPEG, EXIF orientation {n}", _turned(n)) for n in _HELD),
    Odd("JPEG, CMYK", lambda path: photo().convert("CMYK").save(path, "JPEG", quality=95)),
    Odd("JPEG, grey", lambda path: photo().convert("L").save(path, "JPEG")),
    Odd("JPEG, progressive", lambda path: photo().save(path, "JPEG", progressive=True)),
    Odd("JPEG with a second picture (MPO)", _two_pictures),
    Odd("PNG, 16 bits, colour", _sixteen_bits),
    Odd("PNG, 16 bits, grey", _grey_sixteen),
    Odd("PNG, palette with alpha", _palette),
    Odd("PNG, 1 bit", lambda path: photo().convert("1").save(path, "PNG")),
    Odd("WebP", lambda path: photo().save(path, "WEBP")),
    Odd("WebP, animated", _animated("WEBP"), "image-animated", "portrait-animated"),
    Odd("PNG, animated", _animated("PNG"), "image-animated", "portrait-animated"),
    Odd("GIF, animated", _animated("GIF"), *_NO_IMAGE),
    Odd("HEIC", _brand(b"heic"), "image-heif", "portrait-heif"),
    Odd("AVIF", lambda path: photo().save(path, "AVIF"), "image-heif", "portrait-heif"),
    Odd(
        "TIFF", lambda path: photo().save(path, "TIFF"), "file-not-an-image", "portrait-unreadable"
    ),
    Odd("JPEG, 39 megapixels", _forty_megapixels("JPEG", "RGB")),
    Odd("PNG with alpha, 39 megapixels", _forty_megapixels("PNG", "RGBA")),
    Odd("JPEG, 100 megapixels", _hundred_megapixels, "image-too-large", "portrait-too-large"),
    Odd("PNG, 900 megapixels by its header", _header_only, "image-too-large", "portrait-too-large"),
)

SECONDS = 10.0
_LAYOUTS = {1: "mono", 2: "stereo", 4: "quad", 6: "5.1", 8: "7.1"}


def _sound(form: str, codec: str, rate: int, channels: int = 1, *, picture: bool = False):
    """A voice track of ten seconds; with ``picture`` a video around it."""

    def make(path: Path) -> None:
        layout = _LAYOUTS[channels]
        with av.open(str(path), "w", format=form) as container:
            frames = container.add_stream("libx264", rate=25) if picture else None
            stream = container.add_stream(codec, rate=rate, layout=layout)
            if frames is not None:
                frames.width = frames.height = 256
                frames.pix_fmt = "yuv420p"
                for index in range(int(SECONDS * 25)):
                    frame = av.VideoFrame.from_ndarray(
                        np.full((384, 256), index % 200, np.uint8), "yuv420p"
                    )
                    frame.pts, frame.time_base = index, Fraction(1, 25)
                    container.mux(frames.encode(frame))
                container.mux(frames.encode(None))
            voice = _voice(rate, channels).T.reshape(1, -1)
            sound = av.AudioFrame.from_ndarray(voice, "flt", layout)
            sound.sample_rate, sound.pts = rate, 0
            resampler = av.AudioResampler(
                format=stream.codec_context.format.name,
                layout=layout,
                rate=rate,
                frame_size=stream.codec_context.frame_size or None,
            )
            for block in (*resampler.resample(sound), *resampler.resample(None)):
                container.mux(stream.encode(block))
            container.mux(stream.encode(None))

    return make


def _voice(rate: int, channels: int) -> np.ndarray:
    """The sample speech again and again, (channels, n); each channel is quieter."""
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=rate)
    with av.open(str(FIXTURES / "speech.wav")) as container:
        blocks = [
            block.to_ndarray()[0]
            for frame in (*container.decode(audio=0), None)
            for block in resampler.resample(frame)
        ]
    once = np.concatenate(blocks)
    voice = np.resize(once, int(SECONDS * rate))
    return np.stack([voice * 0.9**channel for channel in range(channels)]).astype(np.float32)


def _without_layout(path: Path) -> None:
    """Eight channels that nobody named: a plain WAV header, as recorders write it."""
    samples = (_voice(48_000, 8).T * 32767).astype("<i2").tobytes()
    head = struct.pack("<HHIIHH", 1, 8, 48_000, 48_000 * 16, 16, 16)
    chunks = b"fmt " + struct.pack("<I", 16) + head + b"data" + struct.pack("<I", len(samples))
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks) + len(samples)) + b"WAVE" + chunks)
    with path.open("ab") as file:
        file.write(samples)


def _avi(path: Path) -> None:
    _sound("avi", "pcm_s16le", 48_000, picture=True)(path)


SOUNDS = (
    *(Odd(f"WAV, {rate / 1000:g} kHz", _sound("wav", "pcm_s16le", rate))
      for rate in (8000, 11_025, 22_050, 44_100, 96_000, 192_000)),
    Odd("WAV, 24 bits, 192 kHz, 7.1", _sound("wav", "pcm_s24le", 192_000, 8)),
    Odd("WAV, floating point, stereo", _sound("wav", "pcm_f32le", 48_000, 2)),
    Odd("WAV, telephone (mu-law), 8 kHz", _sound("wav", "pcm_mulaw", 8000)),
    Odd("WAV, four channels", _sound("wav", "pcm_s16le", 48_000, 4)),
    Odd("WAV, eight channels without a layout", _without_layout),
    Odd("MP3, 8 kHz", _sound("mp3", "libmp3lame", 8000)),
    Odd("MP3, 44.1 kHz, stereo", _sound("mp3", "libmp3lame", 44_100, 2)),
    Odd("AAC, raw, 48 kHz", _sound("adts", "aac", 48_000)),
    Odd("AAC, M4A, 5.1", _sound("ipod", "aac", 48_000, 6)),
    Odd("AAC, M4A, 96 kHz, 7.1", _sound("ipod", "aac", 96_000, 8)),
    Odd("Opus, Ogg", _sound("ogg", "libopus", 48_000)),
    Odd("Opus, WebM, 5.1", _sound("webm", "libopus", 48_000, 6)),
    Odd("FLAC, 192 kHz, stereo", _sound("flac", "flac", 192_000, 2)),
    Odd("FLAC, 48 kHz, 7.1", _sound("flac", "flac", 48_000, 8)),
    Odd("MP4, a video", _sound("mp4", "aac", 48_000, 2, picture=True)),
    Odd("QuickTime, a video", _sound("mov", "pcm_s16le", 48_000, 2, picture=True)),
    Odd("Matroska, a video", _sound("matroska", "flac", 48_000, picture=True)),
    Odd("AVI, a video", _avi, "file-not-audio", "audio-unreadable"),
)  # fmt: skip
