"""The payload: recorded speech in five languages, marked and encoded as it is released.

SOUNDS names the folder that holds the Debian packages ``asterisk-core-sounds-LANG-g722`` for LANG
en, es, fr, it and ru, unpacked or installed (the default is ``/``). They are CC-BY-SA-3.0 and no
part of this project. Clips whose name has an even CRC-32 settled the parameters and are left out
(AUDIOMARK_HALF=tuning takes them instead); AUDIOMARK_CLIPS is how many each reader gives (4).
A reader without a clip of 10 to 30 s gives none.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from compliance.audiomark import expand_audio
from compliance.audiomark.grid import RATE
from compliance.audiomark.marker import AudioMarker
from compliance.watermark import WatermarkKey

SOUNDS = Path(os.environ.get("SOUNDS", "/"))
READERS = {
    "en": "en_US_f_Allison",
    "es": "es_MX_f_Allison",
    "fr": "fr_CA_f_June",
    "it-m": "it_IT_m_Carlo",
    "it-f": "it_IT_f_Menardi",
    "ru": "ru_RU_f_IvrvoiceRU",
}
RELEASED = 48_000  # samples a second of a release's sound
BIT_RATE = "128k"
KEY = WatermarkKey(bytes(range(32)))
_LEAST, _MOST = 10, 30  # seconds
_BYTES = 8_000  # of G.722 a second
_EACH = int(os.environ.get("AUDIOMARK_CLIPS", "4"))
_PARITY = 0 if os.environ.get("AUDIOMARK_HALF") == "tuning" else 1

Samples = NDArray[np.float32]  # one channel


@dataclass(frozen=True)
class Clip:
    """One recording."""

    name: str
    path: Path

    @property
    def asset_id(self) -> str:
        """An id of its own."""
        return f"{crc32(self.name.encode()):08x}" * 2

    @cached_property
    def plain(self) -> Samples:
        """Its samples at the rate of a release."""
        return read(self.path, RELEASED)

    @cached_property
    def marked(self) -> Samples:
        """The same with its mark."""
        pattern = expand_audio(KEY, self.asset_id)
        return np.concatenate(list(AudioMarker(pattern, RELEASED).mark([self.plain[None]])), 1)[0]


def clips() -> list[Clip]:
    """Return the recordings of all readers."""
    found = []
    for language, reader in READERS.items():
        folder = SOUNDS / "usr/share/asterisk/sounds" / reader
        fit = [
            path
            for path in sorted(folder.glob("*.g722"))
            if _LEAST * _BYTES <= path.stat().st_size < _MOST * _BYTES
            and crc32(path.name.encode()) % 2 == _PARITY
        ]
        found += [Clip(f"{language}/{path.stem}", path) for path in fit[:_EACH]]
    if not found:
        raise SystemExit(f"There are no recordings under {SOUNDS} (see {__file__}).")
    return found


def ffmpeg(arguments: list[str], given: bytes = b"") -> bytes:
    """Run ffmpeg, one thread; return what it writes to its standard output."""
    command = ["ffmpeg", "-hide_banner", "-v", "error", "-threads", "1", *arguments]
    return subprocess.run(command, input=given, stdout=subprocess.PIPE, check=True).stdout


def read(path: Path, rate: int = RATE) -> Samples:
    """Decode a file to one channel."""
    raw = ffmpeg(["-i", str(path), "-ac", "1", "-ar", str(rate), "-f", "f32le", "-"])
    return np.frombuffer(raw, np.float32)


def encoded(sound: Samples, rate: int, name: str, options: list[str]) -> Samples:
    """Return one channel of what an encoder leaves, at the rate of a release."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        source = ["-f", "f32le", "-ar", str(rate), "-ac", "1", "-i", "-"]
        ffmpeg(["-y", *source, *options, str(path)], sound.astype(np.float32).tobytes())
        return read(path, RELEASED)


def filtered(sound: Samples, chain: str) -> Samples:
    """Return one channel at the rate of a release after a chain of ffmpeg's filters."""
    raw = ["-f", "f32le", "-ar", str(RELEASED), "-ac", "1"]
    chain += f",aresample={RELEASED}"
    given = sound.astype(np.float32).tobytes()
    return np.frombuffer(ffmpeg([*raw, "-i", "-", "-af", chain, *raw, "-"], given), np.float32)


def heard(sound: Samples) -> Samples:
    """Return samples at the rate of a release as the detector takes them: (1, n)."""
    count = len(sound) * RATE // RELEASED
    spectrum = np.fft.rfft(sound)[: count // 2 + 1]
    return (np.fft.irfft(spectrum, count) * (count / len(sound)))[None].astype(np.float32)
