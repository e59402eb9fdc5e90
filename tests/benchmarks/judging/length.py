"""Ten minutes of video: does the face stay whose it is, do colours stay, does memory stay?

Drawn, marked and encoded as a worker does it, in its own process; MESH_LONG_SECONDS shortens it.
"""

from __future__ import annotations

import os
import tempfile
import wave
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from generation import audio, engines
from generation.faces.arrays import Image
from generation.faces.embedding import distance
from generation.media.encoder import Encoder, VideoFormat
from generation.media.photo import load_photo
from generation.motion.speaking import from_speech
from generation.prompt import understand
from generation.resident import embedder, landmarker
from tests.benchmarks.harness import Figure
from tests.benchmarks.judging.cases import CARRIER
from tests.benchmarks.samples import FIXTURES, FPS, SIZE

SECONDS = int(os.environ.get("MESH_LONG_SECONDS", "600"))
_END = 30  # s at the beginning and at the end that are compared
_WARM = 60  # s after which memory counts: the encoder's buffers are full
_CORNER = 48  # px of the background


@dataclass
class _Seen:
    """What was noted, in the order of the frames."""

    distances: list[float] = field(default_factory=list)
    corners: list[Image] = field(default_factory=list)
    faces: list[Image] = field(default_factory=list)

    def note(self, frame: Image, whom: np.ndarray) -> None:
        face = landmarker().only(frame)
        self.distances.append(distance(embedder()(frame, face), whom))
        x0, y0 = (face.points[:, :2].min(axis=0)).astype(int)
        x1, y1 = (face.points[:, :2].max(axis=0)).astype(int)
        self.faces.append(_lab(frame[y0:y1, x0:x1]))
        self.corners.append(_lab(frame[:_CORNER, -_CORNER:]))


def length() -> list[Figure]:
    """Draw it and compare its last half minute with its first."""
    with tempfile.TemporaryDirectory(prefix="rakkan-long-") as folder:
        voice = _repeated(Path(folder) / "long.wav")
        speech = audio.load(voice, max_seconds=SECONDS + 10)
        effects = understand("calm")
        curves = from_speech(speech, effects, seed=1, fps=FPS)
        photo = load_photo(FIXTURES / "portrait.png").rgb
        whom = embedder()(photo, landmarker().only(photo))
        drawing = engines.get("mesh").prepare(photo, SIZE, SIZE, effects)
        first, last, memory = _Seen(), _Seen(), []
        size, out = VideoFormat(SIZE, SIZE, FPS), Path(folder) / "long.mp4"
        options = {"audio": voice, "carrier": CARRIER, "max_seconds": SECONDS + 10}
        with Encoder(out, size, **options) as encoder:
            for index, frame in enumerate(drawing.render(curves)):
                encoder.write(frame)
                if index % FPS:
                    continue
                memory.append(_resident_mb())
                if index < _END * FPS:
                    first.note(frame, whom)
                elif index >= len(curves) - _END * FPS:
                    last.note(frame, whom)
    return _figures(first, last, memory)


def _figures(first: _Seen, last: _Seen, memory: list[float]) -> list[Figure]:
    note = f"last {_END} s less first {_END} s of {len(memory)} s"
    drift = float(np.mean(last.distances) - np.mean(first.distances))
    skin, wall = (
        float(np.linalg.norm(np.mean(late, axis=0) - np.mean(early, axis=0)))
        for early, late in ((first.faces, last.faces), (first.corners, last.corners))
    )
    warm = memory[_WARM:] or memory
    return [
        Figure("long_identity_drift", drift, "distance", f"of the face from the photo: {note}"),
        Figure("long_identity_max", max(first.distances + last.distances), "distance", "of these"),
        Figure("long_face_colour_drift", skin, "delta E (CIE 1976)", f"of the face: {note}"),
        Figure("long_wall_colour_drift", wall, "delta E (CIE 1976)", f"of a corner: {note}"),
        Figure(
            "long_memory_growth_mb", warm[-1] - warm[0], "MB", f"from second {_WARM} to the end"
        ),
        Figure("long_memory_peak_mb", max(memory), "MB", "of the process, networks and all"),
    ]


def _lab(part: Image) -> Image:
    scaled = part.astype(np.float32) / 255
    return np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB).mean(axis=(0, 1)))


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _repeated(path: Path) -> Path:
    with wave.open(str(FIXTURES / "speech.wav"), "rb") as source:
        once = source.readframes(source.getnframes())
        size = SECONDS * source.getframerate() * source.getsampwidth() * source.getnchannels()
        with wave.open(str(path), "wb") as target:
            target.setparams(source.getparams())
            target.writeframes((once * (size // len(once) + 1))[:size])
    return path
