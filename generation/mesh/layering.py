"""The frame as person and background: with a matte two layers, without one the photo as it is."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from generation.faces.arrays import Floats, Image, Points
from generation.mesh.compositing import Cutout
from generation.mesh.matte import find_matte
from generation.mesh.scene import Scene, backdrop
from generation.mesh.subject import Subject


@dataclass(frozen=True)
class Layers:
    """What a frame is put together from.

    Attributes:
        cut_out: whether there is a matte; without one `behind` is never seen.
        person: (H, W, 3) the person's colours.
        cover: (H, W) 0..1 where the person is.
        behind: (H, W, 3) what is shown elsewhere.
    """

    cut_out: bool
    person: Image
    cover: Floats
    behind: Image

    @classmethod
    def of(cls, frame: Image, points: Points, scene: Scene) -> Self:
        """Take a frame (H, W, 3) with landmarks (478, 3) px apart."""
        matte = find_matte(frame, points)
        if matte is None:
            return cls(False, frame, np.ones(frame.shape[:2], np.float32), frame)
        return cls(True, matte.person, matte.cover, backdrop(scene, matte))

    def whole(self) -> Image:
        """Return the frame (H, W, 3) put together, before anything moves."""
        cover = self.cover[..., None]
        mixed = self.behind + (self.person.astype(np.float32) - self.behind) * cover
        return np.round(mixed).astype(np.uint8)

    def cutout(self, subject: Subject) -> Cutout:
        """Return the layers of the subject's region."""
        left, top, right, bottom = subject.place
        cover = np.ascontiguousarray(self.cover[top:bottom, left:right])
        behind = np.ascontiguousarray(self.behind[top:bottom, left:right])
        return Cutout(subject.picture, cover, behind, subject.face_height)
