"""Composites the mouth: upper side, lower side, and the hole between them.

Each side of the lip line has a feathered mask that moves with its own field. The hole is whatever
neither side covers, so beyond the mouth's corners, where both sides meet, there is no seam.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from generation.faces import topology
from generation.faces.arrays import Floats, Image, Points
from generation.mesh.interior import MouthInterior
from generation.mesh.sampling import Box, FinePicture, blur, polygon, sample
from generation.mesh.subject import Subject
from generation.motion.curves import Controls

CLOSED_PHOTO = 0.10  # cm; below this the photo's lips touch and share one edge
OPEN = 1 / 512  # of a pixel, below which nothing behind the lips is seen
FEATHER = 0.012  # of the mouth's width
SHADOW_TINT = np.array([0.84, 1.04, 1.10], np.float32)  # red light comes through lips; grey is dead


@dataclass(frozen=True)
class MouthMaps:
    """Where the pixels of the mouth's box come from, in each layer: (h, w, 2) px."""

    upper: Floats
    lower: Floats


class Lips:
    """Masks and interior of one subject's mouth."""

    def __init__(self, subject: Subject, picture: FinePicture) -> None:
        """Prepare masks over the region, seen in `picture`, and the interior in the mouth's box."""
        self._picture = picture
        self.box = _mouth_box(subject)
        self._upper, self._lower = _side_masks(subject)
        self._interior = MouthInterior(subject, self.box)
        self._shadow = max(1.0, 0.006 * subject.face_height)

    def compose(self, out: Image, maps: MouthMaps, c: Controls, drift: Points) -> None:
        """Draw the mouth into `out`, which already shows the lower layer everywhere.

        Args:
            out: (h, w, 3) the region, changed in place within the box.
            maps: sources of the box's pixels.
            c: the frame's controls.
            drift: (2,) px that the head moved at the mouth.
        """
        left, top, right, bottom = self.box
        cover_upper = sample(self._upper, maps.upper)
        cover_lower = sample(self._lower, maps.lower)
        hole = np.clip(1 - cover_upper - cover_lower, 0, 1)
        lower = out[top:bottom, left:right].astype(np.float32)
        upper = self._picture.at(maps.upper).astype(np.float32)
        rest = np.clip(1 - cover_upper - hole, 0, 1)
        # As numbers a channel: numpy is slow where it repeats one for each of three.
        upper *= cv2.merge([cover_upper] * 3)
        lower *= cv2.merge([rest] * 3)
        mixed = upper
        mixed += lower
        if window := _bounds(hole):
            part = np.s_[window[1] : window[3], window[0] : window[2]]
            inside = self._interior.draw(c, drift, window)
            inside *= self._occlusion(cover_upper[part], cover_lower[part], c.gap)
            mixed[part] += inside * hole[part][..., None]
        mixed += 0.5
        out[top:bottom, left:right] = np.clip(mixed, 0, 255, out=mixed)

    def _occlusion(self, upper: Floats, lower: Floats, gap: float) -> Floats:
        """Return the shade (h, w, 3) that the lips cast inwards, less when they stand wide open."""
        from_upper = blur(np.ascontiguousarray(upper), self._shadow)
        from_lower = blur(np.ascontiguousarray(lower), self._shadow)
        light = np.float32(0.82 + 0.18 * min(1.0, max(0.0, gap) / 0.7))
        shade = (1 - 0.38 * from_upper) * (1 - 0.26 * from_lower) * light
        warm: Floats = 1 - (1 - shade)[..., None] * SHADOW_TINT
        return warm


def _bounds(hole: Floats) -> Box | None:
    """Return the box of what is open, or None where the lips are shut."""
    seen = hole > OPEN
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _mouth_box(subject: Subject) -> Box:
    """Return the box that the mouth stays in, however wide it opens."""
    right, left = (
        subject.points[i] for i in (topology.RIGHT_MOUTH_CORNER, topology.LEFT_MOUTH_CORNER)
    )
    top_lip = subject.points[topology.UPPER_OUTER_LIP_MIDDLE]
    low_lip = subject.points[topology.LOWER_OUTER_LIP_MIDDLE]
    pad = 0.22 * float(np.linalg.norm(left - right))
    low = np.minimum(np.minimum(right, left), top_lip) - np.array([pad + 10, 0.8 * pad + 10])
    high = np.maximum(np.maximum(right, left), low_lip) + np.array([pad + 10, 1.6 * pad + 10])
    height, width = subject.shape
    return (
        max(0, int(low[0])),
        max(0, int(low[1])),
        min(width, int(np.ceil(high[0]))),
        min(height, int(np.ceil(high[1]))),
    )


def _side_masks(subject: Subject) -> tuple[Floats, Floats]:
    """Return the masks (h, w) of everything above the upper and below the lower inner lip."""
    upper, lower = subject.at(topology.UPPER_INNER_LIP), subject.at(topology.LOWER_INNER_LIP)
    if subject.mouth_gap < CLOSED_PHOTO:
        upper = lower = (upper + np.maximum(lower, upper)) / 2
    right = subject.points[topology.RIGHT_MOUTH_CORNER]
    left = subject.points[topology.LEFT_MOUTH_CORNER]
    width = float(np.linalg.norm(left - right))
    along = (left - right) / width
    down = np.array([-along[1], along[0]])
    far = float(max(subject.shape))
    feather = max(0.7, FEATHER * width)

    def side(lip: Points, direction: float) -> Floats:
        edge = np.vstack([right - along * 3 * width, right, lip, left, left + along * 3 * width])
        away = direction * far * down
        mask = polygon(subject.shape, np.vstack([edge, edge[-1] + away, edge[0] + away]))
        return blur(mask, feather)

    return side(upper, -1.0), side(lower, 1.0)
