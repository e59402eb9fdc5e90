"""What MediaPipe's detectors share: square views, anchors in cells, boxes that overlap."""

import cv2
import numpy as np

from generation.faces.arrays import Image, Points


def anchors(*layers: tuple[int, int]) -> Points:
    """Return (n, 2) anchor centres in 0..1, for layers of cells a side and anchors a cell."""
    rows = [
        ((x + 0.5) / cells, (y + 0.5) / cells)
        for cells, per_cell in layers
        for y in range(cells)
        for x in range(cells)
        for _ in range(per_cell)
    ]
    return np.array(rows)


def letterbox(rgb: Image, scale: float, side: int) -> tuple[Image, Points]:
    """Return the picture scaled into side x side px, black around it, and its (x, y) offset."""
    height, width = rgb.shape[:2]
    new_w, new_h = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(rgb, (new_w, new_h), interpolation=method)
    left, top = (side - new_w) // 2, (side - new_h) // 2
    out = np.zeros((side, side, 3), np.uint8)
    out[top : top + new_h, left : left + new_w] = small
    return out, np.array([left, top], np.float64)


def overlap(a: Points, b: Points) -> float:
    """Return intersection over union of two (2, 2) boxes."""
    inner = np.prod(np.clip(np.minimum(a[1], b[1]) - np.maximum(a[0], b[0]), 0, None))
    union = np.prod(a[1] - a[0]) + np.prod(b[1] - b[0]) - inner
    return float(inner / union) if union > 0 else 0.0
