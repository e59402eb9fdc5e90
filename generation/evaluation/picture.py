"""What is measured of single pictures and of neighbours: blur, and what flow does not explain."""

import cv2
import numpy as np

from generation.faces import Face, topology
from generation.faces.arrays import Floats, Image, Points
from generation.faces.sharpness import blur_effect

_FLOW_HEIGHT = 256  # px: flow of larger pictures costs more and says the same
_OCCLUDED = 1.0  # px between there and back: beyond, a pixel was hidden or shown anew
_UPRIGHT = 48
_EYES_AT = np.array([[0.30, 0.38], [0.70, 0.38]])  # of the upright face: right eye, left eye
_BLUR_SIDE = 128


class FlowWarp:
    """Warping error of Lai and others (2018): how unlike a frame is to the last one, moved on it.

    Optical flow by dense inverse search (Kroeger and others 2016); hidden pixels are left out where
    flow there and back disagree.
    """

    def __init__(self) -> None:
        """Prepare the flow."""
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._last: Image | None = None

    def step(self, picture: Image) -> float:
        """Return the mean squared error (grey, 0..1) against the last picture; NaN at first."""
        height, width = picture.shape[:2]
        size = (max(16, round(width * _FLOW_HEIGHT / height)), _FLOW_HEIGHT)
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
        last, self._last = self._last, grey
        return float("nan") if last is None else self._error(last, grey)

    def _error(self, last: Image, grey: Image) -> float:
        back = self._flow.calc(grey, last, None)  # type: ignore[call-overload]
        there = self._flow.calc(last, grey, None)  # type: ignore[call-overload]
        columns, rows = np.meshgrid(np.arange(grey.shape[1]), np.arange(grey.shape[0]))
        places = np.stack([columns, rows], -1).astype(np.float32) + back
        moved = cv2.remap(last, places, None, cv2.INTER_LINEAR)  # type: ignore[call-overload]
        returned = cv2.remap(there, places, None, cv2.INTER_LINEAR)  # type: ignore[call-overload]
        shown = np.linalg.norm(back + returned, axis=-1) < _OCCLUDED
        unlike = (moved.astype(np.float32) - grey.astype(np.float32)) / 255
        return float((unlike[shown] ** 2).mean()) if shown.any() else 0.0


def upright(picture: Image, face: Face) -> Floats:
    """Return the face as (48, 48) grey 0..1, eyes always at the same places."""
    eyes = [
        face.points[[33, 133], :2].mean(0),
        face.points[[263, 362], :2].mean(0),
    ]
    across, wanted = eyes[1] - eyes[0], (_EYES_AT[1] - _EYES_AT[0]) * _UPRIGHT
    scale = np.hypot(*wanted) / max(np.hypot(*across), 1e-6)
    angle = -np.arctan2(across[1], across[0])
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    linear = np.array([[cos, -sin], [sin, cos]])
    shift = _EYES_AT[0] * _UPRIGHT - linear @ eyes[0]
    blurred = cv2.GaussianBlur(picture, (0, 0), max(0.3, 0.4 / scale))
    cut = cv2.warpAffine(blurred, np.c_[linear, shift], (_UPRIGHT, _UPRIGHT))
    grey = cv2.cvtColor(cut, cv2.COLOR_RGB2GRAY)
    return (grey / np.float32(255)).astype(np.float32)


def blur(picture: Image, face: Face) -> tuple[float, float]:
    """Return how blurred the face and the mouth are, each 0 (sharp) to 1."""
    oval = face.points[list(topology.FACE_OVAL), :2]
    lips = face.points[list(topology.OUTER_LIPS), :2]
    margin = 0.25 * (lips.max(0) - lips.min(0)).max()
    return blur_effect(_grey(picture, oval, 0)), blur_effect(_grey(picture, lips, margin))


def _grey(picture: Image, around: Points, margin: float) -> Floats:
    """Return the part of a picture around points as grey, at most _BLUR_SIDE px high."""
    low = np.maximum(around.min(0) - margin, 0).astype(int)
    high = (around.max(0) + margin).astype(int)
    part = picture[low[1] : high[1], low[0] : high[0]]
    if min(part.shape[:2]) < 8:
        return np.zeros((8, 8), np.float32)
    return np.asarray(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), np.float32)
