"""The portraits that the gate is measured on, at the size at which they are made worse."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from generation.faces.arrays import Image
from generation.media.photo import load_photo
from generation.resident import landmarker

SHOWN = 300  # px forehead to chin: about what a 512 px video shows
_LARGEST = 420  # px


def numbered(folder: Path, *, odd: bool) -> list[Path]:
    """Return the portraits with an odd number, which are held out, or with an even one."""
    found = sorted(path for path in folder.glob("*.*") if path.stem[-1:].isdigit())
    return [path for path in found if int(path.stem[-1]) % 2 == odd]


def at_size(path: Path) -> Image:
    """Return a portrait whose face is at most as high as those that are made worse."""
    rgb = load_photo(path).rgb
    scale = min(1.0, _LARGEST / landmarker().only(rgb).height)
    size = tuple(max(16, round(side * scale)) for side in rgb.shape[1::-1])
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def enlarged(path: Path, height: int = SHOWN) -> Image:
    """Return a small portrait whose face is so many px high; with 0 as it is."""
    rgb = load_photo(path).rgb
    if not height:
        return rgb
    scale = height / landmarker().only(rgb).height
    larger = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_LANCZOS4)
    return np.asarray(larger, np.uint8)
