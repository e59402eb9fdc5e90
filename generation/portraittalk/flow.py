"""Where each place of a drawn face stands in photos that it is drawn from: backward flows.

What moved the landmarks is known, so nobody has to find it in pictures. An affine map takes what is
around the face along with it; what a landmark goes beyond that is spread to its neighbours by
inverse distances (Shepard, ACM 1968).
"""

from collections.abc import Sequence

import numpy as np

from generation.faces.arrays import Floats, Points
from generation.portraittalk.structure_drawing import ABOVE_MOUTH

CELL = 2  # px: lids lie four apart, and go their own ways
_SOFT = 1.0  # px^2, added to distances squared: what lies nearer than this counts as one


def backward_flow(
    points: Points | Floats, photos: Sequence[Points | Floats], side: int, *, mouth: bool = True
) -> Floats:
    """Return how far away in k photos each place is found, (2 k, side / CELL, side / CELL).

    Columns, then rows, in halves of the picture's side, as torch's `grid_sample` counts; one photo
    after the other.

    Args:
        points: (478, >=2) px, where the face stands in the picture.
        photos: k of (478, >=2) px, where it stands in each, cut to the same side.
        side: px of both.
        mouth: whether lips, chin and jaw say anything; left out, the voice alone moves them.
    """
    chosen = slice(None) if mouth else list(ABOVE_MOUTH)
    here, *every = (np.asarray(p, np.float32)[chosen, :2] for p in (points, *photos))
    there = np.concatenate(every, 1)
    cells = side // CELL
    middle = (np.arange(cells, dtype=np.float32) + 0.5) * CELL - 0.5
    places = np.stack(np.meshgrid(middle, middle), -1).reshape(-1, 2)
    affine = np.linalg.lstsq(_beside_one(here), there, rcond=None)[0].astype(np.float32)
    rest = there - _beside_one(here) @ affine
    apart = (places**2).sum(1)[:, None] + (here**2).sum(1) - 2 * places @ here.T
    near = 1 / np.maximum(apart + _SOFT, _SOFT)
    worth = near * near * near
    found = _beside_one(places) @ affine + worth @ rest / worth.sum(1, keepdims=True)
    halves = (found - np.tile(places, (1, len(photos)))) * np.float32(2 / side)
    return np.asarray(halves.T.reshape(-1, cells, cells), np.float32)


def _beside_one(points: Floats) -> Floats:
    beside: Floats = np.c_[points, np.ones(len(points), np.float32)]
    return beside
