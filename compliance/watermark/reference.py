"""A few small pictures of a release, kept so that copies of it can be laid over it.

They show somebody: whoever keeps a reference keeps it as personal data, under that person's key.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import cv2
import numpy as np

from compliance.errors import InvalidInput
from compliance.watermark.blocks import Plane

_MAGIC = b"rakkanr1"
SHORT_SIDE = 256  # pixels
_EVERY = 25  # frames from one picture to the next, at first
_MOST = 32  # pictures; a longer video is shown in wider steps
_QUALITY = 85  # of JPEG; about 8 kB a picture
_LIMIT = 4_000_000  # bytes that are read


@dataclass(frozen=True, eq=False)
class Reference:
    """Small pictures of a release.

    Attributes:
        width: pixels of the release.
        height: pixels of the release.
        indexes: numbers of the frames shown, ascending.
        pictures: (h*3/2, w) uint8, planar yuv420p, the short side 256 pixels.
    """

    width: int
    height: int
    indexes: tuple[int, ...]
    pictures: tuple[Plane, ...]

    @classmethod
    def of(cls, frames: Iterable[Plane]) -> Self:
        """Make one of (H*3/2, W) uint8 frames, planar yuv420p, of any number.

        Raises:
            InvalidInput: there is no frame.
        """
        kept: list[tuple[int, Plane]] = []
        every, size = _EVERY, (0, 0)
        for index, frame in enumerate(frames):
            size = (frame.shape[1], frame.shape[0] * 2 // 3)
            if index % every == 0:
                kept.append((index, small(frame)))
            if len(kept) > _MOST:
                kept, every = kept[::2], every * 2
        if not kept:
            raise InvalidInput("A video without a frame has no reference.", code="video-unreadable")
        return cls(*size, tuple(index for index, _ in kept), tuple(p for _, p in kept))

    def to_bytes(self) -> bytes:
        """Return what is kept: a line of JSON and the planes of each picture as a grey JPEG."""
        options = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
        coded = [cv2.imencode(".jpg", p, options)[1].tobytes() for p in self.pictures]
        head = {
            "width": self.width,
            "height": self.height,
            "indexes": self.indexes,
            "sizes": [len(data) for data in coded],
        }
        return _MAGIC + json.dumps(head).encode() + b"\n" + b"".join(coded)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what :meth:`to_bytes` wrote.

        Raises:
            InvalidInput: it is something else.
        """
        try:
            if not data.startswith(_MAGIC) or len(data) > _LIMIT:
                raise ValueError("no reference")
            line, _, rest = data[len(_MAGIC) :].partition(b"\n")
            head = json.loads(line)
            ends = np.cumsum([0, *head["sizes"]])
            if len(rest) != ends[-1] or len(head["sizes"]) != len(head["indexes"]):
                raise ValueError("cut off")
            parts = [rest[a:b] for a, b in pairwise(ends)]
            pictures = tuple(_decoded(part) for part in parts)
            return cls(head["width"], head["height"], tuple(head["indexes"]), pictures)
        except (ValueError, KeyError, TypeError, cv2.error) as error:
            raise InvalidInput(
                f"Not the reference of a release: {error}.", code="reference-invalid"
            ) from error


def small(frame: Plane, short_side: int = SHORT_SIDE) -> Plane:
    """Return a yuv420p frame of even size with a short side of so many pixels, not enlarged."""
    width, height = frame.shape[1], frame.shape[0] * 2 // 3
    share = min(1.0, short_side / min(width, height))
    wide, high = round(width * share / 2) * 2, round(height * share / 2) * 2
    flat, area = frame.reshape(-1), width * height
    planes = [flat[:area].reshape(height, width)]
    for at in (area, area * 5 // 4):
        planes.append(flat[at : at + area // 4].reshape(height // 2, width // 2))
    sizes = [(wide, high), (wide // 2, high // 2), (wide // 2, high // 2)]
    parts = [
        cv2.resize(plane, size, interpolation=cv2.INTER_AREA).reshape(-1)
        for plane, size in zip(planes, sizes, strict=True)
    ]
    return np.asarray(np.concatenate(parts).reshape(high * 3 // 2, wide), np.uint8)


def _decoded(part: bytes) -> Plane:
    picture = cv2.imdecode(np.frombuffer(part, np.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is None or picture.shape[0] % 3 or max(picture.shape) > 8 * SHORT_SIDE:
        raise ValueError("a picture cannot be decoded")
    return np.asarray(picture, np.uint8)
