"""Glances: the content of the eye's opening slides sideways under the lids.

Only small angles: the white of the eye stretches at one corner and shrinks at the other, which
holds for the darting of eyes in speech, not for looking away.
"""

import numpy as np

from generation.faces.arrays import Floats
from generation.faces.topology import LEFT_EYE, RIGHT_EYE
from generation.mesh.sampling import Box, blur, polygon, sample
from generation.mesh.subject import Subject

EYEBALL_RADIUS = 1.2  # cm
LARGEST = 0.25  # rad
SMALLEST = 1e-3  # rad, below which nothing is done


class Gaze:
    """The opening of one eye."""

    def __init__(self, subject: Subject, eye: tuple[tuple[int, ...], ...]) -> None:
        """Prepare the weight of each pixel of the eye's opening: 1 mid-eye, 0 at its rim."""
        upper, lower = subject.at(eye[0]), subject.at(eye[1])
        outline = np.vstack([upper, lower[::-1]])
        low, high = outline.min(0), outline.max(0)
        margin = 0.02 * subject.face_height + 2
        height, width = subject.shape
        self._box: Box = (
            max(0, int(low[0] - margin)),
            max(0, int(low[1] - margin)),
            min(width, int(high[0] + margin)),
            min(height, int(high[1] + margin)),
        )
        left, top, right, bottom = self._box
        opening = polygon(subject.shape, outline)[top:bottom, left:right]
        soft = blur(np.ascontiguousarray(opening), max(0.6, 0.004 * subject.face_height))
        x = (np.arange(left, right) - low[0]) / (high[0] - low[0])
        along = np.clip(1 - (2 * x - 1) ** 4, 0, 1)
        self._weight: Floats = (soft * along).astype(np.float32)
        axis = subject.pose.rotation[:2, 0] * (1, -1)
        self._way = (EYEBALL_RADIUS * subject.pose.scale * axis).astype(np.float32)  # px per rad

    def part(self, source: Floats) -> Floats:
        """Return the view of a source map (h, w, 2) that :meth:`shift` changes."""
        left, top, right, bottom = self._box
        return source[top:bottom, left:right]

    def shift(self, source: Floats, gaze: float) -> None:
        """Change the region's source map (h, w, 2) px in place, for a gaze in radians."""
        if abs(gaze) < SMALLEST:
            return
        left, top = self._box[:2]
        part = self.part(source)
        inside = np.ascontiguousarray(part) - np.array([left, top], np.float32)
        weight = sample(self._weight, inside, outside_zero=True)[..., None]
        part -= weight * self._way * np.float32(np.clip(gaze, -LARGEST, LARGEST))


def gazes(subject: Subject) -> list[Gaze]:
    """Return both eyes."""
    return [Gaze(subject, eye) for eye in (RIGHT_EYE, LEFT_EYE)]
