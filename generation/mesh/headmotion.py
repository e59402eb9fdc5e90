"""Small turns and shifts of the whole head as a displacement field.

There is no matting: head and background are one picture, so the motion fades out around the head
and is zero at the border of what moves; the frame's edges therefore never tear.
"""

import numpy as np
from scipy.interpolate import LinearNDInterpolator  # type: ignore[import-untyped]

from generation.faces.arrays import Floats, Points
from generation.faces.topology import FACE_OVAL
from generation.mesh.sampling import blur, smoothstep
from generation.mesh.subject import Subject
from generation.motion.curves import Controls

NECK = (0.0, -6.0, -4.0)  # cm in head space; the head turns about it
FULL_MOTION = (0.62, 0.80)  # half axes in face heights inside which the head moves as one
FADE = 0.62  # of those half axes, until nothing moves
BORDER = 0.10  # of the region's width, over which motion fades at its border


class HeadMotion:
    """Depth and falloff over the grid, prepared once; a field per frame."""

    def __init__(self, subject: Subject) -> None:
        """Prepare the depth and the falloff of one subject."""
        self._scale = subject.pose.scale
        pivot = self._scale * subject.pose.rotation @ np.array(NECK) + subject.pose.origin
        spots = subject.grid.positions
        depth = _depth(subject) + subject.pose.origin[2]
        around = np.dstack([spots[..., 0], -spots[..., 1], depth]) - pivot
        self._around: Floats = around.astype(np.float32)  # (rows, columns, 3) px, y up
        self._falloff = _falloff(subject)[..., None]

    def field(self, c: Controls) -> Floats:
        """Return (rows, columns, 2) px, y down."""
        turn = (_rotation(c.yaw, c.pitch, c.roll) - np.eye(3)).astype(np.float32)
        shift = np.array([c.shift_x, c.shift_y], np.float32) * np.float32(self._scale)
        moved = self._around @ turn[:2].T + shift
        out: Floats = moved * np.array([1, -1], np.float32) * self._falloff
        return out


def _rotation(yaw: float, pitch: float, roll: float) -> Points:
    """Return the (3, 3) rotation of a head turned by degrees: roll after yaw after pitch."""
    a, b, c = np.radians([yaw, pitch, roll])
    about_y = [[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]]
    about_x = [[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]]
    about_z = [[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]]
    return np.array(about_z) @ np.array(about_y) @ np.array(about_x)


def _depth(subject: Subject) -> Floats:
    """Return depth (rows, columns) px over the grid: the face's, falling back behind its oval."""
    scale = subject.pose.scale
    z = (subject.head @ subject.pose.rotation.T * scale)[:, 2]
    oval = subject.at(FACE_OVAL)
    centre = oval.mean(0)
    rim = z[list(FACE_OVAL)]
    hair, far = centre + (oval - centre) * 1.45, centre + (oval - centre) * 3.2
    back = np.full(len(far), rim.mean() - 3 * scale)
    places = np.vstack([subject.points, hair, far])
    values = np.concatenate([z, rim - 1.75 * scale, back])
    interpolate = LinearNDInterpolator(places, values, fill_value=float(back[0]))
    depth = interpolate(subject.grid.flat).reshape(subject.grid.rows, subject.grid.columns)
    return blur(depth.astype(np.float32), 2.0)


def _falloff(subject: Subject) -> Floats:
    """Return 1 on the head, 0 at the region's border, (rows, columns)."""
    spots = subject.grid.positions.astype(np.float64)
    centre = subject.at(FACE_OVAL).mean(0) - (0, 0.10 * subject.face_height)
    away = (spots - centre) / subject.face_height / FULL_MOTION
    inside = 1 - smoothstep((np.hypot(away[..., 0], away[..., 1]) - 1) / FADE)
    height, width = subject.shape
    x, y = spots[..., 0], spots[..., 1]
    edge = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
    falloff: Floats = (inside * smoothstep(edge / (BORDER * width))).astype(np.float32)
    return falloff
