"""What is taken of a video or a picture: hashes to be found by, small pictures to be laid by."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from compliance.errors import InvalidInput
from compliance.fingerprint.hashes import distinct, picture_hash, small
from compliance.fingerprint.kinds import VIEWS, Kind, PrintHash
from compliance.fingerprint.pictures import RATE, SmallPictures, pack
from compliance.media import MAX_FRAMES, image_frame, video_frames

_APART = 4  # bits in which a hash of the same view has to differ to be kept as well
# Lines along an edge whose levels all lie this close together are a border that somebody added.
_FLAT = 6.0
_LEAST_LEFT = 0.3  # of a side; a picture that is flat beyond this has no border, it is dark


@dataclass(frozen=True)
class Print:
    """What is taken of a file.

    Attributes:
        hashes: of its pictures.
        pictures: (n, 32, 32) uint8, small and grey, ten a second; one of a photo.
        frames: how many were decoded.
        seconds: how long it is; 0 for a photo.
    """

    hashes: list[PrintHash]
    pictures: SmallPictures
    frames: int
    seconds: float

    def pack(self) -> bytes:
        """Return the small pictures as a file."""
        return pack(self.pictures)


def video_print(path: Path, *, views: bool, most: int = MAX_FRAMES) -> Print:
    """Take the print of a video.

    Args:
        path: the file.
        views: hash crops as well, for what is to be found; else the mirror image, for what is
            looked for.
        most: more frames than this are refused.

    Raises:
        InvalidInput: it cannot be decoded to its end ("video-unreadable" and others).
    """
    taken = Taking(VIEWS if views else VIEWS[:1], mirrored=not views)
    for _ in taken.watched(video_frames(path, most)):
        pass
    return taken.concluded()


def image_print(path: Path) -> Print:
    """Take the print of a picture: a PNG, JPEG or WebP.

    Raises:
        InvalidInput: it is none, or too large.
    """
    luma = without_border(_luma(image_frame(path)))
    grey = small(luma)
    found = [PrintHash(Kind.PICTURE, 0, 0, picture_hash(g)) for g in (grey, grey[:, ::-1])]
    return Print(found, np.rint(grey)[None].astype(np.uint8), 1, 0.0)


class Taking:
    """Collects what is taken of the frames of one video, a tenth of a second apart."""

    def __init__(self, views: tuple[float, ...] = VIEWS[:1], *, mirrored: bool = True) -> None:
        """Take of what is looked for; of what is to be found more views and no mirror image."""
        self._views = views
        self._mirrored = mirrored
        self._hashes: list[PrintHash] = []
        self._pictures: list[NDArray[np.uint8]] = []
        self._frames = 0
        self._start: float | None = None
        self._end = 0.0
        self._border: tuple[slice, slice] | None = None

    def watched(self, frames: Iterable[av.VideoFrame]) -> Iterator[av.VideoFrame]:
        """Pass frames on to whoever else looks at them, each taken of."""
        for frame in frames:
            self._add(frame)
            yield frame

    def _add(self, frame: av.VideoFrame) -> None:
        now = frame.time if frame.time is not None else self._frames / 25
        self._start = now if self._start is None else self._start
        self._frames += 1
        at = now - self._start
        self._end = max(self._end, at)
        if at * RATE < len(self._pictures) or len(self._pictures) > MAX_FRAMES:
            return
        luma = _luma(frame)
        if self._border is None:  # a border stays where it is
            self._border = border(luma)
        luma = luma[self._border]
        greys = [small(luma, view) for view in self._views]
        at_ms = round(at * 1000)
        for view, grey in enumerate(greys):
            self._hashes.append(PrintHash(Kind.PICTURE, view, at_ms, picture_hash(grey)))
        if self._mirrored:
            self._hashes.append(PrintHash(Kind.PICTURE, 0, at_ms, picture_hash(greys[0][:, ::-1])))
        picture = np.rint(greys[0]).astype(np.uint8)
        while len(self._pictures) <= at * RATE:  # slower than ten a second: shown until the next
            self._pictures.append(picture)

    def concluded(self) -> Print:
        """Return what was taken.

        Raises:
            InvalidInput: there was no frame.
        """
        if not self._pictures:
            raise InvalidInput("It has no frame.", code="video-unreadable")
        frame_s = self._end / max(self._frames - 1, 1)
        return Print(
            distinct(self._hashes, _APART),
            np.stack(self._pictures),
            self._frames,
            self._end + frame_s,
        )


def _luma(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """Return a frame's (H, W) luma."""
    if frame.format.name not in ("yuv420p", "yuvj420p"):
        frame = frame.reformat(format="gray")
    return frame.to_ndarray()[: frame.height].astype(np.uint8, copy=False)


def without_border(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture without the even border around it."""
    return luma[border(luma)]


def border(luma: NDArray[np.uint8]) -> tuple[slice, slice]:
    """Return the rows and columns within the even border around a picture (letterbox, a page)."""
    return _within(_uneven(luma)), _within(_uneven(luma.T))


def _uneven(lines: NDArray[np.uint8]) -> NDArray[np.bool_]:
    low, high = np.percentile(lines, (2, 98), axis=1)
    return np.asarray(high - low > _FLAT)


def _within(uneven: NDArray[np.bool_]) -> slice:
    where = np.flatnonzero(uneven)
    if not len(where) or where[-1] + 1 - where[0] < _LEAST_LEFT * len(uneven):
        return slice(0, len(uneven))
    return slice(int(where[0]), int(where[-1]) + 1)
