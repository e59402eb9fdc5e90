"""A label's picture: read from its file, and laid over frames."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from compliance.errors import InvalidInput
from compliance.label.place import MOST_BYTES, LabelPlace

_MAGIC = b"\x89PNG\r\n\x1a\n"
_LUMA = (0.2126, 0.7152, 0.0722)  # BT.709
_SIDES = 4096  # pixels, at most

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class LabelPicture:
    """The label in the size in which it stands, ready for planes of BT.709 in video range.

    Attributes:
        cover: (height, width), 0 where the picture shows through to 1 where nothing does.
        luma: (height, width), 16 to 235.
        chroma: (2, height/2, width/2), Cb and Cr.
    """

    cover: Floats
    luma: Floats
    chroma: Floats

    @classmethod
    def from_png(cls, data: bytes, place: LabelPlace) -> Self:
        """Read a PNG with transparency and bring it to the size of its place.

        Raises:
            InvalidInput: it is no such picture ("label-unreadable").
        """
        rgba = _decode(data)
        if rgba.shape[:2] != (place.height, place.width):
            rgba = _shrunk(rgba, (place.width, place.height))
        rgb, cover = rgba[..., :3], rgba[..., 3]
        luma = rgb @ np.array(_LUMA, np.float32)  # (h, w), 0 to 255
        small = (place.width // 2, place.height // 2)
        blue, red = (
            128 + _shrunk((rgb[..., n] - luma) * (224 / 255 / scale), small)
            for n, scale in ((2, 1.8556), (0, 1.5748))
        )
        chroma = np.stack([blue, red]).astype(np.float32)
        return cls(
            (cover / 255).astype(np.float32), (16 + luma * (219 / 255)).astype(np.float32), chroma
        )

    def lay_over(self, planes: NDArray[np.uint8], place: LabelPlace) -> None:
        """Lay the label over one frame in place.

        Args:
            planes: (H*3/2, W) uint8, planar yuv420p in video range.
            place: where; its size is the one that this picture was read for.

        Raises:
            InvalidInput: it does not fit into the frame.
        """
        rows, width = planes.shape
        height = rows * 2 // 3
        place.check_within(width, height)
        luma = planes[:height]
        _mix(_cut(luma, place, 1), self.luma, self.cover)
        for number in (0, 1):
            start = height + number * (height // 4)
            plane = planes[start : start + height // 4].reshape(height // 2, width // 2)
            _mix(_cut(plane, place, 2), self.chroma[number], self._half_cover)

    @cached_property
    def _half_cover(self) -> Floats:
        """(height/2, width/2), as the chroma."""
        return _shrunk(self.cover, (self.cover.shape[1] // 2, self.cover.shape[0] // 2))


def _shrunk(values: Any, size: tuple[int, int]) -> Floats:
    """Return values at another (width, height), averaged over areas."""
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def _cut(plane: NDArray[np.uint8], place: LabelPlace, step: int) -> NDArray[np.uint8]:
    """Return the part of a plane under the label, as a view."""
    x, y = place.x // step, place.y // step
    return plane[y : y + place.height // step, x : x + place.width // step]


def _mix(under: NDArray[np.uint8], over: Any, cover: Any) -> None:
    under[:] = np.rint(under + (over - under) * cover).astype(np.uint8)


def _decode(data: bytes) -> Floats:
    """Return (height, width, 4) RGBA, 0 to 255."""
    found = None
    if data.startswith(_MAGIC) and len(data) <= MOST_BYTES and _sides(data) <= _SIDES:
        found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if found is None or found.ndim != 3 or found.shape[2] != 4 or found.dtype != np.uint8:
        raise InvalidInput(
            "The label is no PNG with transparency.",
            code="label-unreadable",
            remedy="Make a new production; its label is drawn anew.",
        )
    return cv2.cvtColor(found, cv2.COLOR_BGRA2RGBA).astype(np.float32)


def _sides(data: bytes) -> int:
    """Return the longer side that a PNG announces (IHDR), before anything is decoded."""
    return max(int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))
