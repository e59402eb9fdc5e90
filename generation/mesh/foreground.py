"""Things before the person as a layer of their own, which never moves.

They are taken off the person, who is continued behind them as far as movement may show, and laid
over each finished frame again.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from generation.faces import topology
from generation.faces.arrays import Floats, Image, Points
from generation.mesh.filling import fill_smoothly
from generation.mesh.layering import Layers
from generation.mesh.occluders import Occluders, find_occluders
from generation.mesh.sampling import blur, polygon
from generation.mesh.subject import Subject

HIDDEN = 0.1  # of a pixel, from which on what is behind a thing is not known
WHOLLY = 0.95  # held, or the person: below, a pixel is something else as well
SOLID = 4  # px at a frame of 512 px, from its edge on, where a thing is one whatever the matte says
HELD_REACH = 0.15  # face heights around a thing in which the body hardly breathes


@dataclass(frozen=True)
class Foreground:
    """What lies before the person in a frame.

    Attributes:
        picture: (H, W, 3) the colours of it.
        cover: (H, W) 0..1.
    """

    picture: Image
    cover: Floats

    def before(self, subject: Subject) -> "Before":
        """Return what of it is drawn over a subject's region."""
        left, top, right, bottom = subject.place
        return Before(self.picture[top:bottom, left:right], self.cover[top:bottom, left:right])

    def holding(self, subject: Subject) -> Floats:
        """Return 0..1 how much of it is near each cell of a subject's grid, (rows, columns)."""
        left, top, right, bottom = subject.place
        near = blur(self.cover[top:bottom, left:right], HELD_REACH * subject.face_height)
        size = (subject.grid.columns, subject.grid.rows)
        small = cv2.resize(np.clip(2 * near, 0, 1), size, interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.float32)


class Before:
    """A region's things, ready to be laid over each frame."""

    def __init__(self, picture: Image, cover: Floats) -> None:
        """Take the region's (h, w, 3) colours and (h, w) coverage 0..1."""
        weight = np.round(cover * 255).astype(np.uint16).reshape(-1)
        self._at = np.flatnonzero(weight)
        own = weight[self._at, None]
        self._through = 255 - own
        self._own = picture.reshape(-1, 3)[self._at].astype(np.uint16) * own + np.uint16(127)

    def draw(self, region: Image) -> None:
        """Lay them over a finished region (h, w, 3), in place: where they are whole, unchanged."""
        pixels = region.reshape(-1, 3)
        mixed = pixels[self._at].astype(np.uint16) * self._through
        mixed += self._own
        pixels[self._at] = mixed // np.uint16(255)


def take_away(layers: Layers, frame: Image, points: Points) -> tuple[Layers, Foreground | None]:
    """Return the layers without what is before the person, and that; the layers themselves without.

    Args:
        layers: of the frame.
        frame: (H, W, 3), as it is.
        points: (478, 3) px, the face's landmarks.

    Raises:
        WeightsInvalid: a weight file is not the pinned one.
    """
    found = find_occluders(frame, points)
    if found is None:
        return layers, None
    hidden = (found.cover > HIDDEN) & (found.held > WHOLLY)
    seen = (~hidden).astype(np.float32)
    continued = fill_smoothly(layers.person.astype(np.float32), seen * (layers.cover > WHOLLY))
    person = np.where(hidden[..., None], np.clip(continued + 0.5, 0, 255), layers.person)
    around = fill_smoothly(np.dstack([layers.cover] * 2), seen)[..., 0]  # it wants several channels
    face = polygon(layers.cover.shape[:2], points[list(topology.FACE_OVAL), :2])
    cover = np.where(hidden, np.maximum(np.clip(4 * around - 1.5, 0, 1), face), layers.cover)
    bare = replace(layers, person=person.astype(np.uint8), cover=cover.astype(np.float32))
    return bare, _coloured(layers, frame, found)


def _coloured(layers: Layers, frame: Image, found: Occluders) -> Foreground:
    """Return the things with their own colours: unmixed where they end before the background."""
    size = max(1, round(SOLID * max(frame.shape[:2]) / 512))
    kernel = np.ones((2 * size + 1, 2 * size + 1), np.uint8)
    solid = np.asarray(cv2.erode(found.cover, kernel), np.float32)
    cover = found.cover * found.held * np.maximum(layers.cover, solid)
    known = np.clip(20 * layers.cover, 0, 1)[..., None]
    picture = frame + (layers.person.astype(np.float32) - frame) * known
    return Foreground(np.round(picture).astype(np.uint8), cover)
