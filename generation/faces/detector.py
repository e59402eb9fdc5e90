"""BlazeFace, short range: boxes and six key points of the faces in a picture.

The network sees 128 x 128 pixels, so a face below about a tenth of the picture's longer side is
lost in the whole view; when that view is empty, overlapping tiles are searched as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from generation.faces.anchored import anchors, letterbox, overlap
from generation.faces.arrays import Image, Points
from generation.faces.litert import Network

SIDE = 128
MIN_SCORE = 0.5
OVERLAP = 0.3  # intersection over union above which two boxes are one face
TILE_DIVISORS = (2, 4)  # tiles of half, then a quarter of the shorter side


@dataclass(frozen=True)
class Detection:
    """A face box.

    Attributes:
        score: 0..1.
        box: (2, 2) float64, upper-left and lower-right corner in pixels (x, y).
        keypoints: (6, 2) px: right eye, left eye, nose, mouth, right ear, left ear, where right
            is the depicted person's right.
    """

    score: float
    box: Points
    keypoints: Points

    @property
    def height(self) -> float:
        """Height of the box in pixels."""
        return float(self.box[1, 1] - self.box[0, 1])


class FaceDetector:
    """Finds faces; holds the network and its anchors."""

    def __init__(self, task: Path) -> None:
        """Load the detector out of a face_landmarker.task file."""
        self._network = Network(task, "face_detector.tflite")
        # Two per cell of 16 x 16, six per cell of 8 x 8: (896, 2).
        self._anchors = anchors((16, 2), (8, 6)).astype(np.float32)

    def __call__(self, rgb: Image) -> list[Detection]:
        """Return the faces in `rgb` (H, W, 3) uint8, largest first."""
        found = self._view(rgb, 0, 0)
        for divisor in TILE_DIVISORS:
            if found:
                break
            found = [d for x, y, tile in _tiles(rgb, divisor) for d in self._view(tile, x, y)]
        return sorted(_merge(found), key=lambda d: -d.height)

    def _view(self, rgb: Image, left: int, top: int) -> list[Detection]:
        """Return raw detections in one view, in the pixels of the picture it was cut from."""
        height, width = rgb.shape[:2]
        scale = SIDE / max(height, width)
        small, offset = letterbox(rgb, scale, SIDE)
        out = self._network((small.astype(np.float32) / 127.5 - 1)[None])
        logits = np.clip(out["classificators"][0, :, 0].astype(np.float64), -100, 100)
        scores = 1 / (1 + np.exp(-logits))
        keep = np.flatnonzero(scores > MIN_SCORE)
        raw = out["regressors"][0, keep].astype(np.float64) / SIDE
        centre = raw[:, :2] + self._anchors[keep]
        half = raw[:, 2:4] / 2
        box = np.stack([centre - half, centre + half], 1)
        key = raw[:, 4:].reshape(-1, 6, 2) + self._anchors[keep][:, None]
        shift = np.array([left, top], np.float64)

        def to_picture(points: Points) -> Points:
            moved: Points = (points * SIDE - offset) / scale + shift
            return moved

        return [
            Detection(float(s), to_picture(b), to_picture(k))
            for s, b, k in zip(scores[keep], box, key, strict=True)
        ]


def _tiles(rgb: Image, divisor: int) -> Iterator[tuple[int, int, Image]]:
    """Yield (left, top, tile): square tiles that overlap by half."""
    height, width = rgb.shape[:2]
    side = min(height, width) // divisor
    if side < SIDE // 2:
        return
    for top in _starts(height, side):
        for left in _starts(width, side):
            yield left, top, rgb[top : top + side, left : left + side]


def _starts(length: int, side: int) -> list[int]:
    count = max(1, int(np.ceil((length - side) / (side / 2))) + 1)
    return [int(v) for v in np.linspace(0, length - side, count)]


def _merge(found: list[Detection]) -> list[Detection]:
    """Weighted non-maximum suppression: overlapping boxes become their score-weighted mean."""
    left = sorted(found, key=lambda d: -d.score)
    merged: list[Detection] = []
    while left:
        group = [d for d in left if d is left[0] or overlap(d.box, left[0].box) > OVERLAP]
        weight = np.array([d.score for d in group])
        weight /= weight.sum()
        box = np.einsum("n,nij->ij", weight, np.stack([d.box for d in group]))
        key = np.einsum("n,nij->ij", weight, np.stack([d.keypoints for d in group]))
        merged.append(Detection(left[0].score, box, key))
        taken = {id(d) for d in group}
        left = [d for d in left if id(d) not in taken]
    return merged
