"""Hands in a picture: MediaPipe's palm detector and hand landmarks, run by LiteRT.

The detector's network looks for palms as BlazeFace does for faces; the second one reads 21 points
of a hand out of an upright crop, and says whether it is one. Only what both believe counts.
"""

import functools
from dataclasses import dataclass

import cv2
import numpy as np

from generation import weights
from generation.faces.anchored import anchors, letterbox, overlap
from generation.faces.arrays import Image, Points
from generation.faces.litert import Network

PALMS, HANDS = "palm_detection_full.tflite", "hand_landmark_full.tflite"
PALM_SIDE, HAND_SIDE = 192, 224  # px of the networks' inputs
MIN_PALM = 0.5
MIN_HAND = 0.5  # of 321 portraits without hands no palm that was found comes to more than 0.3
MOST = 3  # hands of one picture that are looked at
SAME = 0.3  # intersection over union above which two palms are one
WRIST, INDEX, MIDDLE, RING = 0, 5, 9, 13  # points; the last three are the fingers' first joints
PALM_WRIST, PALM_MIDDLE = 0, 2  # of a palm's seven points
# Crops over the palm's and over the points' box, and how far towards the fingers, as trained.
PALM_CROP, PALM_SHIFT = 2.6, 0.5
HAND_CROP, HAND_SHIFT = 2.0, 0.1


@dataclass(frozen=True)
class Hand:
    """One hand.

    Attributes:
        points: (21, 2) px: the wrist, then thumb, index, middle, ring and little finger with four
            points each, from the palm to the tip.
        score: 0..1, that it is one.
    """

    points: Points
    score: float


@dataclass(frozen=True)
class _Palm:
    score: float
    box: Points  # (2, 2) px
    points: Points  # (7, 2) px


class HandFinder:
    """Both networks, loaded: 10 ms a picture on one core, and 16 more for each palm."""

    def __init__(self) -> None:
        """Load the pinned weights.

        Raises:
            WeightsInvalid: a weight file is not the pinned one.
        """
        self._palms, self._hands = Network(weights.path(PALMS)), Network(weights.path(HANDS))
        self._anchors = anchors((24, 2), (12, 6))  # (2016, 2)

    def __call__(self, rgb: Image) -> list[Hand]:
        """Return the hands in `rgb` (H, W, 3) uint8, the surest palm first."""
        found = (self._read(rgb, palm) for palm in self._find(rgb)[:MOST])
        return [hand for hand in found if hand.score > MIN_HAND]

    def _find(self, rgb: Image) -> list[_Palm]:
        scale = PALM_SIDE / max(rgb.shape[:2])
        small, offset = letterbox(rgb, scale, PALM_SIDE)
        out = self._palms(small[None].astype(np.float32) / np.float32(255))
        logits = out["Identity_1"][0, :, 0].astype(np.float64)
        scores = 1 / (1 + np.exp(-np.clip(logits, -60, 60)))
        palms: list[_Palm] = []
        for at in np.argsort(-scores, kind="stable"):
            if scores[at] < MIN_PALM:
                break
            raw = out["Identity"][0, at].astype(np.float64)
            centre, half = raw[:2], raw[2:4] / 2
            corners = np.stack([centre - half, centre + half, *raw[4:].reshape(7, 2)])
            corners = (corners + self._anchors[at] * PALM_SIDE - offset) / scale
            palm = _Palm(float(scores[at]), corners[:2], corners[2:])
            if all(overlap(palm.box, other.box) < SAME for other in palms):
                palms.append(palm)
        return palms

    def _read(self, rgb: Image, palm: _Palm) -> Hand:
        """Read the points twice: a crop around themselves is where the network is sharpest."""
        angle = _upright(palm.points[PALM_MIDDLE] - palm.points[PALM_WRIST])
        side = float((palm.box[1] - palm.box[0]).max())
        up = -_rotation(angle)[:, 1]
        first = self._points(
            rgb, palm.box.mean(0) + PALM_SHIFT * side * up, PALM_CROP * side, angle
        )
        if first.score < MIN_HAND:
            return first
        joints = first.points[[INDEX, MIDDLE, RING]]
        middle = np.array([0.25, 0.5, 0.25]) @ joints
        angle = _upright(middle - first.points[WRIST])
        turned = _rotation(angle)
        upright = first.points @ turned
        low, high = upright.min(0), upright.max(0)
        side = float((high - low).max())
        centre = turned @ ((low + high) / 2 - (0, HAND_SHIFT * side))
        return self._points(rgb, centre, HAND_CROP * side, angle)

    def _points(self, rgb: Image, centre: Points, side: float, angle: float) -> Hand:
        linear = _rotation(angle) * side / HAND_SIDE
        offset = centre - linear @ np.full(2, HAND_SIDE / 2)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        patch = cv2.warpAffine(rgb, np.c_[linear, offset], (HAND_SIDE, HAND_SIDE), flags=flags)
        out = self._hands(patch[None].astype(np.float32) / np.float32(255))
        local = out["Identity"].reshape(21, 3)[:, :2].astype(np.float64)
        return Hand(local @ linear.T + offset, float(out["Identity_1"].ravel()[0]))


@functools.cache
def hand_finder() -> HandFinder:
    """Return the networks, loaded at first use and kept for the life of the process."""
    return HandFinder()


def _upright(along: Points) -> float:
    """Return the angle (radians) by which a crop turns for a hand along (x, y) to point up."""
    return float(np.arctan2(along[1], along[0])) + np.pi / 2


def _rotation(angle: float) -> Points:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])
