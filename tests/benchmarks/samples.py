"""The payload that parts share: the sample portrait, moved by the sample speech."""

from __future__ import annotations

from functools import cache
from itertools import islice
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from generation.audio import load
from generation.media.colour import PlaneConverter
from generation.mesh import MeshEngine
from generation.motion import Curves
from generation.motion.speaking import from_speech
from generation.prompt import understand

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
SIZE = 512  # px, both ways
FPS = 25
Picture = NDArray[np.uint8]


@cache
def engine() -> MeshEngine:
    """The engine, prepared for the sample portrait."""
    with Image.open(FIXTURES / "portrait.png") as photo:
        return MeshEngine(np.asarray(photo.convert("RGB")), SIZE, SIZE)


@cache
def curves() -> Curves:
    """The movement of the sample speech."""
    return from_speech(load(FIXTURES / "speech.wav"), understand("calm"), seed=0, fps=FPS)


def frames(count: int) -> list[Picture]:
    """Draws the first `count` frames: (SIZE, SIZE, 3) RGB."""
    return list(islice(engine().render(curves()), count))


def planes(count: int) -> list[Picture]:
    """Draws the first `count` frames as yuv420p planes: (SIZE * 3 / 2, SIZE)."""
    converter = PlaneConverter()
    return [converter.planes(frame) for frame in frames(count)]


def encode(pictures: list[Picture]) -> int:
    """Encodes planes as the product does, into nothing; returns the bytes it took."""
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = SIZE, SIZE, "yuv420p"
    context.framerate = FPS
    context.options = {"preset": "veryfast", "crf": "18", "threads": "1"}
    size = 0
    for picture in pictures:
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        size += sum(packet.size for packet in context.encode(frame))
    return size + sum(packet.size for packet in context.encode(None))
