"""Where nobody speaks the networks hear nothing: breath and hiss must not move lips."""

import numpy as np

from generation.audio import Speech
from generation.faces.arrays import Floats
from generation.motion.timeline import RATE as GRID
from generation.motion.timeline import timeline
from generation.portraittalk.features import RATE, silence

SPOKEN = 0.15  # of the loudness between pauses and loud syllables, above which somebody speaks
KEPT = 0.16  # s around speech that stay as they are: lips part before a sound and close after it


def hushed(features: Floats, speech: Speech) -> Floats:
    """Return speech features (n, SIZE) with the row of silence wherever nobody speaks.

    Args:
        features: 50 rows a second.
        speech: that they are of.
    """
    loud = timeline(speech, RATE).loudness > SPOKEN
    reach = round(KEPT * GRID)
    around = np.convolve(loud, np.ones(2 * reach + 1), mode="same") > 0
    middles = ((np.arange(len(features)) + 0.5) / RATE * GRID).astype(int)
    spoken = around[np.minimum(middles, len(around) - 1)]
    return np.where(spoken[:, None], features, silence()).astype(np.float32)
