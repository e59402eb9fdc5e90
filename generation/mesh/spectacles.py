"""Rims of glasses: found by their shape, taken off the face, and laid over it again unbent.

Rims go with the head; lids, brows and cheeks move behind them. They are thin and dark and, unlike
folds and lashes, run over the bridge of the nose from one eye to the other.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from generation.faces import topology
from generation.faces.arrays import Floats, Image, Mask, Points
from generation.mesh.sampling import Box, FinePicture, blur, sample
from generation.mesh.subject import Subject

FACE = 200.0  # px from forehead to chin at which rims are looked for
THIN = 11  # px there: rims are thinner
DARK, FAINT = 0.13, 0.10  # of the light around: where a rim is looked for, and how far it goes on
SPAN = 0.95  # of the distance of the outer corners of the eyes that one line must run
SHORT_SPAN, CLEAR_BRIDGE = (
    0.6,
    10.0,
)  # or less, if the bridge stands out so many times
TEMPLE_RIGHT, TEMPLE_LEFT = 117, 346  # cheek bones: rims end above them
BROW_RIGHT, BROW_LEFT, NOSE_TOP, NOSE_MIDDLE = 105, 334, 9, 195


@dataclass(frozen=True)
class Spectacles:
    """Rims as a layer.

    Attributes:
        picture: the box with the rims on.
        box: of the region around them.
        mask: (h, w) of the box, 0..1.
    """

    picture: FinePicture
    box: Box
    mask: Floats

    def draw(self, region: Image, where: Floats) -> None:
        """Lay the rims over a finished region (h, w, 3), in place.

        Args:
            region: the face.
            where: (h, w, 2) px, where the box's pixels come from when only the head moves.
        """
        left, top, right, bottom = self.box
        area = np.s_[top:bottom, left:right]
        inside = where - np.array([left, top], np.float32)
        cover = sample(self.mask, inside, outside_zero=True)[..., None]
        rims = self.picture.at(inside).astype(np.float32)
        mixed = region[area] + (rims - region[area]) * cover
        region[area] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)


def take_off(subject: Subject) -> tuple[Subject, Spectacles | None]:
    """Return the subject without rims, and the rims; the subject itself where it wears none."""
    factor = FACE / subject.face_height
    found = _rims(subject, factor)
    if found is None:
        return subject, None
    height, width = subject.shape
    mask = np.asarray(cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR), "f4")
    soft = blur(mask, max(0.7, 0.6 / factor))
    rows, columns = np.flatnonzero(soft.any(1)), np.flatnonzero(soft.any(0))
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    area = np.s_[box[1] : box[3], box[0] : box[2]]
    worn = np.ascontiguousarray(subject.picture[area])
    bare = subject.picture.copy()
    hole = (soft[area] > 0.05).astype(np.uint8)
    bare[area] = cv2.inpaint(worn, hole, max(2.0, 3 / factor), cv2.INPAINT_TELEA)
    layer = Spectacles(FinePicture(worn), box, np.ascontiguousarray(soft[area]))
    return replace(subject, picture=bare), layer


def _rims(subject: Subject, factor: float) -> Floats | None:
    """Return the rims (h, w) 0 or 1 at a face of FACE px, or None."""
    size = (round(subject.shape[1] * factor), round(subject.shape[0] * factor))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    small = cv2.resize(subject.picture, size, interpolation=method)
    points = subject.points * factor
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.float32)
    ridge = _ridges(grey)
    around, brows = _around_eyes(points, ridge.shape)
    count, label = cv2.connectedComponents(((ridge > DARK) & around).astype(np.uint8))
    eyes = points[[topology.RIGHT_EYE_OUTER, topology.LEFT_EYE_OUTER]]
    distance, middle = float(np.linalg.norm(eyes[1] - eyes[0])), float(eyes[:, 0].mean())
    least = SHORT_SPAN if _bridge(ridge, points) > CLEAR_BRIDGE else SPAN
    kept = np.zeros(ridge.shape, bool)
    for number in range(1, count):
        columns = np.flatnonzero((label == number).any(0))
        crosses = columns[0] < middle - 0.25 * distance and columns[-1] > middle + 0.25 * distance
        if crosses and columns[-1] - columns[0] >= least * distance:
            kept |= label == number
    if not kept.any():
        return None
    # Over a brow only what is as dark as the rims that were found, or its hair would be held still.
    over = brows & (grey < 1.15 * float(np.median(grey[kept]))) & (ridge > 2 * DARK)
    return _grown(kept, ((ridge > FAINT) & around) | over)


def _ridges(grey: Floats) -> Floats:
    """Return how much darker (h, w) 0..1 than around it everything thin is."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (THIN, THIN))
    closed = np.asarray(cv2.morphologyEx(grey, cv2.MORPH_CLOSE, kernel), np.float32)
    return (closed - grey) / (closed + np.float32(20))


def _around_eyes(points: Points, shape: tuple[int, ...]) -> tuple[Mask, Mask]:
    """Return where rims may be, without the eyes, their lashes and the brows; and the brows."""
    eyes = points[[topology.RIGHT_EYE_OUTER, topology.LEFT_EYE_OUTER]]
    distance = float(np.linalg.norm(eyes[1] - eyes[0]))
    top = int(points[[BROW_RIGHT, BROW_LEFT], 1].min() - 0.1 * distance)
    bottom = int(points[[TEMPLE_RIGHT, TEMPLE_LEFT], 1].mean() + 0.25 * distance)
    left, right = int(eyes[0, 0] - 0.3 * distance), int(eyes[1, 0] + 0.3 * distance)
    around = np.zeros(shape[:2], np.uint8)
    around[max(0, top) : bottom, max(0, left) : right] = 1
    eye, hair = np.zeros(shape[:2], np.uint8), np.zeros(shape[:2], np.uint8)
    for upper, lower, brow in (topology.RIGHT_EYE, topology.LEFT_EYE):
        opening = np.vstack([points[list(upper)], points[list(lower)][::-1]])
        cv2.fillPoly(eye, [opening.astype(np.int32)], (1,))
        above = points[[topology.BROWS[topology.BROWS.index(v) - 5] for v in brow]]
        whole = np.vstack([points[list(brow)], above[::-1]])
        cv2.fillPoly(hair, [cv2.convexHull(whole.astype(np.int32))], (1,))
    kernel = np.ones((7, 7), np.uint8)
    eye, hair = (np.asarray(cv2.dilate(mask, kernel), np.uint8) for mask in (eye, hair))
    rims: Mask = (around > 0) & (eye == 0) & (hair == 0)
    brows: Mask = (hair > 0) & (eye == 0)
    return rims, brows


def _bridge(ridge: Floats, points: Points) -> float:
    """Return how far a line across the nose between the eyes stands out over the rest of it."""
    inner = points[[topology.RIGHT_EYE[0][-1], topology.LEFT_EYE[0][-1]]]
    middle, half = float(inner[:, 0].mean()), 0.2 * float(np.linalg.norm(inner[1] - inner[0]))
    rows = slice(int(points[NOSE_TOP, 1]), int(points[NOSE_MIDDLE, 1]))
    strip = ridge[rows, int(middle - half) : int(middle + half) + 1]
    if strip.size == 0:
        return 0.0
    profile = strip.mean(1)
    return float(profile.max() / (np.median(profile) + 0.02))


def _grown(
    kept: Mask,
    faint: Mask,
) -> Floats:
    """Return the found rims with what faintly goes on from them, a little wider: 0 or 1."""
    _, label = cv2.connectedComponents((faint | kept).astype(np.uint8))
    joined = np.isin(label, np.unique(label[kept]))
    return np.asarray(cv2.dilate(joined.astype(np.float32), np.ones((3, 3), np.uint8)), np.float32)
