"""The light of the photo, graded once: warmer, cooler, dimmer, brighter, or falling off to a side.

It is bounded, so that nobody becomes another person: one wish moves no part of a face by more than
four tenths.
Nothing is lit anew: there are no new shadows.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from generation.faces import topology
from generation.faces.arrays import Image, Points

WARM = np.array([0.10, 0.0, -0.16])  # log gain of red, green, blue in the warmest light
DIM, BRIGHT = 0.34, 0.30  # of the light that the dimmest takes and the brightest gives
SIDE = 0.50  # log ratio of light over one face height, from the bright side to the dark one
BRIGHTEST = 1.38  # times the light that the bright side may get: no more than a photo has room for
REACH = 0.9  # face heights from its middle, beyond which it falls off no further


@dataclass(frozen=True)
class Light:
    """How the photo is graded; each -1..1, 0 as it is.

    Attributes:
        warmth: cool .. warm.
        brightness: dim .. bright.
        side: brighter on the viewer's left .. right.
    """

    warmth: float = 0.0
    brightness: float = 0.0
    side: float = 0.0


AS_LIT = Light()


def grade(picture: Image, points: Points, light: Light) -> Image:
    """Return the picture (H, W, 3) in another light.

    Args:
        picture: the framed photo.
        points: landmarks (478, >=2) px in it, for where the face is.
        light: the grade; the photo itself is returned where it asks for none.
    """
    if light == AS_LIT:
        return picture
    graded = np.asarray(cv2.LUT(picture, _curves(light)), np.uint8)
    if abs(light.side) > 1e-3:
        graded = _fall_off(graded, points, light.side)
    return graded


def _curves(light: Light) -> Image:
    """Return a table (1, 256, 3) from byte to byte, by channel."""
    level = np.arange(256) / 255
    level = level * (1 + (DIM if light.brightness < 0 else BRIGHT) * light.brightness)
    gains = np.exp(WARM * light.warmth)
    gains /= np.dot(gains, (0.299, 0.587, 0.114))
    curves = 255 * _shouldered(level[:, None] * gains)
    return np.round(curves).astype(np.uint8)[None]


def _shouldered(level: Points) -> Points:
    """Return levels 0..1 with a soft shoulder: what a gain takes over 0.9 is not cut off at 1."""
    over = np.maximum(level - 0.9, 0)
    soft: Points = np.minimum(level, 0.9 + 0.1 * np.tanh(over / 0.1))
    return soft


def _fall_off(picture: Image, points: Points, side: float) -> Image:
    oval = points[list(topology.FACE_OVAL), :2]
    face = float(np.linalg.norm(points[topology.FOREHEAD, :2] - points[topology.CHIN, :2]))
    away = (np.arange(picture.shape[1]) - oval[:, 0].mean()) / face
    slope = REACH * np.tanh(away / REACH)
    gain = np.exp(SIDE * side * slope)
    gain /= max(1.0, float(gain.max()) / BRIGHTEST)  # the rest is taken from the dark side
    lit = np.clip(picture * gain[None, :, None] + 0.5, 0, 255)
    return np.asarray(lit, np.uint8)
