"""Turns and shifts of the head, and breathing shoulders, as a displacement field.

Cut out of its background, the head turns as one with all of its hair and the motion fades down the
neck. Without a matte head and background are one picture: then it fades out around the head.
"""

import numpy as np
from scipy.interpolate import LinearNDInterpolator  # type: ignore[import-untyped]

from generation.faces.arrays import Floats, Points
from generation.faces.topology import CHIN, FACE_OVAL
from generation.mesh.sampling import blur, smoothstep
from generation.mesh.subject import Subject
from generation.motion.curves import Controls

NECK = (0.0, -6.0, -4.0)  # cm in head space; the head turns about it
FULL_MOTION = (0.62, 0.80)  # half axes in face heights inside which the head moves as one
FADE = 0.62  # of those half axes, until nothing moves
BORDER = 0.10  # of the region's width, over which motion fades at its border
NECK_FROM, NECK_LENGTH = -0.06, 0.62  # face heights below the chin, over which the head lets go
SHOULDERS_FROM, SHOULDERS_LENGTH = 0.05, 0.55  # face heights below the chin, where breath begins
HAIR_REACH = (0.72, 0.40)  # face heights to the side that move with the head, and a fade
RIDES_ON_BREATH = 0.4  # how much of the shoulders' rise lifts the head as well


class HeadMotion:
    """Depth and weights over the grid, prepared once; a field per frame."""

    def __init__(self, subject: Subject, *, cut_out: bool, held: Floats | None = None) -> None:
        """Prepare one subject.

        Args:
            subject: the head.
            cut_out: whether it has a matte, so that what is around it holds still.
            held: (rows, columns) 0..1, where something before the body holds it still.
        """
        self._scale = subject.pose.scale
        pivot = self._scale * subject.pose.rotation @ np.array(NECK) + subject.pose.origin
        spots = subject.grid.positions
        depth = _depth(subject) + subject.pose.origin[2]
        around = np.dstack([spots[..., 0], -spots[..., 1], depth]) - pivot
        self._around: Floats = around.astype(np.float32)  # (rows, columns, 3) px, y up
        still = _border(subject, cut_out=cut_out)
        head = _with_hair(subject) if cut_out else _around_face(subject)
        self._head = (head * still)[..., None].astype(np.float32)
        self._down: Floats = np.concatenate([self._head, -self._head], axis=2)  # y turns over
        body = _shoulders(subject) * still
        self._body = (body if held is None else body * (1 - held))[..., None].astype(np.float32)
        middle = float(subject.at(FACE_OVAL)[:, 0].mean())
        self._aside = ((spots[..., 0] - middle) / subject.face_height).astype(np.float32)
        self._cut_out = cut_out

    def field(self, c: Controls) -> Floats:
        """Return (rows, columns, 2) px, y down."""
        turn = (_rotation(c.yaw, c.pitch, c.roll) - np.eye(3)).astype(np.float32)
        out: Floats = self._around @ turn[:2].T
        for axis, shift in enumerate((c.shift_x, c.shift_y)):  # numpy is slow where a pair repeats
            out[..., axis] += np.float32(shift) * np.float32(self._scale)
        out *= self._down
        if self._cut_out:
            out += self._breathing(c)
        return out

    def _breathing(self, c: Controls) -> Floats:
        """Return what the body adds: up, a little wider, and from side to side."""
        rise, aside = c.breath * self._scale, c.sway * self._scale
        lift = -np.float32(rise) * (RIDES_ON_BREATH * self._head + self._body)
        wider = (np.float32(aside) + np.float32(0.25 * rise) * self._aside[..., None]) * self._body
        return np.concatenate([wider, lift], axis=2)


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
    height, width = subject.shape
    # Well outside of the region, so that no grid point lies beyond the triangles: those are slow.
    corners = np.array([(x, y) for x in (-width, 2 * width) for y in (-height, 2 * height)])
    places = np.vstack([subject.points, hair, far, corners])
    values = np.concatenate([z, rim - 1.75 * scale, back, back[:4]])
    interpolate = LinearNDInterpolator(places, values, fill_value=float(back[0]))
    depth = interpolate(subject.grid.flat).reshape(subject.grid.rows, subject.grid.columns)
    return blur(depth.astype(np.float32), 2.0)


def _around_face(subject: Subject) -> Points:
    """Return 1 on the head, fading to 0 in the background around it, (rows, columns)."""
    centre = subject.at(FACE_OVAL).mean(0) - (0, 0.10 * subject.face_height)
    away = (subject.grid.positions - centre) / subject.face_height / FULL_MOTION
    weight: Points = 1 - smoothstep((np.hypot(away[..., 0], away[..., 1]) - 1) / FADE)
    return weight


def _with_hair(subject: Subject) -> Points:
    """Return 1 on the head and its hair, fading down the neck, (rows, columns)."""
    below, aside = _from_chin(subject)
    near = 1 - smoothstep((np.abs(aside) - HAIR_REACH[0]) / HAIR_REACH[1])
    weight: Points = near * (1 - smoothstep((below - NECK_FROM) / NECK_LENGTH))
    return weight


def _shoulders(subject: Subject) -> Points:
    """Return 0 on the head, 1 on the shoulders, (rows, columns)."""
    below, _ = _from_chin(subject)
    weight: Points = smoothstep((below - SHOULDERS_FROM) / SHOULDERS_LENGTH)
    return weight


def _from_chin(subject: Subject) -> tuple[Points, Points]:
    """Return how far each grid point is below and beside the chin, along the head, face heights."""
    angle = np.radians(subject.pose.roll)
    down = np.array([np.sin(angle), np.cos(angle)])
    away = (subject.grid.positions - subject.points[CHIN]) / subject.face_height
    return away @ down, away @ np.array([down[1], -down[0]])


def _border(subject: Subject, *, cut_out: bool) -> Points:
    """Return 0 at the region's border, 1 further in, (rows, columns).

    A head that the photo's edge cuts off moves with what is beyond mirrored in; held at the edge
    it would be drawn out to a point. Without a matte the background would swing along.
    """
    x, y = (subject.grid.positions[..., i].astype(np.float64) for i in (0, 1))
    height, width = subject.shape
    sides = [x, y, width - 1 - x, height - 1 - y]
    free = (*subject.at_edge, False) if cut_out else (False,) * 4
    inside: Points = np.ones(x.shape)
    for distance, moves in zip(sides, free, strict=True):
        if not moves:
            inside = np.minimum(inside, smoothstep(np.maximum(distance, 0) / (BORDER * width)))
    return inside
