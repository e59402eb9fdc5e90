"""What shows between open lips: cavity, tongue, lower and upper teeth.

Painted once per photo in head space around the lip line, coloured after the photo's own lips and
skin, then placed rigidly in each frame: the upper teeth with the skull, the lower ones with the
jaw. Where the photo itself shows teeth between open lips, its own pixels are used.
"""

from dataclasses import dataclass, field

import numpy as np

from generation.faces import topology
from generation.faces.arrays import Floats, Points
from generation.mesh.mouth_shapes import measure_mouth
from generation.mesh.sampling import Box, affine, blur, luminance, mean_colour, polygon, smoothstep
from generation.mesh.subject import Subject
from generation.motion.curves import Controls

OPEN_PHOTO = 0.25  # cm between the inner lips from which the photo's own teeth are used
AROUND = (164, 18, 200)  # over the upper lip, under the lower one, on the chin
BEHIND_LIPS = 0.6  # cm from the lips back to the teeth
SHADED = 0.62  # how much of the teeth rounded lips, pushed forward, put in the dark


@dataclass(frozen=True)
class Row:
    """One row of teeth; lengths in cm, seen downwards from the gum.

    Attributes:
        gum: height of the gum line over the lip line.
        height: of the middle teeth.
        widths: of the teeth from the middle outwards.
        shorter: by how much each of them ends before the middle ones do.
        brightness: of the row; lower teeth lie in the shade.
    """

    gum: float
    height: float
    widths: tuple[float, ...] = field(default=())
    shorter: tuple[float, ...] = field(default=())
    brightness: float = 1.0


UPPER_ROW = Row(0.62, 0.86, (0.82, 0.62, 0.66, 0.55, 0.5), (0.0, 0.08, 0.02, 0.10, 0.14))
LOWER_ROW = Row(0.60, 0.68, (0.5, 0.52, 0.58, 0.55, 0.5), (0.0, 0.01, -0.03, 0.05, 0.08), 0.62)


@dataclass(frozen=True)
class Colours:
    """RGB (3,) each, measured in the photo; `slant` is the log ratio of light, right over left."""

    cavity: Points
    tooth: Points
    tongue: Points
    slant: float


class MouthInterior:
    """The layers of one subject's mouth, within a box of its region."""

    def __init__(self, subject: Subject, box: Box) -> None:
        """Paint the layers (h, w, 4) RGB + coverage for `box` of the region."""
        self._box = box
        pose = subject.pose
        self._down = pose.scale * pose.rotation[:2, 1] * (-1, 1)  # px per cm down the face
        colours = _colours(subject)
        x, y = _mouth_coordinates(subject, box)
        self._cavity = _cavity(colours, y)
        self._tongue = _tongue(colours, x, y)
        light = np.exp(colours.slant * np.clip(x / 5, -1, 1))
        soft = max(0.025, 0.45 / pose.scale)
        light = light * _corridor(x, measure_mouth(subject.head).half_width)
        self._lower = _teeth(LOWER_ROW, x, -y, colours.tooth, light, soft)
        self._upper = _teeth(UPPER_ROW, x, y, colours.tooth, light, soft)
        self._photo = _photo_interior(subject, box)

    def draw(self, c: Controls, drift: Points, window: Box) -> Floats:
        """Return the interior (h, w, 3) float RGB of a window of the box.

        Args:
            c: the frame's controls.
            drift: (2,) px that the head moved at the mouth.
            window: in px of the box.
        """
        jaw = max(0.0, c.jaw)
        lit = 1 - SHADED * max(c.round, 0.8 * c.protrude)
        place = _Place(self._box, window, c.roll)
        out = place.put(self._cavity, drift)
        tongue = self._down * (0.33 * jaw - 0.40 * c.tongue + 0.05)
        out = _over(out, place.put(self._tongue, drift + tongue))
        out = _over(out, place.put(self._lower, drift + self._down * jaw), 0.9 * lit)
        out = _over(out, place.put(self._upper, drift), lit)
        if self._photo is not None:
            out = _over(out, place.put(self._photo, drift), lit)
        return out


@dataclass(frozen=True)
class _Place:
    """Where a layer of the mouth's box lands in a window of it, turned by the head's roll."""

    box: Box
    window: Box
    roll: float  # degrees

    def put(self, layer: Floats, shift: Points) -> Floats:
        """Return the window's part of a layer (h, w, 4), turned and shifted by (2,) px."""
        left, top, right, bottom = self.window
        angle = np.radians(self.roll)
        matrix = np.empty((2, 3))
        turn = matrix[:, :2]
        turn[:] = (np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))
        middle = np.array([self.box[2] - self.box[0], self.box[3] - self.box[1]]) / 2
        matrix[:, 2] = middle - turn @ middle + shift - (left, top)
        return affine(layer, matrix, (right - left, bottom - top), inverse=False)


def _over(below: Floats, layer: Floats, strength: float = 1.0) -> Floats:
    cover = layer[..., 3:] * np.float32(strength)
    mixed: Floats = below + (layer[..., :3] - below) * cover
    return mixed


def _mouth_coordinates(subject: Subject, box: Box) -> tuple[Points, Points]:
    """Return x, y (h, w) in cm from the middle of the lip line, on the plane of the teeth."""
    mouth = measure_mouth(subject.head)
    pose = subject.pose
    inner = (topology.UPPER_INNER_LIP_MIDDLE, topology.LOWER_INNER_LIP_MIDDLE)
    depth = subject.head[list(inner), 2].mean() - BEHIND_LIPS
    to_pixels = pose.scale * pose.rotation[:2, :2] * np.array([[1], [-1]])
    offset = (pose.scale * pose.rotation[:2, 2] * depth + pose.origin[:2]) * (1, -1)
    y, x = np.mgrid[box[1] : box[3], box[0] : box[2]].astype(np.float64)
    plane = (np.stack([x, y], -1) - offset) @ np.linalg.inv(to_pixels).T
    return plane[..., 0] - mouth.middle_x, plane[..., 1] - mouth.line_middle


def _colours(subject: Subject) -> Colours:
    """Measure lips, skin and the direction of light; teeth are as bright as the skin."""
    picture, shape = subject.picture, subject.shape
    lip = mean_colour(picture, polygon(shape, subject.at(topology.OUTER_LIPS)))
    radius = 0.03 * subject.face_height
    spots = [_disc(shape, subject.points[i], radius) for i in topology.CHEEKS]
    skin = mean_colour(picture, np.maximum.reduce(spots))
    right, left = (luminance(mean_colour(picture, spot)) for spot in spots[:2])
    near = [
        luminance(mean_colour(picture, _disc(shape, subject.points[i], radius))) for i in AROUND
    ]
    # A mouth in the shade of nose or hand has teeth in the shade, however bright the cheeks are.
    light = min(luminance(skin), 0.5 * (luminance(skin) + 1.05 * float(np.mean(near))))
    return Colours(
        cavity=np.clip(0.26 * lip * (1.0, 0.60, 0.68) + 2, 4, 80),
        tooth=np.clip(0.963 * light * np.array([1.02, 0.985, 0.90]) + 0.154 * skin, 0, 240),
        tongue=np.clip(0.70 * lip * (1.05, 0.93, 0.98) + 0.08 * skin, 0, 220),
        slant=float(np.clip(np.log((left + 5) / (right + 5)), -0.7, 0.7)),
    )


def _disc(shape: tuple[int, int], centre: Points, radius: float) -> Floats:
    angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    return polygon(shape, centre + radius * np.stack([np.cos(angles), np.sin(angles)], 1))


def _cavity(colours: Colours, y: Points) -> Floats:
    depth = 1 - 0.35 * np.clip(-y / 1.6, 0, 1)
    return (depth[..., None] * colours.cavity).astype(np.float32)


def _tongue(colours: Colours, x: Points, y: Points) -> Floats:
    radius = np.hypot(x / 1.75, (y + 0.80) / 0.62)
    shade = 0.70 + 0.42 * np.clip(1 - radius, 0, 1)
    cover = 1 - smoothstep((radius - 0.75) / 0.4)
    return np.dstack([shade[..., None] * colours.tongue, cover]).astype(np.float32)


def _teeth(row: Row, x: Points, y: Points, tooth: Points, light: Points, soft: float) -> Floats:
    """Paint a row whose gum is up: (h, w, 4); `soft` is the width of its edges in cm."""
    side = np.abs(x)
    edges = np.cumsum([0.0, *row.widths])
    arch = 0.35 + 0.65 * np.cos(np.clip(side / 2.9, 0, 1) * np.pi / 2) ** 0.8
    gaps = np.prod([1 - 0.16 * np.exp(-(((side - e) / (2 * soft)) ** 2)) for e in edges], axis=0)
    tip = row.gum - row.height * (0.80 + 0.2 * np.cos(side * 1.1)) + _ends(row, side, edges)
    cover = _sigmoid((y - tip) / soft) * _sigmoid((row.gum - y) / (2 * soft))
    cover = cover * _sigmoid((edges[-1] - side) / soft)
    tipward = 0.86 + 0.14 * np.clip((row.gum - y) / (0.5 * row.height), 0, 1)
    shade = row.brightness * gaps * arch * tipward * light
    return np.dstack([shade[..., None] * tooth, cover]).astype(np.float32)


def _corridor(x: Points, half_width: float) -> Points:
    """Return the light that is left towards the corners of the mouth, where cheeks shade teeth."""
    left: Points = 1 - 0.65 * smoothstep((np.abs(x) / half_width - 0.45) / 0.5)
    return left


def _ends(row: Row, side: Points, edges: Points) -> Points:
    """Return how much shorter, cm, each place of a row is: by its tooth, and at its corners."""
    middles, halves = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    tooth = np.clip(np.searchsorted(edges, side, side="right") - 1, 0, len(middles) - 1)
    rounded = 0.10 * np.clip((side - middles[tooth]) / halves[tooth], -1, 1) ** 4
    ends: Points = rounded + np.array(row.shorter)[tooth]
    return ends


def _sigmoid(x: Points) -> Points:
    result: Points = 1 / (1 + np.exp(-np.clip(x, -50, 50)))
    return result


def _photo_interior(subject: Subject, box: Box) -> Floats | None:
    """Return the photo's own open mouth as a layer, or None where its lips are closed."""
    if subject.mouth_gap < OPEN_PHOTO:
        return None
    upper, lower = subject.at(topology.UPPER_INNER_LIP), subject.at(topology.LOWER_INNER_LIP)
    span = lower - upper
    # The lips' own edges stay out; below, where the photo's lower lip was, a light rim would hang.
    mask = polygon(subject.shape, np.vstack([upper + 0.06 * span, (lower - 0.22 * span)[::-1]]))
    mask = blur(mask, max(1.0, 0.007 * subject.face_height))
    rows, columns = slice(box[1], box[3]), slice(box[0], box[2])
    return np.dstack([subject.picture[rows, columns], mask[rows, columns]]).astype(np.float32)
