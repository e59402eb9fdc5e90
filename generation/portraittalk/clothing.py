"""Clothes found and dyed: what is person below the chin and neither skin nor hair.

Told apart by colour alone, so it is asked to be sure: where too little is found, nothing is dyed
and nothing is claimed about clothes.
"""

import cv2
import numpy as np

from generation.faces import topology
from generation.faces.arrays import Floats, Image, Mask, Points
from generation.faces.person import segmenter
from generation.mesh.sampling import blur, polygon, smoothstep

ENOUGH = 0.04  # of the picture that must be clothes, or they are left as they are
DYES: dict[str, tuple[float, float, float]] = {  # L 0..100, a, b
    "red": (42.0, 58.0, 38.0),
    "blue": (36.0, 16.0, -52.0),
    "green": (42.0, -38.0, 28.0),
    "white": (92.0, 0.0, 2.0),
    "black": (10.0, 0.0, 0.0),
}
_FOLDS = 0.55  # of the cloth's own light and shade that is kept
_SKIN, _HAIR = (9.0, 22.0), (5.0, 12.0)  # distance of colour: surely it .. surely not
_ASIDE = (0.22, 0.30)  # face heights from the middle: a neck may be there, and how it ends
_UNDER_CHIN, _BESIDE = 0.05, -0.25  # face heights under the chin where clothes may begin
_LIT = np.array([0.6, 1.0, 1.0], np.float32)  # shadow changes L more than what a thing is


def clothes(picture: Image, points: Points, person: Floats | None = None) -> Floats | None:
    """Return how much of each pixel (H, W) is clothes, 0..1; None where too little is found.

    Args:
        picture: (H, W, 3) uint8.
        points: landmarks (478, >=2) px in it.
        person: (H, W) 0..1, how much of each pixel is a person; looked for where not given.
    """
    height, width = picture.shape[:2]
    person = segmenter()(picture) if person is None else person
    face = float(np.linalg.norm(points[topology.FOREHEAD, :2] - points[topology.CHIN, :2]))
    lab = _lab(picture)
    oval = polygon((height, width), points[list(topology.FACE_OVAL), :2])
    chin = points[topology.CHIN, :2]
    below = (np.arange(height)[:, None] - chin[1]) / face
    aside = smoothstep((np.abs(np.arange(width)[None] - chin[0]) / face - _ASIDE[0]) / _ASIDE[1])
    begins = _UNDER_CHIN + (_BESIDE - _UNDER_CHIN) * aside
    cover = person * smoothstep((below - begins) / 0.1)
    cover *= 1 - cv2.dilate(oval, np.ones((5, 5), np.uint8))
    skin = _colours(lab, cv2.erode(oval, np.ones((9, 9), np.uint8)) > 0.9)
    cover *= _unlike(lab, skin, _SKIN, 16 * aside)
    around = cv2.dilate(oval, np.ones((7, 7), np.uint8)) < 0.1
    crown = (person > 0.9) & around & (below < -0.35)
    if crown.mean() > 0.02:  # not bald
        cover *= _unlike(lab, _colours(lab, crown), _HAIR)
    found = _largest(np.asarray(cover, np.float32))
    return found if float(found.mean()) > ENOUGH else None


def dyed(picture: Image, cover: Floats, colour: str) -> Image:
    """Return the picture (H, W, 3) with what `cover` (H, W) marks in a colour of :data:`DYES`."""
    lab = _lab(picture)
    light = lab[..., 0]
    mean = float((light * cover).sum() / max(float(cover.sum()), 1e-3))
    target = DYES[colour]
    new = np.empty_like(lab)
    new[..., 0] = np.clip(target[0] + _FOLDS * (light - mean), 2, 98)
    new[..., 1:] = target[1:]
    rgb = 255 * np.asarray(cv2.cvtColor(new, cv2.COLOR_LAB2RGB), np.float32)
    mixed = picture + (rgb - picture) * cover[..., None]
    return np.clip(mixed + 0.5, 0, 255).astype(np.uint8)


def _lab(picture: Image) -> Floats:
    scaled = picture.astype(np.float32) / np.float32(255)
    return np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB), np.float32)


def _colours(lab: Floats, where: Mask) -> Floats:
    """Return the middle colours (k, 3) under a mask: its darker, middle and lighter third."""
    found = lab[where]
    if not len(found):
        return np.full((1, 3), -1000, np.float32)
    order = np.argsort(found[:, 0])
    return np.stack([np.median(found[part], 0) for part in np.array_split(order, 3)])


def _unlike(
    lab: Floats, colours: Floats, limits: tuple[float, float], surely: Points | float = 0.0
) -> Points:
    """Return 0 where a colour is one of `colours`, 1 where it is not; `surely` adds to distance."""
    away = [np.linalg.norm((lab - colour) * _LIT, axis=-1) for colour in colours]
    nearest = np.min(away, 0) + surely
    return smoothstep((nearest - limits[0]) / (limits[1] - limits[0]))


def _largest(cover: Floats) -> Floats:
    """Keep what is large and touches the picture's lower half, its edges soft."""
    inside = (blur(cover, 1.5) > 0.5).astype(np.uint8)
    whole = cv2.morphologyEx(inside, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    count, label, stats, _ = cv2.connectedComponentsWithStats(whole)
    keep = np.zeros_like(cover)
    for number in range(1, count):
        if stats[number, cv2.CC_STAT_AREA] > 0.006 * cover.size:
            keep[label == number] = 1
    return blur(keep, 1.0)
