"""Which places of a photo are the person and which are clothes, as DetailNet is shown them."""

import cv2
import numpy as np

from generation.faces.arrays import Floats, Image, Points
from generation.faces.person import segmenter
from generation.portraittalk.clothing import clothes


def parts_of(picture: Image, points: Points, side: int) -> Floats:
    """Return how much each place is person, and clothes: (2, side, side), 0..1.

    Args:
        picture: (H, H, 3) uint8, about twice the side: clothes are found by colour.
        points: landmarks (478, >=2) px in it.
        side: px of the answer.
    """
    person = segmenter()(picture)
    worn = clothes(picture, points, person)
    both = (person, np.zeros_like(person) if worn is None else worn)
    small = [cv2.resize(each, (side, side), interpolation=cv2.INTER_AREA) for each in both]
    return np.clip(np.stack(small), 0, 1).astype(np.float32)
