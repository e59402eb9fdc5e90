"""Where a face's landmarks go when curves move it, drawn as a picture that a network reads.

The geometry is the mesh engine's own: shapes of the face in head space, then the head's motion.
Training data and an engine at work draw it by the same code, so that a network sees one language.
"""

from collections.abc import Iterable

import cv2
import numpy as np

from generation.faces.arrays import Floats, Image, Points
from generation.faces.topology import (
    BROWS,
    FACE_OVAL,
    LEFT_EYE,
    LEFT_IRIS,
    LOWER_INNER_LIP,
    MESH_POINTS,
    OUTER_LIPS,
    RIGHT_EYE,
    RIGHT_IRIS,
    UPPER_INNER_LIP,
)
from generation.mesh.calibration import USUAL, Opening
from generation.mesh.eyelids import TRAVEL
from generation.mesh.gaze import EYEBALL_RADIUS, LARGEST
from generation.mesh.headmotion import HeadMotion
from generation.mesh.mouth_shapes import measure_grin, measure_mouth
from generation.mesh.sampling import polygon, sample
from generation.mesh.shapes import build_shapes, shape_weights
from generation.mesh.subject import find_subject
from generation.motion.curves import Controls, Curves

CHANNELS = 3
_NOSE = (168, 6, 197, 195, 5, 4)  # down its ridge
_NOSTRILS = (98, 97, 2, 326, 327)
_BROW_LINES = ((70, 63, 105, 66, 107), (300, 293, 334, 296, 336))
_INNER_LIPS = (*UPPER_INNER_LIP, *LOWER_INNER_LIP[-2:0:-1])
_ABOVE_JAW = (*FACE_OVAL[-8:], *FACE_OVAL[:9])  # from ear to ear over the forehead
_EYES = ((RIGHT_EYE, RIGHT_IRIS), (LEFT_EYE, LEFT_IRIS))
# What is drawn where the mouth is left out.
ABOVE_MOUTH = tuple(
    sorted(
        {
            *_ABOVE_JAW, *_NOSE, *_NOSTRILS, *(i for line in _BROW_LINES for i in line),
            *(i for eye, iris in _EYES for i in (*eye[0], *eye[1], *iris)),
        }
    )
)  # fmt: skip
_BITS = 4  # of sub-pixel precision
_LOOSE = 0.12  # of the mouth's width and of an eye's: what a mask takes in around them


class FaceGeometry:
    """The landmarks of one photo, and how they move."""

    def __init__(self, points: Points, side: int, opening: Opening = USUAL) -> None:
        """Prepare a face.

        Args:
            points: (478, 3) px, in a square picture.
            side: px of that picture.
            opening: how much further than asked the mouth opens (the mesh engine's calibration).
        """
        picture = np.zeros((side, side, CHANNELS), np.uint8)
        self._subject = find_subject(picture, points)
        self._points = points[:, :2].astype(np.float64)
        self._corner = np.array(self._subject.place[:2], np.float64)
        self._shapes = self._subject.pose.offsets_to_pixels(build_shapes(self._subject.head))
        self._grin = measure_grin(measure_mouth(self._subject.head))
        self._motion = HeadMotion(self._subject, cut_out=True)
        self._opening = opening
        spots = self._points - self._corner
        cells = (spots + 0.5) / self._subject.grid.step - 0.5
        self._cells = cells.astype(np.float32)[None]

    def moved(self, curves: Curves) -> Floats:
        """Return (T, 478, 2) px, the landmarks at each frame."""
        return np.stack([self._at(curves.at(i)) for i in range(len(curves))])

    def _at(self, c: Controls) -> Floats:
        spots = self._points - self._corner
        weights = shape_weights(c, self._opening, self._grin)
        moved = spots.copy()
        moved[:MESH_POINTS] += np.einsum("k,knd->nd", weights, self._shapes)
        moved += lids_lowered(spots, c.blink)
        for _, iris in _EYES:
            moved[list(iris)] += self._glance(c.gaze)
        head = sample(self._motion.field(c), self._cells)[0]
        return np.asarray(moved + head + self._corner, np.float32)

    def _glance(self, gaze: float) -> Points:
        pose = self._subject.pose
        axis = pose.rotation[:2, 0] * (1, -1)
        along: Points = EYEBALL_RADIUS * pose.scale * axis * np.clip(gaze, -LARGEST, LARGEST)
        return along


def lids_lowered(points: Points, blink: float) -> Points:
    """Return how far each landmark (478, 2) px goes when the upper lids come down.

    Args:
        points: (478, 2) px, with open eyes.
        blink: 0 open .. 1 shut.
    """
    lowered = np.zeros(points.shape)
    for (upper, lower, _), _ in _EYES:
        way = points[list(lower)] - points[list(upper)]
        lowered[list(upper)] = np.clip(blink, 0, 1) * TRAVEL * way
    return lowered


def draw_structure(points: Points | Floats, side: int, *, mouth: bool = True) -> Image:
    """Return a face drawn from its landmarks: (3, side, side) uint8.

    Channel 0 holds the outline of face, brows and nose, 1 the openings of the eyes with their
    irises, 2 the lips with the opening of the mouth filled.

    Args:
        points: (478, >=2) px in a picture of that side.
        side: px.
        mouth: whether lips, chin and jaw are drawn; left out, the voice alone moves them.
    """
    points = np.asarray(points, np.float64)[:, :2]
    drawn = np.zeros((CHANNELS, side, side), np.uint8)
    thick = max(1, round(side / 128))
    if mouth:
        _line(drawn[0], points[list(FACE_OVAL)], thick, closed=True)
    else:
        _line(drawn[0], points[list(_ABOVE_JAW)], thick)
    for vertices in (_NOSE, _NOSTRILS, *_BROW_LINES):
        _line(drawn[0], points[list(vertices)], thick)
    for eye, iris in _EYES:
        outline = points[[*eye[0], *eye[1][-2:0:-1]]]
        _fill(drawn[1], outline, 110)
        _line(drawn[1], outline, thick, closed=True)
        pupil = points[iris[0]]
        _fill(drawn[1], pupil + (points[list(iris[1:])] - pupil) * 0.7, 255)
    if not mouth:
        return drawn
    _fill(drawn[2], points[list(OUTER_LIPS)], 110)
    _fill(drawn[2], points[list(_INNER_LIPS)], 255)
    _line(drawn[2], points[list(OUTER_LIPS)], thick, closed=True)
    return drawn


def region_masks(points: Points | Floats, side: int) -> dict[str, Floats]:
    """Return where the face, the lips (with the mouth) and the eyes are: (side, side) 0..1 each."""
    flat = np.asarray(points, np.float64)[:, :2]
    eyes = np.zeros((side, side), np.float32)
    for eye in (RIGHT_EYE, LEFT_EYE):
        eyes = np.maximum(eyes, polygon((side, side), _around(flat[[*eye[0], *eye[1]]])))
    return {
        "face": polygon((side, side), flat[list(FACE_OVAL)]),
        "lips": polygon((side, side), _around(flat[list(OUTER_LIPS)])),
        "eyes": eyes,
    }


def mouth_opening(points: Points | Floats) -> Floats:
    """Return the height of the mouth's opening over the face's width, (T,).

    Args:
        points: (T, 478, 2) px.
    """
    upper, lower = points[:, UPPER_INNER_LIP[5]], points[:, LOWER_INNER_LIP[5]]
    width = np.linalg.norm(points[:, 454] - points[:, 234], axis=-1)
    return np.asarray(np.linalg.norm(upper - lower, axis=-1) / width, np.float32)


def _around(outline: Points) -> Points:
    """Return the convex outline of points (n, 2), let out a little."""
    hull: Points = cv2.convexHull(outline.astype(np.float32))[:, 0].astype(np.float64)
    centre = hull.mean(0)
    margin = _LOOSE * float(np.ptp(hull[:, 0]))
    away = hull - centre
    length = np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-6)
    let_out: Points = hull + away / length * margin
    return let_out


def _fixed(points: Iterable[float] | Points | Floats) -> Points:
    return np.round(np.asarray(points) * (1 << _BITS)).astype(np.int32)


def _line(canvas: Image, points: Points | Floats, thick: int, *, closed: bool = False) -> None:
    cv2.polylines(canvas, [_fixed(points)], closed, (255,), thick, cv2.LINE_AA, _BITS)


def _fill(canvas: Image, points: Points | Floats, level: int) -> None:
    cv2.fillPoly(canvas, [_fixed(points)], (level,), cv2.LINE_AA, _BITS)


__all__ = [
    "ABOVE_MOUTH",
    "BROWS",
    "CHANNELS",
    "FaceGeometry",
    "draw_structure",
    "lids_lowered",
    "mouth_opening",
    "region_masks",
]
