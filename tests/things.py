"""A hand that tests lay before a portrait. Drawn, not photographed."""

from __future__ import annotations

import cv2
import numpy as np

# A left hand's back, fingers up: each finger from palm to tip, cm from the wrist (x right, y up).
FINGERS = (
    ((-1.9, 1.6), (-4.0, 4.0), (-5.1, 6.2), (-5.8, 8.0)),
    ((-2.6, 9.0), (-3.1, 12.2), (-3.3, 14.3), (-3.4, 16.1)),
    ((-0.4, 9.4), (-0.5, 13.0), (-0.5, 15.5), (-0.5, 17.4)),
    ((1.7, 9.0), (2.1, 12.2), (2.3, 14.5), (2.4, 16.3)),
    ((3.5, 8.0), (4.3, 10.4), (4.7, 12.0), (5.0, 13.5)),
)
WIDTHS = ((1.5, 1.25, 1.1, 0.9), *(((0.95, 0.9, 0.8, 0.7),) * 3), (0.8, 0.75, 0.7, 0.6))
PALM = (
    (-2.2, 0.0),
    (-3.4, 4.0),
    (-3.6, 8.6),
    (-0.5, 10.0),
    (2.6, 9.4),
    (4.3, 7.8),
    (2.9, 3.5),
    (2.3, 0),
)
ARM = ((-2.4, 1.0), (2.4, 1.0), (2.9, -14.0), (-2.9, -14.0))
REACH = 20  # cm around the wrist
LARGER = 2  # times, at which they are drawn


def with_hand(rgb, wrist, degrees, cm, skin=(205, 150, 122)):
    """A hand before a picture, and its mask (H, W) 0..1.

    Args:
        rgb: (H, W, 3) uint8.
        wrist: (x, y) px.
        degrees: by which it turns clockwise from fingers up.
        cm: px.
        skin: RGB.
    """
    rows, columns = (
        slice(max(0, int(at - REACH * cm)), max(0, int(at + REACH * cm)))
        for at in (wrist[1], wrist[0])
    )
    place = np.array(wrist) - (columns.start, rows.start)
    drawn, mask = _hand(rgb[rows, columns], place, degrees, cm, skin)
    out, cover = rgb.copy(), np.zeros(rgb.shape[:2], np.float32)
    out[rows, columns], cover[rows, columns] = drawn, mask
    return out, cover


def _hand(rgb, wrist, degrees, cm, skin):
    a = np.radians(degrees)
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    away = _positions(rgb) - wrist
    away = (away @ turn * (1, -1) / cm).astype(np.float32)  # cm from the wrist, y up
    high = _flat(away, ARM, 1.3)
    np.maximum(high, _flat(away, PALM, 1.0), out=high)
    for finger, widths in zip(FINGERS, WIDTHS, strict=True):
        for joint in range(3):
            ends, radii = np.array(finger[joint : joint + 2]), widths[joint : joint + 2]
            np.maximum(high, _rod(away, ends, radii), out=high)
    soft = cv2.GaussianBlur(high, (0, 0), 0.12 * cm * LARGER) * cm * LARGER
    gx, gy = (cv2.Sobel(soft, cv2.CV_32F, *way, scale=1 / 8) for way in ((1, 0), (0, 1)))
    light = np.clip((0.35 * gx + 0.5 * gy + 0.9) / np.sqrt(1 + gx * gx + gy * gy), 0.25, 1.2)
    return _over(rgb, np.array(skin, np.float32) * light[..., None], high > 0)


def _positions(rgb):
    """Where each pixel of the larger picture lies, (rows, columns, 2) px."""
    rows, columns = (np.arange(n * LARGER) / LARGER - 0.5 + 0.5 / LARGER for n in rgb.shape[:2])
    return np.stack(np.meshgrid(columns, rows), -1)


def _rod(away, ends, radii):
    """How far a round rod stands out, in cm."""
    along = ends[1] - ends[0]
    share = np.clip((away - ends[0]) @ along / (along @ along), 0, 1)
    far = np.linalg.norm(away - ends[0] - share[..., None] * along, axis=-1)
    wide = radii[0] + (radii[1] - radii[0]) * share
    return np.sqrt(np.clip(wide**2 - far**2, 0, None)).astype(np.float32)


def _flat(away, outline, thick):
    """How far something flat with round edges stands out, in cm."""
    corners = np.array(outline, np.float32)
    inside = np.full(away.shape[:2], np.inf)
    for one, other in zip(corners, np.roll(corners, -1, 0), strict=True):
        along = (other - one) / np.linalg.norm(other - one)
        inside = np.minimum(inside, (away - one) @ (along[1], -along[0]))
    return (thick * np.sqrt(np.clip(inside / 1.2, 0, 1))).astype(np.float32)


def _over(rgb, colours, mask):
    size = rgb.shape[1], rgb.shape[0]
    mask = mask.astype(np.float32)

    def small(values):
        fitted = cv2.resize(values.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        return cv2.GaussianBlur(fitted, (0, 0), 0.6)

    cover = small(mask)
    drawn = small(np.clip(colours, 0, 255) * mask[..., None]) / np.maximum(cover, 1e-3)[..., None]
    out = rgb + (drawn - rgb) * cover[..., None]
    return np.clip(out + 0.5, 0, 255).astype(np.uint8), cover
