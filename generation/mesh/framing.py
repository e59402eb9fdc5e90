"""From a photo of any size to the frame: head and shoulders, sensible headroom.

All lengths are in face heights (forehead to chin). A photo that is tighter than the frame wants is
used as it is as far as it reaches; only what then still misses is padded, by drawing the photo's
edge outwards and blurring it the more, the further away it is: clothes go on downwards and the
background upwards, where a mirror image would show a second head.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from generation.faces.arrays import Floats, Image, Points
from generation.faces.topology import CHIN, FACE_OVAL, FOREHEAD
from generation.mesh.sampling import smoothstep

WANTED_HEIGHT, WANTED_WIDTH = 2.45, 1.9  # the frame shows at least this much
TIGHTEST_HEIGHT, TIGHTEST_WIDTH = 1.5, 1.2  # below this the photo is padded instead
CLOSEST, WIDEST = 0.68, 6.0  # times what is wanted, for a close-up and for the whole photo
HEADROOM = 0.62  # above the forehead point, hair included, at the wanted height
EXTRA_HEADROOM = 0.25  # of every further face height


@dataclass(frozen=True)
class Crop:
    """A rectangle in the photo, whole pixels; it may reach outside."""

    left: int
    top: int
    width: int
    height: int


def choose_crop(
    points: Points, photo: tuple[int, int], frame: tuple[int, int], zoom: float = 0.0
) -> Crop:
    """Choose the part of a photo that becomes the frame.

    Args:
        points: landmarks (478, >=2) px.
        photo: its (height, width).
        frame: the wanted (height, width).
        zoom: -1 as much as the photo has .. 0 head and shoulders .. 1 a close-up.
    """
    photo_h, photo_w = photo
    aspect = frame[1] / frame[0]
    face = float(np.linalg.norm(points[FOREHEAD, :2] - points[CHIN, :2]))
    nearer = (CLOSEST if zoom > 0 else WIDEST) ** abs(zoom)
    wanted = max(WANTED_HEIGHT, WANTED_WIDTH / aspect) * face * nearer
    tightest = max(TIGHTEST_HEIGHT, TIGHTEST_WIDTH / aspect) * face
    height = max(tightest, min(wanted, photo_h, photo_w / aspect))
    width = height * aspect
    oval = points[list(FACE_OVAL), :2]
    centre_x = (oval[:, 0].min() + oval[:, 0].max()) / 2
    above = HEADROOM + EXTRA_HEADROOM * (height / face - WANTED_HEIGHT)
    top = _slide(points[FOREHEAD, 1] - above * face, height, photo_h)
    left = _slide(centre_x - width / 2, width, photo_w)
    return Crop(round(left), round(top), max(2, round(width)), max(2, round(height)))


def cut(photo: Image, crop: Crop, width: int, height: int) -> Image:
    """Return the crop as (height, width, 3): area means when it shrinks, cubic when it grows."""
    inside, pads = _inside(photo, crop)
    if any(pads):
        padded = cv2.copyMakeBorder(inside, *pads, borderType=cv2.BORDER_REPLICATE)
        inside = _soften(np.asarray(padded, np.uint8), pads)
    method = cv2.INTER_AREA if crop.height > height else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(inside, (width, height), interpolation=method), np.uint8)


def _slide(start: float, length: float, limit: int) -> float:
    """Move a span into 0..limit where it fits; share the missing part where it does not."""
    if length >= limit:
        return (limit - length) / 2 if length > limit else 0.0
    return min(max(start, 0.0), limit - length)


def _inside(photo: Image, crop: Crop) -> tuple[Image, tuple[int, int, int, int]]:
    """Return the part of the crop inside the photo and the rows and columns missing around it."""
    height, width = photo.shape[:2]
    top, left = max(0, crop.top), max(0, crop.left)
    bottom, right = min(height, crop.top + crop.height), min(width, crop.left + crop.width)
    pads = (
        top - crop.top,
        crop.top + crop.height - bottom,
        left - crop.left,
        crop.left + crop.width - right,
    )
    return photo[top:bottom, left:right], pads


def _soften(padded: Image, pads: tuple[int, int, int, int]) -> Image:
    """Blur the added margin, stronger away from the photo, so that it reads as background."""
    height, width = padded.shape[:2]
    top, bottom, left, right = pads
    y, x = np.arange(height, dtype=np.float64), np.arange(width, dtype=np.float64)
    out_y = np.maximum(np.maximum(top - y, y - (height - 1 - bottom)), 0)
    out_x = np.maximum(np.maximum(left - x, x - (width - 1 - right)), 0)
    reach = 0.08 * max(height, width)
    weight = smoothstep(np.hypot(out_y[:, None], out_x[None]) / reach)[..., None]
    blurred = _wide_blur(padded, 0.07 * max(height, width))
    mixed = padded * (1 - weight) + blurred * weight
    return np.round(mixed).astype(np.uint8)


def _wide_blur(picture: Image, sigma: float) -> Floats:
    """Gaussian blur at an eighth of the size: nothing finer survives it anyway."""
    height, width = picture.shape[:2]
    size = (max(1, width // 8), max(1, height // 8))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small.astype(np.float32), (0, 0), max(0.5, sigma / 8))
    return np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC), "f4")
