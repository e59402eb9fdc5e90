"""Blinks: the upper lid of each eye is its own layer, drawn over the finished face.

A strip with the lashes moves rigidly down to the lower lid, the skin above it stretches like a
real lid unfolding. The photo shows little lid skin, so the stretched part is blended with a colour
taken from the lid and from under the eye, which hides smeared make-up.
"""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import LinearNDInterpolator  # type: ignore[import-untyped]

from generation.faces.arrays import Floats, Image, Points
from generation.faces.topology import LEFT_EYE, RIGHT_EYE
from generation.mesh.sampling import (
    Box,
    blur,
    line,
    mean_colour,
    polygon,
    sample,
    sample_picture,
)
from generation.mesh.subject import Subject

TRAVEL = 1.15  # of the way to the lower lid: its landmarks lie on, not below, its edge
LASH_STRIP = 0.16  # of the distance from lid to brow that moves rigidly
STRETCH_END = 0.92  # of that distance, where the skin no longer moves
VISIBLE = 0.02  # of a blink, below which nothing is drawn
ITERATIONS, DAMPING = 8, 0.6


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


class Eyelid:
    """One eye's lid."""

    def __init__(self, subject: Subject, eye: tuple[tuple[int, ...], ...]) -> None:
        """Prepare the lid's field, masks and colour for an eye of the topology."""
        geometry = _measure(subject, eye)
        self._picture = subject.picture
        self.box = _eye_box(subject, geometry)
        self._field = _lid_field(subject, geometry, self.box)
        self._skin, self._fold, self._lash = _masks(subject, geometry, self.box)
        self._colour = _lid_colour(subject, geometry)
        self._tone = geometry.tone

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
        lid = sample_picture(self._picture, source + np.array([left, top], np.float32))
        fold = sample(self._fold, face, outside_zero=True)[..., None] * np.float32(
            self._tone * blink
        )
        skin = lid + (self._colour - lid) * fold
        shut = max(0.0, (blink - 0.6) / 0.4)
        lash = sample(self._lash, face, outside_zero=True)[..., None] * np.float32(0.55 * shut)
        skin = skin + (0.3 * self._colour - skin) * lash
        cover = sample(self._skin, source, outside_zero=True)[..., None] * min(1.0, 6 * blink)
        mixed = out[area] + (skin - out[area]) * cover
        out[area] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)

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
    tone = 0.6 + 0.3 * float(np.clip((scarce - 0.75) / 0.35, 0, 1))
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
    y, x = np.mgrid[box[1] : box[3], box[0] : box[2]].astype(np.float64)
    field = LinearNDInterpolator(places, values, fill_value=0)(x, y)
    return blur(field.astype(np.float32), max(1.0, 0.01 * subject.face_height))


def _masks(subject: Subject, g: EyeGeometry, box: Box) -> tuple[Floats, Floats, Floats]:
    """Return three masks (h, w) of the box: lid skin, the stretched fold, the shut lash line."""
    face, shape = subject.face_height, subject.shape
    edge = g.upper + (g.lower - g.upper) * 0.10 + (0, 0.004 * face)
    skin = polygon(shape, np.vstack([edge, (g.upper - g.drop * 0.90)[::-1]]))
    unfolded = (g.upper + g.path * 0.80)[::-1]
    fold = polygon(shape, np.vstack([g.upper - g.drop * 0.10, unfolded]))
    lash = line(shape, g.upper + g.path, max(1, round(0.010 * face)))
    fine, coarse = 0.004 * face, 0.012 * face
    soft = (blur(skin, max(0.6, fine)), blur(fold, max(1.0, coarse)), blur(lash, max(0.7, fine)))
    skin, fold, lash = (
        np.ascontiguousarray(mask[box[1] : box[3], box[0] : box[2]]) for mask in soft
    )
    return skin, fold, lash


def _lid_colour(subject: Subject, g: EyeGeometry) -> Floats:
    """Return the RGB (3,) a shut lid is toned with."""
    shape = subject.shape
    lid = polygon(shape, np.vstack([g.upper - g.drop * 0.30, (g.upper - g.drop * 0.75)[::-1]]))
    under = polygon(shape, np.vstack([g.lower + g.drop * 0.35, (g.lower + g.drop * 0.7)[::-1]]))
    below = mean_colour(subject.picture, under)
    # A lid in the shade of brow and lashes looks dirty once it is spread over the whole eye.
    above = np.maximum(mean_colour(subject.picture, lid), 0.88 * below)
    return (0.45 * above + 0.55 * 0.92 * below).astype(np.float32)
