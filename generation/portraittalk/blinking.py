"""A photo in the middle of a blink, which DetailNet is shown beside it.

Landmarks say where lids go, and no photo of open eyes shows what is on them: the mesh engine's lids
do, unfolded from the skin between lid and brow, as far down as `motion` ever lets them.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from generation.faces.arrays import Image, Points
from generation.mesh.eyelids import eyelids
from generation.mesh.spectacles import take_off
from generation.mesh.subject import find_subject
from generation.motion.idle import DEPTHS
from generation.portraittalk.structure_drawing import lids_lowered

DEPTH = DEPTHS[1]  # of 1, which is shut


@dataclass(frozen=True)
class Blink:
    """A photo in the middle of a blink.

    Attributes:
        picture: (side, side, 3) uint8; only the eyes differ from the photo.
        points: (478, 2) px, where landmarks stand in it.
    """

    picture: Image
    points: Points


def photo_blinking(picture: Image, points: Points, side: int) -> Blink:
    """Return a photo in the middle of a blink.

    Args:
        picture: (H, H, 3) uint8, about twice the side: lashes and lids are thin.
        points: landmarks (478, 3) px in it.
        side: px of the answer.
    """
    bare, rims = take_off(find_subject(picture, points))
    region = bare.picture.copy()
    height, width = bare.shape
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    still = np.stack([columns, rows], -1).astype(np.float32)
    for lid in eyelids(bare):
        lid.draw(region, still, DEPTH)
    if rims:
        left, top, right, bottom = rims.box
        rims.draw(region, np.ascontiguousarray(still[top:bottom, left:right]))
    left, top, right, bottom = bare.place
    whole = picture.copy()
    whole[top:bottom, left:right] = region
    flat = np.asarray(points[:, :2], np.float64)
    lowered = (flat + lids_lowered(flat, DEPTH) + 0.5) * side / len(picture) - 0.5
    small = cv2.resize(whole, (side, side), interpolation=cv2.INTER_AREA)
    return Blink(np.asarray(small, np.uint8), lowered)
