"""The visible AI label over the frames of one video, as its permit pins it. No fonts here."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from compliance.label.picture import LabelPicture
from compliance.label.place import LabelPlace


@dataclass(frozen=True, eq=False)
class LabelOverlay:
    """Lays one label over yuv420p frames; the mark comes after it and covers it too."""

    picture: LabelPicture
    place: LabelPlace

    @classmethod
    def load(cls, path: Path, place: LabelPlace) -> Self:
        """Read a label's file, whose bytes were checked against the permit.

        Raises:
            InvalidInput: it is no PNG with transparency.
        """
        return cls(LabelPicture.from_png(path.read_bytes(), place), place)

    def apply(self, planes: NDArray[np.uint8], index: int) -> None:
        """Lay it over a frame in place, if it stands in that one.

        Args:
            planes: (H*3/2, W) uint8, planar yuv420p in video range.
            index: number of the frame, from 0.

        Raises:
            InvalidInput: it does not fit into the frame.
        """
        if self.place.shows_in(index):
            self.picture.lay_over(planes, self.place)
