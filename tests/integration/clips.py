"""Small real videos, marked as the render worker marks them."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from PIL import Image

from compliance.watermark import expand
from generation.media.encoder import Encoder, VideoFormat
from rakkan.releases.keys import watermark_key
from tests.integration import people

SIZE, FPS, SECONDS = 256, 25, 2.4


def marked_clip(folder: Path, asset_id: str) -> bytes:
    """Bytes of a clip of 2.4 s whose every frame says ``asset_id``."""
    sound = folder / "sound.wav"
    _noise(sound)
    with Image.open(people.FIXTURES / "portrait.png") as photo:
        picture = np.asarray(photo.convert("RGB").resize((SIZE, SIZE)))
    path, pattern = folder / f"{asset_id}.mp4", expand(watermark_key(), asset_id)
    with Encoder(path, VideoFormat(SIZE, SIZE, FPS), audio=sound, pattern=pattern) as encoder:
        for index in range(round(SECONDS * FPS)):
            encoder.write(np.roll(picture, index % 5, axis=1))
    return path.read_bytes()


def _noise(path: Path) -> None:
    samples = np.random.default_rng(0).normal(0, 3000, int(SECONDS * 16_000)).astype("<i2")
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(samples.tobytes())
