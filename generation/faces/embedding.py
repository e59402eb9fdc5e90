"""Same person or not: dlib's face recognition network (ResNet, 29 convolutions) in plain NumPy.

The weights are the quantised copy that ships in the npm package @vladmandic/face-api; how the face
is cut out (five points, padding a quarter) and what the layers do follow dlib by Davis King
(Boost Software License 1.0). There is no framework to install: three shapes of layers are enough.
"""

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from generation.faces.arrays import Floats, Image, Points
from generation.faces.landmarker import Face
from generation.faces.quantised import convolve, read

SIDE = 150
WEIGHTS, MANIFEST = "face_recognition_model.bin", "face_recognition_model.json"
SAME_BELOW = 0.6  # dlib's own threshold on the distance of two embeddings

MEAN = np.array([122.782, 117.001, 104.298], np.float32)
_PADDING = 0.25
# Eye corners (outer, inner; the depicted person's left, then right) and nose base.
ANCHORS = (263, 362, 33, 133, 2)
_PLACES = np.array(  # where dlib's mean face has them, 0..1
    [
        (0.859567, 0.213498),
        (0.646060, 0.228967),
        (0.120575, 0.213727),
        (0.334085, 0.229064),
        (0.490112, 0.627798),
    ]
)
BLOCKS = (  # the residual blocks in order; "down" halves the picture
    *("conv32_1", "conv32_2", "conv32_3"),
    *("conv64_down", "conv64_1", "conv64_2", "conv64_3"),
    *("conv128_down", "conv128_1", "conv128_2"),
    *("conv256_down", "conv256_1", "conv256_2", "conv256_down_out"),
)


def face_chip(rgb: Image, points: Points) -> Image:
    """Return the (150, 150, 3) uint8 upright cut of a face with landmarks (478, 3) px."""
    matrix = anchors_to_chip(points[list(ANCHORS), :2])
    factor = max(1, int(1 / np.hypot(*matrix[:, 0])))  # warping alone would skip over pixels
    height, width = (n // factor for n in rgb.shape[:2])
    whole = rgb[: height * factor, : width * factor]
    small = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
    matrix = np.c_[matrix[:, :2] * factor, matrix[:, 2]]
    return np.asarray(cv2.warpAffine(small, matrix, (SIDE, SIDE)), np.uint8)


def anchors_to_chip(anchors: Points) -> Points:
    """Return the (2, 3) turn, scaling and shift to a chip, by anchors (5, 2) in a picture."""
    places = (_PLACES + _PADDING) / (1 + 2 * _PADDING) * SIDE
    return _similarity(anchors, places)


def _similarity(source: Points, target: Points) -> Points:
    """Return the (2, 3) turn, scaling and shift that takes source (n, 2) nearest to target."""
    a, b = source - source.mean(0), target - target.mean(0)
    turned = np.c_[-a[:, 1], a[:, 0]]
    norm = (a**2).sum()
    cos, sin = (a * b).sum() / norm, (turned * b).sum() / norm
    linear = np.array([[cos, -sin], [sin, cos]])
    matrix: Points = np.c_[linear, target.mean(0) - linear @ source.mean(0)]
    return matrix


class FaceEmbedder:
    """128 numbers a face; two of the same person are nearer than :data:`SAME_BELOW`."""

    def __init__(self) -> None:
        """Read the vendored weights.

        Raises:
            WeightsInvalid: they are not the pinned ones.
        """
        self._weights = read(WEIGHTS, MANIFEST)

    def __call__(self, rgb: Image, face: Face) -> Floats:
        """Return the (128,) float32 embedding of a face found in `rgb` (H, W, 3) uint8."""
        return self.of_chip(face_chip(rgb, face.points))

    def of_chip(self, chip: Image) -> Floats:
        """Return the (128,) float32 embedding of a chip (150, 150, 3) uint8."""
        x: Floats = (chip.astype(np.float32) - MEAN) / np.float32(256)
        x = _positive(self._layer("conv32_down", x, stride=2))  # (72, 72, 32)
        x = sliding_window_view(x, (3, 3), axis=(0, 1))[::2, ::2].max((-2, -1))  # (35, 35, 32)
        for name in BLOCKS:
            x = self._block(name, x)
        embedding: Floats = x.mean((0, 1)) @ self._weights["fc"]
        return embedding

    def _block(self, name: str, x: Floats) -> Floats:
        down = "down" in name
        y = _positive(self._layer(f"{name}/conv1", x, stride=2 if down else 1))
        y = self._layer(f"{name}/conv2", y)
        return _positive(_sum(y, _halve(x) if down else x))

    def _layer(self, name: str, x: Floats, stride: int = 1) -> Floats:
        """Convolve (unpadded where it strides, as dlib does), then scale each channel."""
        kernel = self._weights[f"{name}/conv/filters"]  # (k, k, in, out)
        if stride == 1:
            around = kernel.shape[0] // 2
            x = np.pad(x, ((around, around), (around, around), (0, 0)))
        y = convolve(x, kernel, stride) + self._weights[f"{name}/conv/bias"]
        scaled: Floats = y * self._weights[f"{name}/scale/weights"]
        scaled += self._weights[f"{name}/scale/biases"]
        return scaled


def distance(one: Floats, other: Floats) -> float:
    """Return the Euclidean distance of two embeddings."""
    return float(np.linalg.norm(one - other))


def _positive(x: Floats) -> Floats:
    return np.maximum(x, np.float32(0))


def _halve(x: Floats) -> Floats:
    """Average blocks of 2 x 2; an odd last row or column is left out."""
    high, wide = x.shape[0] // 2, x.shape[1] // 2
    blocks = x[: high * 2, : wide * 2].reshape(high, 2, wide, 2, -1)
    mean: Floats = blocks.mean((1, 3))
    return mean


def _sum(y: Floats, x: Floats) -> Floats:
    """Add two arrays of unlike size; what one of them lacks counts as zero."""
    high, wide, deep = (max(a, b) for a, b in zip(y.shape, x.shape, strict=True))
    out = np.zeros((high, wide, deep), np.float32)
    for part in (y, x):
        out[: part.shape[0], : part.shape[1], : part.shape[2]] += part
    return out
