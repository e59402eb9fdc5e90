"""Where each attack breaks blind detection: the same attack, stronger and stronger, on a second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from compliance.watermark.finder import Finder
from tests.benchmarks.marking.attacks import (
    Copies,
    Frames,
    _again,
    _grey,
    _jpeg,
    _light,
    _turned,
)
from tests.benchmarks.marking.clips import KEY, SECOND, SIZE, Clip
from tests.benchmarks.marking.codecs import Picture, cut, pictured, scaled, through
from tests.benchmarks.marking.kept import kept

_CLIPS = 2


def _seen(frames: Frames, change: Callable[[Picture], Picture]) -> Frames:
    return _again(pictured(frames, change))


def _size(frames: Frames, side: float) -> Frames:
    return _again([scaled(frame, round(side), round(side)) for frame in frames])


def _crop(frames: Frames, percent: float) -> Frames:
    side = round(SIZE * (1 - percent / 100)) & ~1
    edge = (SIZE - side) // 4 * 2
    return _again([scaled(cut(f, edge, edge, side, side), SIZE, SIZE) for f in frames])


def _noise(picture: Picture, deviation: float) -> Picture:
    random = np.random.default_rng(int(picture[:8].sum()))
    noisy = picture + random.normal(0, deviation, picture.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def _generations(frames: Frames, count: float) -> Frames:
    for _ in range(int(count)):
        frames = _again(frames)
    return frames


def _coloured(picture: Picture, saturation: float) -> Picture:
    grey = _grey(picture).astype(np.float32)
    return np.clip(grey + saturation * (picture - grey), 0, 255).astype(np.uint8)


Change = Callable[[Frames, float], Frames]
LADDERS: dict[str, tuple[str, Change, Sequence[float]]] = {
    "H.264": ("CRF", lambda f, x: _again(f, int(x)), (28, 33, 35, 37, 39)),
    "HEVC": ("CRF", lambda f, x: through(f, int(x), "libx265")[0], (28, 31, 34, 37)),
    "VP9": ("CRF", lambda f, x: through(f, int(x), "libvpx-vp9")[0], (35, 43, 51, 59)),
    "AV1": ("CRF", lambda f, x: through(f, int(x), "libsvtav1")[0], (38, 45, 52, 59)),
    "generations at CRF 23": ("times", _generations, (2, 4, 6)),
    "size": ("pixels", _size, (256, 204, 160, 128)),
    "cropped and rescaled": ("% of each side", _crop, (10, 25, 40, 50, 60)),
    "turned": ("degrees", lambda f, x: _seen(f, lambda p: _turned(p, x)), (2, 5, 10, 12, 15)),
    "JPEG": ("quality", lambda f, x: pictured(f, lambda p: _jpeg(p, int(x))), (75, 50, 30, 15)),
    "brightness": ("levels", lambda f, x: _seen(f, lambda p: _light(p, 1, x)), (20, 60, 100)),
    "contrast": (
        "times",
        lambda f, x: _seen(f, lambda p: _light(p, x, 128 - 128 * x)),
        (1.2, 1.6, 2),
    ),
    "saturation": ("times", lambda f, x: _seen(f, lambda p: _coloured(p, x)), (0.8, 0.6, 0.4, 0.2)),
    "noise": ("levels", lambda f, x: _seen(f, lambda p: _noise(p, x)), (5, 10, 20, 30)),
    "blur": (
        "pixels",
        lambda f, x: _seen(f, lambda p: cv2.GaussianBlur(p, (0, 0), x)),
        (1, 2, 3, 5, 7),
    ),
    "frame rate": ("frames/s", lambda f, x: _again(f[:: round(25 / x)], rate=x), (12.5, 5, 2)),
}


def measure(clips: Sequence[Clip]) -> list[dict[str, Any]]:
    """Return one row for each clip, attack and strength."""
    rows = []
    more = [Path(__file__).parent / "attacks.py"]
    for clip in clips[:_CLIPS]:
        rows += kept(__file__, clip.name, lambda clip=clip: {"rows": _of(clip)}, more)["rows"]
    return rows


def _of(clip: Clip) -> list[dict[str, Any]]:
    frames = Copies.of(clip.marked()).delivered[:SECOND]
    rows = []
    for name, (unit, change, strengths) in LADDERS.items():
        for strength in strengths:
            found = Finder(KEY).find(change(frames, strength))
            exact = found.asset_id == clip.asset_id
            rows.append({"attack": name, "unit": unit, "strength": strength, "exact": exact})
            if not exact:
                break
    return rows
