"""What a prompt may change, measured in drawn pictures and in nothing that the engine was told.

Expression and gaze are read by the blendshape network, which no engine uses; the head's pose from
landmarks found anew in every frame; light from the pixels of the face; the background from those of
the upper corners of the picture, where there is no person.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from generation.faces import Face, topology
from generation.faces.arrays import Floats, Image, Points
from generation.faces.headpose import HeadPose, fit_head
from generation.faces.topology import LEFT_EYE, RIGHT_EYE
from generation.resident import landmarker

LOOK_EVERY = 12  # frames between those whose colours are measured
_RIGID = (33, 133, 263, 362, 168, 6, 197, 195, 5, 4, 1, 127, 356, 234, 454)  # eyes, nose, temples
_SHUT = 0.6  # of the lids' usual opening
_NO_EDGE = 0.004  # contrast that nobody sees
_CORNER = (0.30, 0.12)  # of the picture's height and width: an upper corner


@dataclass(frozen=True)
class Measure:
    """One number of a clip.

    Attributes:
        unit: its unit.
        step: the least difference that is called one, in this unit, however still the measure is.
        says: what it is.
    """

    unit: str
    step: float
    says: str


MEASURES = {
    "smile": Measure("0..1", 0.05, "corners of the mouth up less corners down"),
    "squint": Measure("0..1", 0.05, "lower lids up"),
    "brows": Measure("0..1", 0.05, "inner and outer brows raised"),
    "gathered": Measure("cm", 0.02, "inner ends of the brows lower than the brows"),
    "gaze": Measure("-2..2", 0.10, "eyes to the viewer's right"),
    "glances": Measure("-2..2", 0.03, "how much the gaze varies (deviation)"),
    "blinks": Measure("a minute", 3.0, "lids that shut and open again"),
    "movement": Measure("degrees", 0.3, "how much the head turns and tilts (deviation)"),
    "nodding": Measure("degrees", 0.3, "how much the head nods (deviation)"),
    "facing": Measure("degrees", 1.0, "the head to the viewer's right, on average"),
    "pitch": Measure("degrees", 1.0, "the face down, on average"),
    "tilt": Measure("degrees", 1.0, "the head tilted, on average"),
    "mouth": Measure("cm", 0.04, "how far the lips open (90th percentile)"),
    "warmth": Measure("log", 0.03, "red over blue in the face"),
    "brightness": Measure("log", 0.05, "luminance of the face"),
    "side": Measure("log", 0.05, "right half of the face over its left half"),
    "size": Measure("log", 0.03, "height of the face in the picture"),
    "sharpness": Measure("log", 0.10, "edges in the background, of its brightness"),
    "background": Measure("CIE 1976", 3.0, "how far the background's colour is from before"),
}


@dataclass(frozen=True)
class Clip:
    """What was measured of one clip.

    Attributes:
        values: one number for each of :data:`MEASURES` but the last.
        colour: of the background, (3,) CIE L*a*b*.
    """

    values: dict[str, float]
    colour: Points

    def beside(self, neutral: Clip) -> dict[str, float]:
        """Return how far each measure is from a neutral clip's."""
        moved = {name: value - neutral.values[name] for name, value in self.values.items()}
        return moved | {"background": float(np.linalg.norm(self.colour - neutral.colour))}


def watch(pictures: Iterable[Image], fps: float) -> Clip:
    """Measure a clip of (H, W, 3) uint8 RGB pictures that all show one face."""
    rows, colours, corners = [], [], []
    face: Face | None = None
    for index, picture in enumerate(pictures):
        face = landmarker().track(picture, face.points) if face else landmarker().only(picture)
        rows.append(_of_the_face(face, picture.shape[0]))
        if index % LOOK_EVERY == 0:
            colours.append(_light(picture, face))
            corners.append(_background(picture))
    track = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    values = _summed(track, fps)
    values |= {name: float(np.mean([c[name] for c in colours])) for name in colours[0]}
    behind = np.mean(corners, 0)
    return Clip(values | {"sharpness": float(behind[3])}, behind[:3])


def _of_the_face(face: Face, height: int) -> dict[str, float]:
    shape, pose = face.blendshapes, rigid_pose(face)

    def both(name: str) -> float:
        return (shape[f"{name}Left"] + shape[f"{name}Right"]) / 2

    rightward = shape["eyeLookOutLeft"] + shape["eyeLookInRight"]
    leftward = shape["eyeLookOutRight"] + shape["eyeLookInLeft"]
    return {
        "smile": both("mouthSmile") - both("mouthFrown"),
        "squint": both("eyeSquint"),
        "brows": (shape["browInnerUp"] + both("browOuterUp")) / 2,
        "gathered": _gathered(face, pose),
        "gaze": rightward - leftward,
        "lids": face.eye_aspect_ratio(),
        "yaw": pose.yaw,
        "pitch": pose.pitch,
        "roll": pose.roll,
        "gap": face.mouth_gap(),
        "size": float(np.log(face.height / height)),
    }


def rigid_pose(face: Face) -> HeadPose:
    """Return the head's pose by eye corners, nose, temples: brows, lids and cheeks left out."""
    return fit_head(face.points, _RIGID)


def _gathered(face: Face, pose: HeadPose) -> float:
    """Return how much lower (cm) the inner ends of the brows are than the brows as a whole."""
    edges = [pose.to_head(face.points[list(eye[2])]) for eye in (RIGHT_EYE, LEFT_EYE)]
    return float(np.mean([edge[:, 1].mean() - edge[-1, 1] for edge in edges]))


def _summed(track: dict[str, Points], fps: float) -> dict[str, float]:
    shut = track["lids"] < _SHUT * np.percentile(track["lids"], 75)
    began = int((np.diff(np.r_[False, shut].astype(int)) > 0).sum())
    values = {
        name: float(track[name][~shut].mean())
        for name in ("smile", "squint", "brows", "gathered", "gaze")
    }
    return values | {
        "glances": float(track["gaze"][~shut].std()),
        "blinks": 60 * began * fps / shut.size,
        "movement": float(np.hypot(track["yaw"].std(), track["roll"].std())),
        "nodding": float(track["pitch"].std()),
        "facing": float(track["yaw"].mean()),
        "pitch": float(track["pitch"].mean()),
        "tilt": float(track["roll"].mean()),
        "mouth": float(np.percentile(track["gap"], 90)),
        "size": float(track["size"].mean()),
    }


def _light(picture: Image, face: Face) -> dict[str, float]:
    """Return the light on the face as logarithms."""
    oval = face.points[list(topology.FACE_OVAL), :2]
    inside = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillConvexPoly(inside, np.round(oval).astype(np.int32), 1)
    rows, columns = np.nonzero(inside)
    pixels = picture[rows, columns].astype(np.float64) + 1
    luminance = pixels @ (0.299, 0.587, 0.114)
    right = columns > face.points[[1, 168, topology.CHIN], 0].mean()
    return {
        "warmth": float(np.log(pixels[:, 0].mean() / pixels[:, 2].mean())),
        "brightness": float(np.log(luminance.mean())),
        "side": float(np.log(luminance[right].mean() / luminance[~right].mean())),
    }


def _background(picture: Image) -> Floats:
    """Return colour (L*, a*, b*) and sharpness of the upper corners, (4,)."""
    high, wide = (int(share * size) for share, size in zip(_CORNER, picture.shape, strict=False))
    sides = [picture[:high, :wide], picture[:high, -wide:]]
    lab = [cv2.cvtColor(s.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) for s in sides]
    grey = [cv2.cvtColor(s, cv2.COLOR_RGB2GRAY) for s in sides]
    edges = [float(np.abs(cv2.Laplacian(g, cv2.CV_32F)).mean() / (g.mean() + 1)) for g in grey]
    colour = np.mean([part.reshape(-1, 3).mean(0) for part in lab], 0)
    found: Floats = np.r_[colour, np.log(np.mean(edges) + _NO_EDGE)]
    return found
