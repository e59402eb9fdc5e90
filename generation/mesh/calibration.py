"""How far must this mouth be opened to look as open as asked?

Thin lips, beards and perspective swallow part of an opening. One opening is drawn and measured
back with the landmarker; the ratio is the gain for all frames of this photo.
"""

from collections.abc import Callable

import numpy as np

from generation.faces import FaceLandmarker
from generation.faces.arrays import Image, Points
from generation.motion.curves import Curves

TEST_GAP = 0.6  # cm
MIN_GAIN, MAX_GAIN = 1.0, 1.6


def opening_gain(
    points: Points, landmarker: FaceLandmarker, draw: Callable[[Curves], Image]
) -> float:
    """Return the gain, 1 to 1.6.

    Args:
        points: its landmarks (478, 3) px.
        landmarker: measures.
        draw: draws the first frame of some curves with gain 1.
    """
    rest = Curves.rest(1)
    gap = np.full(1, TEST_GAP, np.float32)
    opened = rest.with_(gap=gap, jaw=np.float32(0.75) * gap)
    shut_gap = landmarker.track(draw(rest), points).mouth_gap()
    open_gap = landmarker.track(draw(opened), points).mouth_gap()
    gained = max(open_gap - shut_gap, 1e-3)
    return float(np.clip(TEST_GAP / gained, MIN_GAIN, MAX_GAIN))
