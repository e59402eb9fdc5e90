"""Shading of folds that come and go with the face: beside the nose, over and between the brows.

Bending a photo moves the folds that it has and makes none. Soft bands of shade, bounded, do what a
viewer expects of a smile or raised brows; they are no wrinkles in detail.
"""

from itertools import pairwise

import cv2
import numpy as np

from generation.faces import topology
from generation.faces.arrays import Floats, Image, Mask, Points
from generation.mesh.mouth_shapes import Grin
from generation.mesh.sampling import enlarge, luminance, mean_colour, polygon, smoothstep
from generation.mesh.shapes import let_go
from generation.mesh.subject import Subject
from generation.motion.curves import Controls

FOLDS = ((129, 203, 206, 216), (358, 423, 426, 436))  # from the wings of the nose to the corners
FOLD_WIDTH, LINE_WIDTH = 0.32, 0.22  # cm
FOREHEAD_LINES = (1.1, 2.0, 2.9)  # cm over the brows
BETWEEN_BROWS = 0.55  # cm from the middle
TINT = (0.75, 1.05, 1.10)  # of the shade in red, green and blue: shade on skin is warm
DEEPEST = 0.20  # of the light that all shading together may take
BRIGHTEST = 0.06  # that it may add where a fold of the photo's grin lets go
FRINGE = 0.25  # of the cheeks' brightness that the forehead may differ by before it is called hair
ROUGH = 0.20  # of its brightness that a forehead's may spread, strands of hair are beyond
VISIBLE = 0.004
ARCS = ((70, 63, 105, 66, 107), (336, 296, 334, 293, 300))  # upper edges of the brows


class Creases:
    """Bands of shade over the grid, in the photo's coordinates."""

    def __init__(self, subject: Subject, grin: Grin) -> None:
        """Prepare the bands (rows, columns), 0..1, for one face."""
        spots = subject.grid.flat
        shape = (subject.grid.rows, subject.grid.columns)
        scale = subject.pose.scale
        beside = sum(_band(spots, subject.at(fold), FOLD_WIDTH * scale) for fold in FOLDS)
        self._folds = np.asarray(beside, np.float32).reshape(shape)
        bare = _forehead_is_bare(subject)
        self._forehead = (bare * _forehead(subject, spots)).astype(np.float32).reshape(shape)
        self._frown = _frown(subject, spots).astype(np.float32).reshape(shape)
        self._grin, self._grid = grin, subject.grid

    def draw(self, region: Image, back: Floats, c: Controls) -> None:
        """Shade a drawn region (h, w, 3) in place.

        Args:
            region: the face.
            back: (rows, columns, 2) px where each grid point's picture comes from.
            c: the frame's controls.
        """
        shade = self._shade(c)
        if shade is None:
            return
        moved = np.clip(self._grid.sample(shade, back), -BRIGHTEST, DEEPEST)
        seen = np.abs(moved) > VISIBLE
        if not seen.any():
            return
        light = enlarge(1 - moved, (region.shape[1], region.shape[0]))
        part = _pixels(seen, self._grid.step)
        planes = [1 - (1 - light[part]) * np.float32(share) for share in TINT]
        region[part] = cv2.multiply(region[part], cv2.merge(planes), dtype=cv2.CV_8U)

    def _shade(self, c: Controls) -> Floats | None:
        """Return the shade (rows, columns) before it moves, or None where there is none to see."""
        smile, up = max(0.0, c.smile), max(0.0, c.brow)
        lost = let_go(c) * (self._grin.lift + 0.5 * self._grin.width)
        folds = 0.10 * smile + 0.03 * max(0.0, c.wide) + 0.02 * min(1.0, c.jaw) - 0.06 * lost
        forehead = 0.07 * float(smoothstep(np.array((up - 0.06) / 0.45)))
        frown = 0.10 * min(1.0, max(0.0, c.frown))
        if max(abs(folds), forehead, frown) < VISIBLE:
            return None
        shade: Floats = (
            np.float32(folds) * self._folds
            + np.float32(forehead) * self._forehead
            + np.float32(frown) * self._frown
        )
        return shade


def _pixels(seen: Mask, step: tuple[float, float]) -> tuple[slice, slice]:
    """Return the rows and columns of pixels that hold what is marked in the grid, one cell more."""
    spans = []
    for axis, size in ((1, step[1]), (0, step[0])):
        found = np.flatnonzero(seen.any(axis))
        first, last = max(0, int(found[0]) - 1), int(found[-1]) + 2
        spans.append(slice(int(first * size), int(np.ceil(last * size))))
    return spans[0], spans[1]


def _band(spots: Points, line: Points, width: float) -> Points:
    """Return 1 on a line (n, 2) px, fading over `width` px and towards its ends: (m,)."""
    nearest = np.full(len(spots), np.inf)
    where = np.zeros(len(spots))
    for i, (a, b) in enumerate(pairwise(line)):
        along = np.clip((spots - a) @ (b - a) / max(float((b - a) @ (b - a)), 1e-6), 0, 1)
        away = np.linalg.norm(spots - a - along[:, None] * (b - a), axis=1)
        where = np.where(away < nearest, (i + along) / (len(line) - 1), where)
        nearest = np.minimum(nearest, away)
    ends = smoothstep(where / 0.25) * smoothstep((1 - where) / 0.25)
    band: Points = np.exp(-((nearest / width) ** 2)) * ends
    return band


def _forehead(subject: Subject, spots: Points) -> Points:
    """Return horizontal lines over the brows, following their arcs: (m,)."""
    scale = subject.pose.scale
    up = subject.pose.rotation[:2, 1] * (1, -1) * scale  # px a cm up the face
    arc = np.vstack([subject.at(part) for part in ARCS])
    lines = [_band(spots, arc + up * height, LINE_WIDTH * scale) for height in FOREHEAD_LINES]
    total: Points = np.sum(lines, axis=0)
    return total


def _frown(subject: Subject, spots: Points) -> Points:
    """Return two short lines between the brows: (m,)."""
    pose = subject.pose
    right, up = (pose.rotation[:2, i] * (1, -1) * pose.scale for i in (0, 1))
    middle = subject.at((107, 336)).mean(0)
    ends = np.array([-0.7, 0.0, 0.7])[:, None]
    sides = [middle + side * BETWEEN_BROWS * right + ends * up for side in (-1, 1)]
    total: Points = np.sum([_band(spots, line, 0.8 * LINE_WIDTH * pose.scale) for line in sides], 0)
    return total


def _forehead_is_bare(subject: Subject) -> float:
    """Return 1 where the forehead looks like skin, 0 under a fringe: darker, or far rougher."""
    up = subject.pose.rotation[:2, 1] * (1, -1) * subject.pose.scale
    brows = np.vstack([subject.at(part) for part in ARCS])
    over = polygon(subject.shape, np.vstack([brows + 0.8 * up, (brows + 3.2 * up)[::-1]]))
    cheeks = polygon(subject.shape, subject.at((*topology.CHEEKS[:2], *topology.CHEEKS[:1:-1])))
    there, skin = (luminance(mean_colour(subject.picture, mask)) for mask in (over, cheeks))
    grey = np.asarray(cv2.cvtColor(subject.picture, cv2.COLOR_RGB2GRAY), np.float32)
    spread = float(grey[over > 0.5].std()) if (over > 0.5).any() else 0.0
    return float(abs(there - skin) < FRINGE * skin and spread < ROUGH * max(there, 1.0))
