"""Small real videos, marked as the render worker marks them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from compliance.watermark import expand
from generation.media.encoder import Encoder, VideoFormat
from rakkan.releases.keys import watermark_key
from tests.integration import people

SIZE, FPS, SECONDS = 512, 25, 5.68  # as people.draft asks for, and as long as its speech


def marked_clip(folder: Path, asset_id: str) -> bytes:
    """Bytes of a clip with the sample speech whose every frame says ``asset_id``."""
    sound = people.FIXTURES / "speech.wav"
    with Image.open(people.FIXTURES / "portrait.png") as photo:
        picture = np.asarray(photo.convert("RGB").resize((SIZE, SIZE)))
    path, pattern = folder / f"{asset_id}.mp4", expand(watermark_key(), asset_id)
    with Encoder(path, VideoFormat(SIZE, SIZE, FPS), audio=sound, pattern=pattern) as encoder:
        for index in range(round(SECONDS * FPS)):
            encoder.write(np.roll(picture, index % 5, axis=1))
    return path.read_bytes()
