"""How far the face of a video would be from the person's, foretold from the photo alone.

The unharmed portrait that would tell is not there. A sum of curves, one for each number of the
photo (``readings.py``), stands for it, fitted on photos that were made worse
(generation/weights/photo_likeness.md). It also says which check speaks most against the photo.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from generation import weights
from generation.faces.arrays import Floats, Image
from generation.gate.appearance import Appearance
from generation.gate.readings import READINGS, readings

WEIGHTS = "photo_likeness.npz"
_FARTHEST = 4.0  # deviations: what lies farther out than anything it was fitted on counts as that
_BENDS = (-1.0, -0.3, 0.3, 1.0, 1.8)  # deviations at which a curve may bend


@dataclass(frozen=True)
class Foretold:
    """What a video of a photo would look like.

    Attributes:
        distance: of its faces' embeddings from the person's, mean, as measured of drawn clips;
            what is beyond 0.25 to 0.5 was fitted as those.
        by_check: how much the readings about each check raise it over an unharmed portrait's.
    """

    distance: float
    by_check: Mapping[str, float]

    def reason(self, doubted: Collection[str]) -> str:
        """Name the check that raises it most: of those that are in doubt, where any is."""
        among = [check for check in self.by_check if check in doubted] or list(self.by_check)
        return max(among, key=self.by_check.__getitem__)


def foretell(chip: Image, seen: Appearance, values: Mapping[str, float]) -> Foretold:
    """Foretell from a face's chip (150, 150, 3) uint8 RGB and the values of the other checks.

    Raises:
        WeightsInvalid: the face network or the table is not the pinned one.
    """
    table = coefficients()
    more = terms(readings(chip, seen, values), table) * table["weights"] - table["unharmed"]
    about = (*READINGS, *("",) * (table["mean"].size - len(READINGS)), *READINGS * len(_BENDS))
    by_check = dict.fromkeys(filter(None, READINGS), 0.0)
    for check, raised in zip(about, more, strict=True):
        if check:
            by_check[check] += float(raised)
    return Foretold(float(more.sum() + table["offset"]), by_check)


def terms(read: Floats, table: Mapping[str, Floats]) -> Floats:
    """Return what is summed, (..., 714): readings (..., 439) in deviations, then their bends."""
    standard = np.clip((read - table["mean"]) / table["scale"], -_FARTHEST, _FARTHEST)
    named = standard[..., : len(READINGS)]
    bends = [np.maximum(named - at, 0) for at in _BENDS]
    joined: Floats = np.concatenate([standard, *bends], -1)
    return joined


@cache
def coefficients() -> dict[str, Floats]:
    """Return the fitted table: mean, scale (439,), weights, unharmed (714,) and offset ().

    Raises:
        WeightsInvalid: it is not the pinned one.
    """
    with np.load(weights.path(WEIGHTS), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}
