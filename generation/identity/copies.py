"""Whether a recording shows the very photo it is compared with, or something drawn from it.

Two sittings never give the same picture: light, angle and expression differ. Fine structure of the
aligned face is compared, with the light taken out, so that noise, another tint or another exposure
of the same photo changes little.
"""

import cv2
import numpy as np

from generation.faces.arrays import Floats, Image, Points
from generation.faces.embedding import face_chip

_INNER = (slice(25, 130), slice(25, 125))  # of the chip: the face without hair and background
_SIZE = (50, 52)  # px, width and height
_FINE, _LIGHT = 1.0, 8.0  # px: finer is noise, coarser is light


def structure(rgb: Image, points: Points) -> Floats:
    """Return (2600,) float32 of mean 0 and deviation 1 for the face at landmarks (478, 3) px."""
    grey = cv2.cvtColor(face_chip(rgb, points), cv2.COLOR_RGB2GRAY)[_INNER].astype(np.float32)
    small = cv2.GaussianBlur(cv2.resize(grey, _SIZE, interpolation=cv2.INTER_AREA), (0, 0), _FINE)
    flat = small - cv2.GaussianBlur(small, (0, 0), _LIGHT)
    unit: Floats = ((flat - flat.mean()) / max(1e-6, float(flat.std()))).ravel()
    return unit


def alike(one: Floats, other: Floats) -> float:
    """Return the correlation of two structures, -1 to 1."""
    return float((one * other).mean())
