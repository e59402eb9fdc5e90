"""Blinks: the upper lid of each eye is its own layer, drawn over the finished face.

Skin from between lid and brow, freed of lashes and make-up, unfolds downwards behind a rigid edge.
The lashes themselves are kept as a darkening along that edge and turn over with it: up with the eye
open, down with it shut. Stretched along with the skin they would smear into spikes.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.interpolate import LinearNDInterpolator  # type: ignore[import-untyped]

from generation.faces.arrays import Floats, Image, Points
from generation.faces.topology import LEFT_EYE, RIGHT_EYE
from generation.mesh.filling import fill_smoothly
from generation.mesh.sampling import (
    Box,
    blur,
    enlarge,
    mean_colour,
    polygon,
    sample,
    smoothstep,
)
from generation.mesh.subject import Subject

TRAVEL = 1.15  # of the way to the lower lid: its landmarks lie on, not below, its edge
LASH_STRIP = 0.16  # of the distance from lid to brow that moves rigidly
STRETCH_END = 0.92  # of that distance, where the skin no longer moves
VISIBLE = 0.02  # of a blink, below which nothing is drawn
ITERATIONS, DAMPING = 8, 0.6
LID_COLUMNS = 56  # of the grid a lid's field is computed on
THIN = 0.06  # face heights: dark things on the lid thinner than this are lashes or folds
LINER = 0.012  # face heights of the edge that stay dark on the lid itself when lashes turn over
FLATTEST = 0.35  # of their length that lashes show while they turn over


@dataclass(frozen=True)
class EyeGeometry:
    """An eye with its lids.

    Attributes:
        upper: (9, 2) px, the upper lid from corner to corner.
        lower: (9, 2) px, the lower lid.
        drop: (2,) px, from the brow (or above, if it lies low) down to the lid.
        tone: how much of the unfolded skin is toned: more where the brow would be drawn down.
    """

    upper: Points
    lower: Points
    drop: Points
    tone: float

    @property
    def path(self) -> Points:
        """(9, 2) px that each point of the upper lid travels in a full blink."""
        return (self.lower - self.upper) * TRAVEL

    @property
    def up(self) -> Points:
        """(2,) unit vector across the eye, towards the brow."""
        along = self.upper[-1] - self.upper[0]
        across = np.array([along[1], -along[0]]) / np.linalg.norm(along)
        direction: Points = across if across @ self.drop < 0 else -across
        return direction


class Eyelid:
    """One eye's lid."""

    def __init__(self, subject: Subject, eye: tuple[tuple[int, ...], ...]) -> None:
        """Prepare the lid's field, skin, lashes and masks for an eye of the topology."""
        geometry = _measure(subject, eye)
        self.box = _eye_box(subject, geometry)
        left, top, right, bottom = self.box
        picture = subject.picture[top:bottom, left:right].astype(np.float32)
        self._field = _lid_field(subject, geometry, self.box)
        self._cover, self._fold = _masks(subject, geometry, self.box)
        along, height = _eye_coordinates(geometry, self.box)
        light = _without_thin(picture, subject.face_height)
        self._skin = _bare_skin(picture, light, (along, height), geometry)
        self._lashes = _lashes(picture, (light, self._skin), (along, height), geometry)
        self._height, self._edge = height, _line(self._lashes, height, subject.face_height)
        self._colour = _lid_colour(subject, geometry)
        self._tone, self._up = geometry.tone, geometry.up.astype(np.float32)
        self._liner = LINER * subject.face_height

    def draw(self, out: Image, maps: Floats, blink: float) -> None:
        """Draw the lid into the region `out` (h, w, 3) in place.

        Args:
            out: the finished face.
            maps: (h, w, 2) px, where each pixel of the region comes from.
            blink: 0 open .. 1 shut.
        """
        if blink <= VISIBLE:
            return
        left, top, right, bottom = self.box
        area = np.s_[top:bottom, left:right]
        face = np.ascontiguousarray(maps[area]) - np.array([left, top], np.float32)
        source = self._unfold(face, blink)
        fold = sample(self._fold, face, outside_zero=True) * np.float32(self._tone * blink)
        skin = sample(self._skin, source)
        skin += (self._colour - skin) * fold[..., None]
        begins = np.float32(min(1.0, 6 * blink))
        cover = sample(self._cover, source, outside_zero=True)[..., None] * begins
        mixed = out[area] + (skin - out[area]) * cover
        light = (1 - begins * self._darkening(source, blink))[..., None]
        out[area] = np.clip(mixed * light + 0.5, 0, 255).astype(np.uint8)

    def _darkening(self, source: Floats, blink: float) -> Floats:
        """Return how much lashes and liner darken each pixel (h, w), turned over with the lid."""
        height = sample(self._height, source)
        turned = float(np.cos(np.pi * blink))
        reach = np.float32(np.copysign(max(abs(turned), FLATTEST), turned))
        upright = height / reach  # how high above the edge of the open eye this lash pixel was
        lashes = self._lash_at(source, upright - height) * (upright > 0)
        near = np.exp(-((height / np.float32(self._liner)) ** 2)) * (height > 0)
        line: Floats = np.maximum(lashes, near * self._lash_at(source, np.float32(0)))
        return line

    def _lash_at(self, source: Floats, higher: Floats | np.float32) -> Floats:
        """Return the lashes (h, w) at places moved up by some px, their line on the lid's edge."""
        moved = source + np.asarray(higher + self._edge, np.float32)[..., None] * self._up
        return sample(self._lashes, moved, outside_zero=True)

    def _unfold(self, face: Floats, blink: float) -> Floats:
        """Return where the lid's pixels come from, in box pixels: the inverse of its field."""
        field = self._field * np.float32(blink)
        back = face
        for _ in range(ITERATIONS):
            moved = sample(field, back, outside_zero=True)
            back = back + np.float32(DAMPING) * (face - back - moved)
        return back


def eyelids(subject: Subject) -> list[Eyelid]:
    """Return both eyes' lids."""
    return [Eyelid(subject, eye) for eye in (RIGHT_EYE, LEFT_EYE)]


def _measure(subject: Subject, eye: tuple[tuple[int, ...], ...]) -> EyeGeometry:
    upper, lower, brow = (subject.at(part) for part in eye)
    drop = upper[2:-2].mean(0) - brow[1:-1].mean(0)
    opening = float(np.linalg.norm(lower - upper, axis=1).max())
    # With brows low over the eye there is too little skin to unfold: borrow from above them.
    scarce = opening / max(1.0, float(np.linalg.norm(drop)))
    tone = 0.25 + 0.35 * float(np.clip((scarce - 0.75) / 0.35, 0, 1))
    return EyeGeometry(upper, lower, drop * max(1.0, 0.55 * scarce), tone)


def _eye_box(subject: Subject, g: EyeGeometry) -> Box:
    width = abs(float(g.upper[-1, 0] - g.upper[0, 0]))
    both = np.vstack([g.upper, g.lower])
    low = both.min(0) - 0.45 * width - (0, 0.8 * abs(float(g.drop[1])))
    high = both.max(0) + 0.45 * width
    height, total = subject.shape
    return (
        max(0, int(low[0])),
        max(0, int(low[1])),
        min(total, int(np.ceil(high[0]))),
        min(height, int(np.ceil(high[1]))),
    )


def _lid_field(subject: Subject, g: EyeGeometry, box: Box) -> Floats:
    """Return the displacement (h, w, 2) px of a full blink over the box."""
    still = [g.upper - g.drop * k for k in (STRETCH_END, 1.3, 1.8)]
    beside = (g.upper[-1] - g.upper[0]) * 0.35
    for corner in (g.upper[0] - beside, g.upper[-1] + beside):
        still.append(np.stack([corner + g.drop * k for k in (-1, 0, 1)]))
    height, width = subject.shape
    still.append(np.array([(0, 0), (width, 0), (0, height), (width, height)], np.float64))
    under = g.lower + (g.lower - g.upper) * 0.3 + g.drop * 0.25
    moving = np.vstack([g.upper, g.upper - g.drop * LASH_STRIP, under])
    places = np.vstack([moving, *still])
    values = np.vstack([np.tile(g.path, (3, 1)), np.zeros((len(places) - len(moving), 2))])
    # On a coarse grid: it is smooth, and finding the triangle of every pixel would take longest.
    step = max(1.0, (box[2] - box[0]) / LID_COLUMNS)
    size = (round((box[2] - box[0]) / step), round((box[3] - box[1]) / step))
    x = box[0] + (np.arange(size[0]) + 0.5) * (box[2] - box[0]) / size[0] - 0.5
    y = box[1] + (np.arange(size[1]) + 0.5) * (box[3] - box[1]) / size[1] - 0.5
    coarse = LinearNDInterpolator(places, values, fill_value=0)(*np.meshgrid(x, y))
    field = enlarge(coarse.astype(np.float32), (box[2] - box[0], box[3] - box[1]))
    return blur(field, max(1.0, 0.01 * subject.face_height))


def _masks(subject: Subject, g: EyeGeometry, box: Box) -> tuple[Floats, Floats]:
    """Return two masks (h, w) of the box: lid skin, and the fold that was hidden behind it."""
    face, shape = subject.face_height, (box[3] - box[1], box[2] - box[0])
    edge = g.upper + (g.lower - g.upper) * 0.10 + (0, 0.004 * face)
    skin = polygon(shape, np.vstack([edge, (g.upper - g.drop * 0.90)[::-1]]) - box[:2])
    unfolded = (g.upper + g.path * 0.80)[::-1]
    fold = polygon(shape, np.vstack([g.upper - g.drop * 0.10, unfolded]) - box[:2])
    return blur(skin, max(0.6, 0.004 * face)), blur(fold, max(1.0, 0.012 * face))


def _eye_coordinates(g: EyeGeometry, box: Box) -> tuple[Floats, Floats]:
    """Return where each pixel (h, w) of the box lies in the eye.

    First along it, 0 at the outer corner and 1 at the inner one, then px above the lid's edge.
    """
    width = float(np.linalg.norm(g.upper[-1] - g.upper[0]))
    along = (g.upper[-1] - g.upper[0]) / width
    y, x = np.mgrid[box[1] : box[3], box[0] : box[2]].astype(np.float64)
    away = np.stack([x, y], -1) - g.upper[0]
    edge = g.upper - g.upper[0]
    level = np.interp(away @ along, edge @ along, edge @ g.up)
    return (away @ along / width).astype(np.float32), (away @ g.up - level).astype(np.float32)


def _without_thin(picture: Floats, face: float) -> Floats:
    """Return the picture (h, w, 3) with what is dark and thin filled by what is around it."""
    size = 2 * max(1, round(0.5 * THIN * face)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return np.asarray(cv2.morphologyEx(picture, cv2.MORPH_CLOSE, kernel), np.float32)


def _bare_skin(picture: Floats, light: Floats, at: tuple[Floats, Floats], g: EyeGeometry) -> Floats:
    """Return the lid's skin (h, w, 3) without lashes and liner, continued over the eye."""
    along, height = at
    tall = float(np.linalg.norm(g.drop))
    part = height / np.float32(tall)  # 0 at the lid, 1 at the brow
    known = ((part > 0.2) & (part < 0.85)).astype(np.float32)
    soft = blur(fill_smoothly(light, known), max(0.8, 0.12 * tall))
    grain = picture - blur(picture, max(0.8, 0.06 * tall))
    below = int(np.ceil(np.ptp(g.upper[:, 1]) + np.ptp(g.lower[:, 1]) + 0.5 * tall))
    grain = np.clip(np.roll(grain, -below, axis=0), -6, 6)  # that of the skin under the eye
    # A lid is a dome over the eye: it catches light in its middle and turns away at its corners.
    dome = 0.05 * np.cos(np.pi * np.clip(along - 0.5, -0.5, 0.5)) * np.exp(-((part / 0.5) ** 2))
    soft = soft * (1 + dome[..., None]) + grain
    # Towards the brow the skin is the photo's own, so that no seam is seen there.
    photo = smoothstep((part.astype(np.float64) - 0.5) / 0.35)[..., None]
    return np.asarray(soft + (picture - soft) * photo, np.float32)


def _lashes(
    picture: Floats, bright: tuple[Floats, Floats], at: tuple[Floats, Floats], g: EyeGeometry
) -> Floats:
    """Return how much (h, w) 0..0.85 lashes and liner darken what is above the lid's edge.

    Near the edge against bare skin, for liner may be broad; above it against what is left without
    thin things, for lids lie in the shade.
    """
    along, height = (values.astype(np.float64) for values in at)
    tall = float(np.linalg.norm(g.drop))
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    light, skin = bright
    low = (1 - smoothstep((height / tall - 0.15) / 0.2)).astype(np.float32)[..., None]
    dark = 1 - (picture @ weights + 4) / ((light + (skin - light) * low) @ weights + 4)
    near = smoothstep((height / tall + 0.02) / 0.06) * (1 - smoothstep((height / tall - 0.4) / 0.3))
    near *= smoothstep((along + 0.35) / 0.2) * (1 - smoothstep((along - 0.86) / 0.12))
    return np.asarray(np.clip((dark - 0.08) * 1.1, 0, 0.85) * near, np.float32)


def _line(lashes: Floats, height: Floats, face: float) -> np.float32:
    """Return how far above the landmarks' edge, px, the lash line is darkest."""
    steps = np.arange(0.0, max(2.0, 0.03 * face))
    darkest = [float(lashes[np.abs(height - step) < 0.75].sum()) for step in steps]
    return np.float32(steps[int(np.argmax(darkest))])


def _lid_colour(subject: Subject, g: EyeGeometry) -> Floats:
    """Return the RGB (3,) a shut lid is toned with."""
    shape = subject.shape
    lid = polygon(shape, np.vstack([g.upper - g.drop * 0.30, (g.upper - g.drop * 0.75)[::-1]]))
    under = polygon(shape, np.vstack([g.lower + g.drop * 0.35, (g.lower + g.drop * 0.7)[::-1]]))
    below = mean_colour(subject.picture, under)
    # A lid in the shade of brow and lashes looks dirty once it is spread over the whole eye.
    above = np.maximum(mean_colour(subject.picture, lid), 0.8 * below)
    return (0.5 * above + 0.5 * 0.92 * below).astype(np.float32)
