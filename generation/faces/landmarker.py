"""Landmarks of a face: MediaPipe's face_landmarker.task run by LiteRT, without MediaPipe.

MediaPipe itself is not used: its wheel carries no models and reports usage to its maker.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import cv2
import numpy as np

from generation import weights
from generation.faces import topology
from generation.faces.arrays import Image, Points
from generation.faces.detector import Detection, FaceDetector
from generation.faces.errors import FaceNotFound, SeveralFaces
from generation.faces.headpose import HeadPose, fit_head
from generation.faces.litert import Network

CROP = 256
MARGIN = 1.5  # the crop's side over the face's longer side, as the network was trained
MIN_PRESENCE = 0.5
# Smaller faces are people in the background: cropped out or left still, never animated.
MIN_RELATIVE_HEIGHT = 0.3


@dataclass(frozen=True)
class Face:
    """One face.

    Attributes:
        points: (478, 3) float64 px: x right, y down, z growing away from the viewer.
        score: 0..1, that there is a face at all; it stays 1 when a hand hides the mouth.
        shapes: returns :attr:`blendshapes`; a network does, and most look at points alone.
    """

    points: Points
    score: float
    shapes: Callable[[], dict[str, float]] = field(repr=False, compare=False)

    @cached_property
    def blendshapes(self) -> dict[str, float]:
        """ARKit-style name -> 0..1 (52 of them)."""
        return self.shapes()

    @property
    def height(self) -> float:
        """Forehead to chin in pixels."""
        span = self.points[topology.FOREHEAD, :2] - self.points[topology.CHIN, :2]
        return float(np.linalg.norm(span))

    def pose(self) -> HeadPose:
        """Return where the head is; `.yaw`, `.pitch`, `.roll` are in degrees."""
        return fit_head(self.points)

    def mouth_gap(self) -> float:
        """Return the distance between the inner lips in cm of a standard head."""
        a, b = topology.UPPER_INNER_LIP_MIDDLE, topology.LOWER_INNER_LIP_MIDDLE
        gap = np.linalg.norm(self.points[a, :2] - self.points[b, :2])
        return float(gap / self.pose().scale)

    def eye_aspect_ratio(self) -> float:
        """Return the mean over both eyes of lid distance over eye width: about .3 open, .1 shut."""
        ratios = []
        for upper, lower, _ in (topology.RIGHT_EYE, topology.LEFT_EYE):
            u, low = self.points[list(upper), :2], self.points[list(lower), :2]
            opening = np.linalg.norm(u[2:-2] - low[2:-2], axis=1).mean()
            ratios.append(opening / np.linalg.norm(u[-1] - u[0]))
        return float(np.mean(ratios))


@dataclass(frozen=True)
class _Crop:
    """A rotated square in the picture: centre (x, y), side in px, angle in radians."""

    centre: Points
    side: float
    angle: float


class FaceLandmarker:
    """Detector, 478 landmarks and 52 blendshapes; about 11 ms a face on one core."""

    def __init__(self, task_path: Path | None = None) -> None:
        """Load the three networks; without a path the vendored, digest-checked file."""
        task = task_path or weights.path("face_landmarker.task")
        self._detector = FaceDetector(task)
        self._landmarks = Network(task, "face_landmarks_detector.tflite")
        self._blendshapes = Network(task, "face_blendshapes.tflite")

    def detect(self, rgb: Image) -> list[Detection]:
        """Return the face boxes in `rgb` (H, W, 3) uint8, largest first."""
        return self._detector(rgb)

    def landmarks(self, rgb: Image) -> Face | None:
        """Return the largest face of `rgb` (H, W, 3) uint8, or None when there is none."""
        faces = self.faces(rgb)
        return faces[0] if faces else None

    def faces(self, rgb: Image) -> list[Face]:
        """Return every face that counts, largest first; boxes without a face are dropped."""
        boxes = self.detect(rgb)
        large = [b for b in boxes if b.height >= MIN_RELATIVE_HEIGHT * boxes[0].height]
        return [face for box in large if (face := self._from_box(rgb, box)) is not None]

    def only(self, rgb: Image) -> Face:
        """Return the one face of a portrait.

        Raises:
            FaceNotFound: there is none.
            SeveralFaces: there is more than one.
        """
        faces = self.faces(rgb)
        if not faces:
            raise FaceNotFound(
                "no face was found in the photo",
                remedy="Use a sharp, evenly lit photo of one person looking at the camera.",
            )
        if len(faces) > 1:
            raise SeveralFaces(
                f"{len(faces)} faces were found in the photo",
                remedy="Crop the photo so that it shows only the person who is to speak.",
            )
        return faces[0]

    def track(self, rgb: Image, points: Points) -> Face:
        """Return the face near known landmarks (478, 3) px: sharper, and no search."""
        landmarks, score = self._read(rgb, _crop_of_points(points))
        return self._face(landmarks, score)

    def _from_box(self, rgb: Image, box: Detection) -> Face | None:
        points, score = self._read(rgb, _crop_of_box(box))
        if score < MIN_PRESENCE:
            return None
        for _ in range(2):  # a crop around the points themselves is where the network is sharpest
            points, score = self._read(rgb, _crop_of_points(points))
        return self._face(points, score)

    def _face(self, points: Points, score: float) -> Face:
        return Face(points, score, partial(self._shapes, points))

    def _read(self, rgb: Image, crop: _Crop) -> tuple[Points, float]:
        """Return (478, 3) px and the presence score for one crop."""
        scale = crop.side / CROP
        linear = _rotation(crop.angle) * scale
        offset = crop.centre - linear @ np.array([CROP / 2, CROP / 2])
        shrunk, factor = _shrink(rgb, int(scale))
        matrix = np.c_[linear, offset + 0.5] / factor - np.array([0, 0, 0.5])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        patch = cv2.warpAffine(shrunk, matrix, (CROP, CROP), flags=flags)
        out = self._landmarks(patch[None].astype(np.float32) / np.float32(255))
        local = out["Identity"].reshape(478, 3).astype(np.float64)
        points = np.c_[local[:, :2] @ linear.T + offset, local[:, 2] * scale]
        logit = float(out["Identity_1"].ravel()[0])
        return points, float(1 / (1 + np.exp(-np.clip(logit, -60, 60))))

    def _shapes(self, points: Points) -> dict[str, float]:
        seen = points[list(topology.BLENDSHAPE_POINTS), :2]
        out = self._blendshapes(seen.astype(np.float32)[None])
        values = next(iter(out.values())).ravel()
        return dict(zip(topology.BLENDSHAPE_NAMES, map(float, values), strict=True))


def _crop_of_box(box: Detection) -> _Crop:
    eyes = box.keypoints[1] - box.keypoints[0]
    angle = float(np.arctan2(eyes[1], eyes[0]))
    return _Crop(box.box.mean(0), float((box.box[1] - box.box[0]).max()) * MARGIN, angle)


def _crop_of_points(points: Points) -> _Crop:
    flat = points[:, :2]
    eyes = flat[topology.LEFT_EYE_OUTER] - flat[topology.RIGHT_EYE_OUTER]
    angle = float(np.arctan2(eyes[1], eyes[0]))
    rotation = _rotation(angle)
    upright = flat @ rotation  # rotation.T applied to each row
    low, high = upright.min(0), upright.max(0)
    return _Crop(rotation @ ((low + high) / 2), float((high - low).max()) * MARGIN, angle)


def _rotation(angle: float) -> Points:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


def _shrink(rgb: Image, factor: int) -> tuple[Image, int]:
    """Average whole blocks of pixels where a crop would skip over them; returns the factor used."""
    if factor <= 1:
        return rgb, 1
    height, width = (n // factor for n in rgb.shape[:2])
    whole = rgb[: height * factor, : width * factor]
    small = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), factor
