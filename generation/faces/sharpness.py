"""Blur of a picture, without any other to compare it with."""

import cv2
import numpy as np

from generation.faces.arrays import Floats


def blur_effect(grey: Floats) -> float:
    """Return the blur of a grey picture (H, W), 0 to 1, by blurring it again.

    Crete and others, "The blur effect: perception and estimation with a new no-reference perceptual
    blur metric" (2007): what loses little by a 9-tap mean had little to lose.
    """
    worst = 0.0
    for axis in (0, 1):
        size = (1, 9) if axis == 0 else (9, 1)
        again = cv2.blur(grey, size)
        own = np.abs(np.diff(grey, axis=axis))
        lost = np.maximum(0, own - np.abs(np.diff(again, axis=axis)))
        total = float(own.sum())
        worst = max(worst, (total - float(lost.sum())) / total if total else 1.0)
    return worst
