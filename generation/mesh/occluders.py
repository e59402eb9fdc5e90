"""What is before the person and does not move with the face: hands, found once a photo.

Their outline is looked for at the photo's own edges, between what is surely theirs and what surely
is not. What lies over the lips is left alone: a mouth that is not seen cannot speak, and the photo
gate refuses it.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from generation.faces import topology
from generation.faces.arrays import Floats, Image, Mask, Points
from generation.faces.hands import Hand, hand_finder
from generation.mesh.sampling import blur, line, polygon, smoothstep
from generation.mesh.subject import REGION, REGION_ABOVE

FACE = 200.0  # px forehead to chin at which they are looked for
NEAR = 0.35  # face heights around the face in which they are in the head's way
OVER_LIPS = 0.1  # of the lips that they may cover
SMOOTH, EDGE = 2.0, 1.2  # px: how far an outline is rounded, and how soft it is
WIDER = 5  # px that are held around it: still skin is not seen there, a bent shadow is

# A hand in cm, of which its palm says how many pixels they are: from wrist to middle finger, and
# from index to little finger.
PALM_LONG, PALM_WIDE = 10.0, 7.0
FINGER, THUMB = (1.0, 0.9, 0.8, 0.7), (1.6, 1.3, 1.1, 0.9)  # half widths from palm to tip
PALM, WRIST = 1.0, 2.6  # half width of the palm's rim; of the wrist
ARM = 5.0  # below the wrist it goes over into the arm, which moves with the body
SURELY, PERHAPS = 0.6, 1.4  # of the half widths
FACE_LONG = 17.0  # cm from forehead to chin
SMALLEST = 0.45  # of the face's scale: a hand before a face is nearer, not far smaller


@dataclass(frozen=True)
class Occluders:
    """What lies before a person.

    Attributes:
        cover: (H, W) 0..1, how much of each pixel it covers.
        held: (H, W) 0..1, how far it holds still: an arm goes over into the body that moves.
    """

    cover: Floats
    held: Floats


def find_occluders(frame: Image, points: Points) -> Occluders | None:
    """Return what lies before the person in a frame, or None.

    Args:
        frame: (H, W, 3) RGB.
        points: (478, 3) px, the face's landmarks.

    Raises:
        WeightsInvalid: a weight file is not the pinned one.
    """
    view = _View(frame, points)
    surely, perhaps = view.empty(), view.empty()
    held = np.zeros(surely.shape, np.float32)
    for hand in hand_finder()(view.picture):
        one = _HandShape(hand)
        inside = one.drawn(surely.shape, SURELY) > 0.5
        if one.cm < SMALLEST * FACE / FACE_LONG or not (inside & view.near).any():
            continue
        surely |= inside
        perhaps |= one.drawn(surely.shape, PERHAPS) > 0.5
        np.maximum(held, one.held(surely.shape), out=held)
    if not surely.any():
        return None
    thing = _outlined(view.picture, surely, perhaps)
    if float((thing * view.lips).sum()) > OVER_LIPS * float(view.lips.sum()):
        return None
    cover = np.maximum(blur(thing, EDGE), _widened(thing) * (1 - view.lips))
    return Occluders(view.in_frame(cover), view.in_frame(held))


class _View:
    """The region around the face, at a face of FACE px."""

    def __init__(self, frame: Image, points: Points) -> None:
        height, width = frame.shape[:2]
        oval = points[list(topology.FACE_OVAL), :2]
        face = float(np.linalg.norm(points[topology.FOREHEAD, :2] - points[topology.CHIN, :2]))
        side, middle = REGION * face, oval.mean(0)
        self._left = max(0, int(middle[0] - side / 2))
        self._top = max(0, int(middle[1] - side * REGION_ABOVE))
        right = min(width, int(middle[0] + side / 2) + 1)
        bottom = min(height, int(middle[1] + side * (1 - REGION_ABOVE)) + 1)
        self._frame, self._place = (height, width), np.s_[self._top : bottom, self._left : right]
        part, factor = frame[self._place], FACE / face
        size = max(1, round(part.shape[1] * factor)), max(1, round(part.shape[0] * factor))
        method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        self.picture: Image = np.asarray(cv2.resize(part, size, interpolation=method), np.uint8)
        scale = np.array(size) / (part.shape[1], part.shape[0])
        self.points: Points = (points[:, :2] - (self._left, self._top) + 0.5) * scale - 0.5
        self.lips = polygon(self.picture.shape[:2], self.points[list(topology.OUTER_LIPS)])
        around = self.points[list(topology.FACE_OVAL)]
        middle = around.mean(0)
        wider = 1 + 2 * NEAR
        self.near: Mask = polygon(self.picture.shape[:2], middle + (around - middle) * wider) > 0.5

    def empty(self) -> Mask:
        """Return a mask (h, w) of nothing."""
        return np.zeros(self.picture.shape[:2], bool)

    def in_frame(self, cover: Floats) -> Floats:
        """Return a coverage (h, w) of the view as one of the frame (H, W)."""
        out = np.zeros(self._frame, np.float32)
        part = out[self._place]
        size = (part.shape[1], part.shape[0])
        part[:] = np.clip(cv2.resize(cover, size, interpolation=cv2.INTER_LINEAR), 0, 1)
        return out


class _HandShape:
    """A hand's outline, roughly: rods along its bones."""

    def __init__(self, hand: Hand) -> None:
        points = hand.points
        long = float(np.linalg.norm(points[9] - points[0])) / PALM_LONG
        wide = float(np.linalg.norm(points[17] - points[5])) / PALM_WIDE
        self._points, self.cm = points, max(long, wide)  # px a cm
        away = points[0] - points[[5, 9, 13, 17]].mean(0)
        self._down = away / max(float(np.linalg.norm(away)), 1e-6)

    def drawn(self, shape: tuple[int, ...], share: float) -> Floats:
        """Return a mask (h, w), rods `share` of their width."""
        out = np.zeros(shape[:2], np.float32)

        def rod(a: Points, b: Points, radius: float) -> None:
            thick = max(1, round(2 * share * radius * self.cm))
            np.maximum(out, line((out.shape[0], out.shape[1]), np.stack([a, b]), thick), out=out)

        p = self._points
        for finger in range(5):
            radii, first = THUMB if finger == 0 else FINGER, 1 + 4 * finger
            for joint in range(3):
                rod(p[first + joint], p[first + joint + 1], (radii[joint] + radii[joint + 1]) / 2)
        rim = p[[0, 1, 5, 9, 13, 17]]
        np.maximum(out, polygon((out.shape[0], out.shape[1]), rim), out=out)
        for a, b in zip(rim, np.roll(rim, -1, 0), strict=True):
            rod(a, b, PALM)
        rod(p[0], p[0] + self._down * ARM * self.cm, WRIST)
        return out

    def held(self, shape: tuple[int, ...]) -> Floats:
        """Return 1 on the hand, falling to 0 along the arm, (h, w)."""
        rows, columns = np.mgrid[: shape[0], : shape[1]]
        away = np.stack([columns, rows], -1) - self._points[0]
        along = away @ self._down / (ARM * self.cm)
        return np.asarray(1 - smoothstep(along), np.float32)


def _outlined(picture: Image, surely: Mask, perhaps: Mask) -> Floats:
    """Return 0 or 1 (h, w): what is `surely` there and ends within `perhaps`, rounded.

    Watershed (Meyer 1991) puts the outline on the strongest edge in between.
    """
    markers = np.zeros(surely.shape, np.int32)
    markers[~perhaps] = 2
    markers[surely] = 1
    if not (markers == 2).any():
        return np.ones(surely.shape, np.float32)
    smooth = np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.0), np.uint8)
    cv2.watershed(smooth, markers)
    inside = (markers == 1).astype(np.float32)
    return (blur(inside, SMOOTH) > 0.5).astype(np.float32)


def _widened(thing: Floats) -> Floats:
    """Return a mask (h, w) that goes WIDER px further, with a soft edge."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * WIDER + 1, 2 * WIDER + 1))
    return blur(np.asarray(cv2.dilate(thing, kernel), np.float32), EDGE)
