"""What a mouth does while something is said, read from within the network that hears sounds.

A phoneme that the network chooses is one moment and one name; neither tells how long the sound
lasts, nor how sure the network is. The numbers that its inner blocks make of each 20 ms tell both.
A linear reading of them was fitted to sounds whose names and times are known
(generation/weights/lip_reading.md, docs/decisions/0119).
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from generation import weights

Mouth = NDArray[np.float32]  # (n, 7): a row each 20 ms, in the order of TRACKS

WEIGHTS = "lip_reading.npz"
TRACKS = ("gap", "wide", "round", "protrude", "tongue", "close", "labiodental")
STEP = 0.02  # s from row to row
_LATER = (0, 2, 4, 6, 8)  # rows that are looked at together: the network says what it heard later


def read(made: NDArray[np.float32]) -> Mouth:
    """Return what the mouth does, from (rows, 288) of the network, a row each 20 ms.

    ``gap`` is in cm as loud as the speaker ever is, the others are 0 to 1 or a little beyond: it is
    the middle of what least squares expect, and not yet what a mouth may do.

    Raises:
        WeightsInvalid: the weight file is not the pinned one.
    """
    matrix, offset = _fitted()
    mouth: Mouth = seen(made) @ matrix + offset
    return mouth


def seen(made: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what the reading looks at: each of (rows, n) with those after it, (rows, 5 n)."""
    rows = np.arange(len(made))
    after = [made[np.minimum(rows + later, len(made) - 1)] for later in _LATER]
    return np.concatenate(after, axis=1)


@cache
def _fitted() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the weights: (1440, 7) and (7,)."""
    with np.load(weights.path(WEIGHTS)) as stored:
        return stored["matrix"].astype(np.float32), stored["offset"].astype(np.float32)
