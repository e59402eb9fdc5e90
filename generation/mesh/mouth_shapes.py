"""Mouth shapes as vertex offsets in head space, from the geometry of this one face.

Each function returns (468, 3) cm at weight 1. Nothing is learnt: a shape is a product of profiles
across the mouth (`lens`: 1 at its middle, 0 at the corners) and away from the lip line.
"""

from dataclasses import dataclass

import numpy as np

from generation.faces.arrays import Mask, Points
from generation.faces.topology import (
    CHIN,
    LEFT_MOUTH_CORNER,
    LOWER_INNER_LIP,
    LOWER_LIP,
    MESH_POINTS,
    NOSE_BASE,
    RIGHT_MOUTH_CORNER,
    UPPER_INNER_LIP,
    UPPER_LIP,
)
from generation.mesh.sampling import smoothstep

NEUTRAL_HALF_WIDTH, NEUTRAL_CORNERS = 2.5, 0.05  # cm; wider and higher than this is a smile
LIP_LENS = 0.6  # exponent: a lip is drawn flatter than a parabola
JAW_HALF_WIDTH = 5.6  # cm; the jaw does not move the skin beyond its angles


@dataclass(frozen=True)
class MouthGeometry:
    """Each vertex seen from the mouth; arrays are (468,), lengths in cm.

    Attributes:
        head: (468, 3) the face in head space.
        middle_x: x of the mouth's middle.
        half_width: half the distance of the corners.
        lip_line: (11, 2) x, y of the line between the inner lips, by x.
        line_y: height of that line (extended flat) at each vertex.
        to_chin: from the lip line down to the chin.
        to_nose: from the lip line up to the base of the nose.
        side: x distance from the middle, unsigned.
        sign: -1 on the picture's left, 1 on its right.
        lens: 1 in the middle, 0 from the corners outwards.
        below: distance under the lip line, 0 above it.
        above: distance over the lip line, 0 below it.
        upper: belongs to the upper lip or lies above the line.
        gap: distance between the inner lips in the photo at each x.
    """

    head: Points
    middle_x: float
    half_width: float
    lip_line: Points
    line_y: Points
    to_chin: float
    to_nose: float
    side: Points
    sign: Points
    lens: Points
    below: Points
    above: Points
    upper: Mask
    gap: Points

    @property
    def line_middle(self) -> float:
        """Height of the lip line at the middle of the mouth."""
        return float(np.interp(self.middle_x, self.lip_line[:, 0], self.lip_line[:, 1]))


@dataclass(frozen=True)
class Grin:
    """How far the photo's mouth is from a resting one.

    Attributes:
        width: cm that each corner stands too far out, 0..1.2.
        lift: cm that the corners stand too high, 0..1.
    """

    width: float
    lift: float


def measure_grin(m: MouthGeometry) -> Grin:
    """Measure the smile that the photo comes with."""
    corners = m.head[[RIGHT_MOUTH_CORNER, LEFT_MOUTH_CORNER], 1].mean() - m.line_middle
    return Grin(
        width=float(np.clip(m.half_width - NEUTRAL_HALF_WIDTH, 0, 1.2)),
        lift=float(np.clip(corners - NEUTRAL_CORNERS, 0, 1.0)),
    )


def measure_mouth(head: Points) -> MouthGeometry:
    """Measure a face (468, 3) in head space."""
    x, y = head[:, 0], head[:, 1]
    right, left = head[RIGHT_MOUTH_CORNER, 0], head[LEFT_MOUTH_CORNER, 0]
    middle, half = (right + left) / 2, abs(left - right) / 2 * 0.985
    upper_lip, lower_lip = head[list(UPPER_INNER_LIP)], head[list(LOWER_INNER_LIP)]
    line = (upper_lip + lower_lip)[:, :2] / 2
    line = line[np.argsort(line[:, 0])]
    line_y = np.interp(x, line[:, 0], line[:, 1])
    middle_y = float(np.interp(middle, line[:, 0], line[:, 1]))
    order = np.argsort(upper_lip[:, 0])
    gaps = (upper_lip - lower_lip)[order, 1]
    numbers = np.arange(MESH_POINTS)
    side = np.abs(x - middle)
    return MouthGeometry(
        head=head,
        middle_x=float(middle),
        half_width=float(half),
        lip_line=line,
        line_y=line_y,
        to_chin=middle_y - float(head[CHIN, 1]),
        to_nose=float(head[NOSE_BASE, 1]) - middle_y,
        side=side,
        sign=np.sign(x - middle),
        lens=np.clip(1 - (side / half) ** 2, 0, 1),
        below=np.maximum(0, line_y - y),
        above=np.maximum(0, y - line_y),
        upper=np.isin(numbers, UPPER_LIP) | ((y >= line_y) & ~np.isin(numbers, LOWER_LIP)),
        gap=np.interp(x, upper_lip[order, 0], gaps, left=0, right=0),
    )


def jaw(m: MouthGeometry) -> Points:
    """Chin down by 1 cm; the lower lip follows, the corners hold, the cheeks lengthen a little."""
    chin = smoothstep(m.below / (0.85 * m.to_chin))
    follow = m.lens**LIP_LENS * (1 - chin) + chin
    weight = np.where(m.upper, 0, follow * np.exp(-((m.side / JAW_HALF_WIDTH) ** 6)))
    cheek = np.exp(-(((m.side - m.half_width - 0.9) / 1.3) ** 2))
    cheek *= np.exp(-(((m.head[:, 1] - m.line_y + 0.6) / 1.8) ** 2))
    beside = m.side > 0.98 * m.half_width
    narrow = -m.sign * 0.10 * weight * np.minimum(1, m.side / 3) * chin
    return np.stack([narrow, -weight - np.where(beside, 0.22 * cheek, 0), -0.25 * weight], 1)


def lower_lip(m: MouthGeometry) -> Points:
    """Lower lip down by 1 cm without the jaw."""
    reach = np.exp(-((m.below / (0.42 * m.to_chin)) ** 2))
    return _vertical(-np.where(m.upper, 0, m.lens**LIP_LENS * reach))


def upper_lip(m: MouthGeometry) -> Points:
    """Upper lip up by 1 cm."""
    reach = np.exp(-((m.above / (0.85 * m.to_nose)) ** 2)) * _under_nose(m)
    return _vertical(np.where(m.upper, m.lens**LIP_LENS * reach, 0))


def wide(m: MouthGeometry) -> Points:
    """Corners outwards by 1 cm; negative weights round the mouth and bring it forward."""
    inside = m.side / m.half_width
    outside = np.exp(-(((m.side - m.half_width) / 1.9) ** 2))
    across = np.where(m.side < m.half_width, inside, outside)
    reach = across * np.exp(-(((m.head[:, 1] - m.line_y) / 2.2) ** 2))
    forward = -0.5 * reach * np.clip(inside, 0, 1)
    return np.stack([m.sign * reach, np.zeros(len(reach)), forward], 1)


def corner(m: MouthGeometry) -> Points:
    """Mouth corners up by 1 cm, the cheeks above them by half."""
    y = m.head[:, 1]
    at_corner = np.exp(-(((m.side - m.half_width) / 1.5) ** 2 + ((y - m.line_y) / 1.5) ** 2))
    cheek_y = m.line_middle + 3.2
    cheek = np.exp(-(((m.side - 4.6) / 1.8) ** 2 + ((y - cheek_y) / 1.6) ** 2))
    return _vertical(at_corner + 0.5 * cheek)


def press(m: MouthGeometry) -> Points:
    """Lips thinner: at weight 1 their red would fold into the line between them."""
    beyond = np.clip(np.maximum(m.above, m.below) - 0.5, 0, None)
    return _vertical(-(m.head[:, 1] - m.line_y) * np.exp(-((beyond / 0.7) ** 2)) * m.lens)


def protrude(m: MouthGeometry) -> Points:
    """Lips forward by 1 cm and fuller, as they are once :func:`close` has brought them together."""
    height = m.head[:, 1] - m.line_y + close(m)[:, 1]
    near = np.exp(-((m.side / (1.25 * m.half_width)) ** 4 + (height / 1.7) ** 4))
    return np.stack([np.zeros(len(near)), height * near, near], 1)


def close(m: MouthGeometry) -> Points:
    """Both inner contours onto one line, so that an open-mouthed photo starts closed too."""
    half = m.gap / 2
    down = -0.4 * m.gap * np.exp(-((np.maximum(0, m.above - half) / (0.9 * m.to_nose)) ** 2))
    down = down * _under_nose(m)
    rise = 0.6 * m.gap * np.exp(-((np.maximum(0, m.below - half) / (0.5 * m.to_chin)) ** 2))
    return _vertical(np.where(m.upper, down, rise))


def _under_nose(m: MouthGeometry) -> Points:
    """Return 1 at the lips, 0 from the nostrils upwards: the nose holds still in speech."""
    return 1 - smoothstep((m.above / m.to_nose - 0.5) / 0.6)


def _vertical(offset: Points) -> Points:
    zero = np.zeros(len(offset))
    return np.stack([zero, offset, zero], 1)
