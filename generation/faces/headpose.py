"""Where the head is: a similarity fit of the canonical face to landmarks.

Image space here is pixels with x right, y UP and z to the viewer; head space is cm with the same
directions, seen from the head (x to the picture's right when the head is straight).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from generation.faces.arrays import Points
from generation.faces.canonical import canonical_mesh
from generation.faces.topology import LIP_CORNERS, LOWER_LIP, MESH_POINTS, UPPER_LIP


@dataclass(frozen=True)
class HeadPose:
    """A similarity from head space to image space: image = scale * rotation @ head + origin.

    Attributes:
        scale: pixels per cm.
        rotation: (3, 3).
        origin: (3,) px.
    """

    scale: float
    rotation: Points
    origin: Points

    @property
    def yaw(self) -> float:
        """Turn to the side in degrees, 0 = facing the camera."""
        return float(np.degrees(np.arctan2(self.rotation[0, 2], self.rotation[2, 2])))

    @property
    def pitch(self) -> float:
        """Nod in degrees, 0 = level."""
        return float(np.degrees(np.arcsin(np.clip(-self.rotation[1, 2], -1, 1))))

    @property
    def roll(self) -> float:
        """Tilt in the picture plane in degrees, 0 = upright."""
        return float(np.degrees(np.arctan2(self.rotation[1, 0], self.rotation[1, 1])))

    def to_head(self, points: Points) -> Points:
        """Return landmarks (n, 3) px (y down, as detected) in head space, cm."""
        head: Points = (up(points) - self.origin) @ self.rotation / self.scale
        return head

    def offsets_to_pixels(self, offsets: Points) -> Points:
        """Return head-space offsets (..., 3) cm as picture offsets (..., 2) px, y down."""
        pixels: Points = (self.scale * (offsets @ self.rotation.T))[..., :2] * (1, -1)
        return pixels


def up(points: Points) -> Points:
    """Return landmarks (n, 3) with y and z turned: y up, z to the viewer."""
    turned: Points = points * (1, -1, -1)
    return turned


def fit_head(points: Points, vertices: Sequence[int] = ()) -> HeadPose:
    """Fit the canonical face to landmarks (478 or 468, 3) px by Umeyama's method (1991).

    Unless others are named, only vertices away from the mouth and the chin take part, so that
    speech does not nod the head.
    """
    rigid = list(vertices) or _above()
    return _umeyama(canonical_mesh()[rigid], up(points[rigid].astype(np.float64)))


@cache
def _above() -> list[int]:
    """Return the vertices away from the mouth and the chin."""
    model = canonical_mesh()
    moving = set(UPPER_LIP + LOWER_LIP + LIP_CORNERS)
    return [i for i in range(MESH_POINTS) if i not in moving and model[i, 1] > -2.5]


def _umeyama(source: Points, target: Points) -> HeadPose:
    """Least-squares similarity from source (n, 3) to target (n, 3)."""
    mean_s, mean_t = source.mean(0), target.mean(0)
    u, singular, vt = np.linalg.svd((target - mean_t).T @ (source - mean_s))
    sign = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = u @ sign @ vt
    scale = float((singular * np.diag(sign)).sum() / ((source - mean_s) ** 2).sum())
    return HeadPose(scale, rotation, mean_t - scale * rotation @ mean_s)
