"""How old a face looks: face-api.js's network (a small Xception) in plain NumPy.

It is asked one thing, whether a person should look at the photo again; how sure it is of that is in
generation/weights/age_gender_model.md. What the same file knows about gender is not read.
"""

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from generation.faces.arrays import Floats, Image
from generation.faces.landmarker import Face
from generation.faces.quantised import convolve, read

WEIGHTS, MANIFEST = "age_gender_model.bin", "age_gender_model.json"
SIDE = 112
_MEAN = np.array([122.782, 117.001, 104.298], np.float32)
_FOREHEAD = 0.1  # of the landmarks' height: the detector that it was trained with starts higher


def looks_aged(rgb: Image, face: Face) -> float:
    """Return the years that the face of a photo (H, W, 3) uint8 RGB looks.

    Raises:
        WeightsInvalid: the weight files are not the pinned ones.
    """
    return age_of_cut(face_cut(rgb, face))


def face_cut(rgb: Image, face: Face) -> Image:
    """Return the face as the network wants it: (112, 112, 3) uint8, black beside it."""
    size = np.array(rgb.shape[1::-1])
    low, high = face.points[:, :2].min(0), face.points[:, :2].max(0)
    low[1] -= _FOREHEAD * (high[1] - low[1])
    left, top = np.clip(low, 0, size - 2).astype(int)
    right, bottom = np.maximum(np.clip(high, 0, size), (left + 2, top + 2)).astype(int)
    part = rgb[top:bottom, left:right]
    side = max(part.shape[:2])
    beside = [(side - length) // 2 for length in part.shape[:2]]
    square = np.zeros((side, side, 3), np.uint8)
    square[beside[0] : beside[0] + part.shape[0], beside[1] : beside[1] + part.shape[1]] = part
    way = cv2.INTER_AREA if side > SIDE else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(square, (SIDE, SIDE), interpolation=way), np.uint8)


def age_of_cut(cut: Image) -> float:
    """Return the years that a cut (112, 112, 3) uint8 looks."""
    known = read(WEIGHTS, MANIFEST)
    x: Floats = (cut.astype(np.float32) - _MEAN) / np.float32(255)
    stem = "entry_flow/conv_in"
    x = np.pad(x, ((0, 1), (0, 1), (0, 0)))
    x = _positive(convolve(x, known[f"{stem}/filters"], 2) + known[f"{stem}/bias"])
    x = _reduced(x, "entry_flow/reduction_block_0", first=True)
    x = _reduced(x, "entry_flow/reduction_block_1")
    for block in (0, 1):
        x = x + _separable(x, f"middle_flow/main_block_{block}", (0, 1, 2))
    x = _reduced(x, "exit_flow/reduction_block")
    x = _positive(_layer(x, "exit_flow/separable_conv"))
    return float(x.mean((0, 1)) @ known["fc/age/weights"][:, 0] + known["fc/age/bias"][0])


def _reduced(x: Floats, name: str, *, first: bool = False) -> Floats:
    """Halve a picture (H, W, in)."""
    known = read(WEIGHTS, MANIFEST)
    y = _separable(x, name, (0, 1), first=first)
    y = np.pad(y, ((0, 1), (0, 1), (0, 0)), constant_values=-np.inf)
    y = sliding_window_view(y, (3, 3), axis=(0, 1))[::2, ::2].max((-2, -1))
    straight = x[::2, ::2] @ known[f"{name}/expansion_conv/filters"][0, 0]
    halved: Floats = y + straight + known[f"{name}/expansion_conv/bias"]
    return halved


def _separable(x: Floats, name: str, numbers: tuple[int, ...], *, first: bool = False) -> Floats:
    for number in numbers:
        x = x if first and number == 0 else _positive(x)
        x = _layer(x, f"{name}/separable_conv{number}")
    return x


def _layer(x: Floats, name: str) -> Floats:
    """Convolve each channel by itself (3 x 3), then mix them."""
    known = read(WEIGHTS, MANIFEST)
    kernel = known[f"{name}/depthwise_filter"][..., 0]  # (3, 3, in)
    high, wide = x.shape[:2]
    around = np.pad(x, ((1, 1), (1, 1), (0, 0)))
    y = np.zeros_like(x)
    for row in range(3):
        for column in range(3):
            y += around[row : row + high, column : column + wide] * kernel[row, column]
    mixed: Floats = y @ known[f"{name}/pointwise_filter"][0, 0] + known[f"{name}/bias"]
    return mixed


def _positive(x: Floats) -> Floats:
    return np.maximum(x, np.float32(0))
