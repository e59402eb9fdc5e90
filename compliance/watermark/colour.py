"""Undo a colour matrix that was taken for another one.

A player that takes BT.709 for BT.601, or the other way round, mixes Cr into Cb: by a tenth, but Cr
varies over a face by more than the quantiser's step is wide. Grey stays grey, so luma has no part.
"""

from collections.abc import Callable

import numpy as np

from compliance.watermark.blocks import NEUTRAL, Plane, Real

BT601 = (0.299, 0.114)  # the weights of red and blue in luma
BT709 = (0.2126, 0.0722)


def of_wrong_matrix(
    now: tuple[float, float], before: tuple[float, float]
) -> Callable[[Plane, Plane], Real]:
    """Return what turns the Cb and Cr of one matrix into the Cb of the other."""
    of_cb, of_cr = _weights(now, before)

    def mixed(cb: Plane, cr: Plane) -> Real:
        changed = of_cb * (cb.astype(np.float32) - NEUTRAL) + of_cr * (cr - np.float32(NEUTRAL))
        return np.asarray(changed + NEUTRAL, np.float32)

    return mixed


def _weights(now: tuple[float, float], before: tuple[float, float]) -> tuple[float, float]:
    """Return the parts of Cb and Cr, as they are now, in the Cb that was before."""
    red, blue = now
    green = 1 - red - blue
    weights = []
    for cb, cr in ((1.0, 0.0), (0.0, 1.0)):  # at luma 0
        rgb = (
            2 * (1 - red) * cr,
            (-2 * blue * (1 - blue) * cb - 2 * red * (1 - red) * cr) / green,
            2 * (1 - blue) * cb,
        )
        luma = before[0] * rgb[0] + (1 - sum(before)) * rgb[1] + before[1] * rgb[2]
        weights.append((rgb[2] - luma) / (2 * (1 - before[1])))
    return weights[0], weights[1]
