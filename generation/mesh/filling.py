"""Filling holes in a picture from what is around them."""

import cv2
import numpy as np

from generation.faces.arrays import Floats, Image

SMALLEST = 4  # px, where the pyramid ends


def fill_smoothly(values: Floats, known: Floats) -> Floats:
    """Return `values` (h, w, c) where `known` (h, w) is 1, elsewhere soft colour from around.

    Push-pull over a pyramid of halves (Gortler and others 1996): a large hole costs no more than
    a small one, and what is known stays as it is.
    """
    height, width = known.shape
    if min(height, width) <= SMALLEST:
        total = max(float(known.sum()), 1e-6)
        mean = np.einsum("hwc,hw->c", values, known) / total
        weight = known[..., None]
        return np.asarray(values * weight + mean * (1 - weight), np.float32)
    half = ((width + 1) // 2, (height + 1) // 2)
    area = cv2.INTER_AREA
    light = np.asarray(cv2.resize(known, half, interpolation=area), np.float32)
    sums = np.asarray(cv2.resize(values * known[..., None], half, interpolation=area), np.float32)
    means = np.asarray(sums / np.maximum(light, 1e-6)[..., None], np.float32)
    coarse = fill_smoothly(means, np.asarray(np.minimum(1, 4 * light), np.float32))
    grown = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    weight = known[..., None]
    return np.asarray(values * weight + grown * (1 - weight), np.float32)


def continue_texture(picture: Image, known: Floats, reach: float) -> Floats:
    """Return the picture (h, w, 3) with the hole filled by what lies mirrored beyond its rim.

    Deeper than about `reach` px inside, and where the mirror shows the hole itself, the fill is
    the smooth one.
    """
    height, width = known.shape
    solid = (known > 0.99).astype(np.uint8)
    if not solid.any():
        return picture.astype(np.float32)
    smooth = fill_smoothly(picture.astype(np.float32), solid.astype(np.float32))
    far, label = cv2.distanceTransformWithLabels(
        1 - solid, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    y, x = np.nonzero(solid == 0)  # what is known is its own mirror: only the hole is looked up
    rim = np.flatnonzero(solid)[label[y, x] - 1]  # labels number known pixels in reading order
    mirror_x = np.clip(2 * (rim % width) - x, 0, width - 1)
    mirror_y = np.clip(2 * (rim // width) - y, 0, height - 1)
    seen = np.ones((height, width), np.float32)
    seen[y, x] = solid[mirror_y, mirror_x] * np.exp(-far[y, x] / reach)
    trust = cv2.GaussianBlur(seen, (0, 0), 1.0)[y, x, None]
    textured, inside = picture[mirror_y, mirror_x].astype(np.float32), smooth[y, x]
    smooth[y, x] = inside + (textured - inside) * trust
    return smooth
