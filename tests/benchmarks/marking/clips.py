"""The payload: portraits that speak, as the product renders them, and the settings of a run.

PORTRAITS names a folder of photos, one face each; without it the sample portrait is all there is.
Photos at even places by name (the first, the third, ...) are for tuning, the others are reported.
MARKING_PORTRAITS limits their number. Clips are kept in build/marking and made once.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from shutil import which

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from compliance.watermark import WatermarkKey, expand
from compliance.watermark.marker import Marker
from generation.audio import load
from generation.media.colour import PlaneConverter
from generation.mesh import MeshEngine
from generation.motion import Curves
from generation.motion.speaking import from_speech
from generation.prompt import understand
from tests.benchmarks.harness import BUILD
from tests.benchmarks.samples import FIXTURES

CACHE = BUILD.parent / "marking"
SIZE, FPS = 512, 25
FRAMES = 75  # three seconds
SECOND = FPS
KEY = WatermarkKey(bytes(range(32)))
VOICES = ("en-us", "en-gb+f3", "fr+m2")  # of espeak-ng; without it the sample speech, three times
SENTENCE = "The new office opens on Monday, and everybody is welcome to come and see it."
MOST = int(os.environ.get("MARKING_PORTRAITS", "1000"))

Planes = NDArray[np.uint8]  # (H*3/2, W), planar yuv420p, BT.709 in video range


@dataclass(frozen=True)
class Clip:
    """One portrait with one voice."""

    name: str
    photo: Path
    voice: int
    asset_id: str

    def plain(self) -> list[Planes]:
        """Return its frames without a mark."""
        path = CACHE / "clips" / f"{self.name}.npy"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(".part.npy")
            np.save(partial, np.stack(self._rendered()))
            partial.replace(path)
        return list(np.load(path))

    def marked(self, key: WatermarkKey = KEY, asset_id: str | None = None) -> list[Planes]:
        """Return its frames with the mark."""
        return mark(self.plain(), key, asset_id or self.asset_id)

    def _rendered(self) -> list[Planes]:
        with Image.open(self.photo) as photo:
            engine = MeshEngine(np.asarray(photo.convert("RGB")), SIZE, SIZE)
        converter = PlaneConverter()
        return [converter.planes(f) for f in islice(engine.render(speech(self.voice)), FRAMES)]


def mark(plain: list[Planes], key: WatermarkKey, asset_id: str) -> list[Planes]:
    """Return marked copies of frames."""
    rows, width = plain[0].shape
    marker = Marker(expand(key, asset_id), width, rows * 2 // 3)
    copies = [frame.copy() for frame in plain]
    for index, frame in enumerate(copies):
        marker.mark(frame, index)
    return copies


def held_out() -> list[Clip]:
    """Return the clips that are reported."""
    return list(islice(_clips(1), MOST))


def tuning() -> list[Clip]:
    """Return the clips that helped to choose parameters."""
    return list(islice(_clips(0), MOST))


def _clips(half: int) -> Iterator[Clip]:
    named = os.environ.get("PORTRAITS")
    photos = sorted(Path(named).glob("*.*")) if named else [FIXTURES / "portrait.png"] * 2
    for index, photo in enumerate(photos[half::2]):
        content = photo.read_bytes() + f"{index % len(VOICES)} {FRAMES} {SENTENCE}".encode()
        digest = hashlib.sha256(content).hexdigest()
        name = f"{photo.stem}-{digest[:8]}"
        yield Clip(name, photo, index % len(VOICES), digest[8:24])


@cache
def speech(voice: int) -> Curves:
    """Return the movement of one of the voices."""
    with tempfile.TemporaryDirectory() as folder:
        sound = FIXTURES / "speech.wav"
        if espeak := which("espeak-ng"):
            sound = Path(folder) / "voice.wav"
            command = [espeak, "-v", VOICES[voice], "-s", "150", "-w", str(sound), SENTENCE]
            subprocess.run(command, check=True)
        return from_speech(load(sound), understand("calm"), seed=voice, fps=FPS)
