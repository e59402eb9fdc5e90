"""Find the asset id in a copy: whole or in part, scaled, mirrored, turned, at any frame rate.

Blind: it knows the keys and nothing of the video. It stops as soon as a CRC-32 holds, so that an
untouched copy is answered after its first second.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from compliance.watermark.blocks import (
    SMALL_SIDE,
    SMALL_STEP,
    STEP,
    Plane,
    Real,
    cb_plane,
    cr_plane,
)
from compliance.watermark.colour import BT601, BT709, of_wrong_matrix
from compliance.watermark.decoder import Decoder, Sums
from compliance.watermark.detector import Detection, DetectionState, conclude
from compliance.watermark.geometry import Geometry
from compliance.watermark.key import KeyRing, WatermarkKey
from compliance.watermark.search import Candidate, Search

_WINDOW = 25  # frames in a row that are looked at
_STRIDE = 75  # frames from one window to the next
_WINDOWS = 40  # at most: two minutes at 25 frames a second
_MOMENTS = 3  # frames that a place is searched in
_READ = 4  # windows that are read at each place
_CLEAR = 60.0  # score of a candidate that is read before more are searched for


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found.

    Attributes:
        state: whether an id was decoded whose CRC-32 holds.
        detection: of the frames that gave the id, or of those that came nearest.
        place: what was done to the picture, in numbers; None if nothing was found.
        hypotheses: words that were decoded and checked by their CRC on the way.
        frames: read from the video.
    """

    state: DetectionState
    detection: Detection | None
    place: dict[str, float | bool] | None
    hypotheses: int
    frames: int

    @property
    def asset_id(self) -> str | None:
        """The id, 16 hexadecimal digits."""
        return self.detection.asset_id if self.detection else None


@dataclass
class Look:
    """What is known so far of one video.

    Attributes:
        chroma: Cb and Cr planes, a second each.
        nearest: what came nearest to a mark.
        hypotheses: words that were decoded.
        frames: read from the video.
    """

    chroma: list[list[tuple[Plane, Plane]]] = field(default_factory=list)
    nearest: Detection | None = None
    hypotheses: int = 0
    frames: int = 0

    @property
    def windows(self) -> list[list[Plane]]:
        """The Cb planes alone."""
        return [[cb for cb, _ in pairs] for pairs in self.chroma]

    @property
    def nothing(self) -> Finding:
        """What is said where nothing was found."""
        state = DetectionState.NOT_FOUND
        return Finding(state, self.nearest, None, self.hypotheses, self.frames)


class Finder:
    """Searches for marks made with any key of a ring."""

    def __init__(self, keys: WatermarkKey | KeyRing) -> None:
        """Draw the layouts of the keys."""
        self._decoders = [Decoder(key) for key in keys.keys]

    def find(self, frames: Iterable[Plane]) -> Finding:
        """Return what the frames carry; a few MB of them are held.

        Args:
            frames: (H*3/2, W) uint8 arrays, planar yuv420p, all of one size, in order: a second
                of them, a whole video or a single picture.

        Raises:
            InvalidInput: a frame has another layout.
        """
        run = Look()
        return self.read(frames, run) or self.search(run)

    def read(self, frames: Iterable[Plane], run: Look) -> Finding | None:
        """Return what frames carry that show the whole picture, or None; what was seen is kept.

        Args:
            frames: as for :meth:`find`.
            run: is filled, so that :meth:`search` can go on.

        Raises:
            InvalidInput: a frame has another layout.
        """
        for window in _windows(iter(frames), run):
            if found := self._read_whole(run, [window]):
                return found
        if len(run.chroma) > 1 and (found := self._read_whole(run, run.windows[:_READ])):
            return found
        for mixed in (of_wrong_matrix(BT709, BT601), of_wrong_matrix(BT601, BT709)):
            again = [[mixed(*pair) for pair in of_window] for of_window in run.chroma[:_READ]]
            if again and (found := self._read_whole(run, again)):
                return found
        return None

    def search(self, run: Look) -> Finding:
        """Return what is found in parts, mirrored and turned pictures of frames that were read."""
        return (self._search(run) if run.chroma else None) or run.nothing

    def _read_whole(self, run: Look, windows: Sequence[Sequence[Plane | Real]]) -> Finding | None:
        place = Geometry.whole(*windows[0][0].shape[::-1])
        return self._read(run, windows, place, range(len(self._decoders)))

    def _search(self, run: Look) -> Finding | None:
        """Read the clear candidates of each search at once, the others when all are known."""
        planes = [plane for window in run.windows for plane in window]
        chosen = np.linspace(0, len(planes) - 1, min(_MOMENTS, len(planes)) + 2)[1:-1]
        unclear: list[Candidate] = []
        for candidate in self._candidates([planes[round(place)] for place in chosen]):
            if candidate.score < _CLEAR:
                unclear.append(candidate)
            elif found := self._try(run, candidate):
                return found
        for candidate in sorted(unclear, key=lambda one: -one.score)[:_READ]:
            if found := self._try(run, candidate):
                return found
        return None

    def _candidates(self, moments: list[Plane]) -> Iterator[Candidate]:
        """Yield what stands out, looked at closely: parts first, then turned pictures."""
        # luma has twice the sides; what was small is smaller where a part was cut out of it
        small = 2 * min(moments[0].shape) < SMALL_SIDE
        for step in (STEP, SMALL_STEP) if small else (STEP,):
            search = Search(self._decoders, moments, step)
            for look in (search.crops, search.turns):
                yield from map(search.refine, look())

    def _try(self, run: Look, candidate: Candidate) -> Finding | None:
        apart = max(1, len(run.windows) // _READ)
        windows = run.windows[::apart][:_READ]
        return self._read(run, windows, candidate.geometry, [candidate.key])

    def _read(
        self,
        run: Look,
        windows: Sequence[Sequence[Plane | Real]],
        place: Geometry,
        keys: Iterable[int],
    ) -> Finding | None:
        height, width = windows[0][0].shape
        seen = place.seen(width, height)
        values = [np.stack([place.read(plane) for plane in window]) for window in windows]
        for decoder in (self._decoders[key] for key in keys):
            sums = Sums()
            tuning = decoder.tune(np.concatenate(values), seen)
            for of_window in values:
                decoder.add(of_window, tuning, sums, seen)
            detection = conclude(decoder, sums)
            run.hypotheses += 1
            if detection.asset_id is not None:
                words = place.in_words(width, height)
                return Finding(detection.state, detection, words, run.hypotheses, run.frames)
            if run.nearest is None or detection.pilot_score > run.nearest.pilot_score:
                run.nearest = detection
        return None


def _windows(frames: Iterator[Plane], run: Look) -> Iterator[list[Plane]]:
    """Yield the Cb planes of a second at a time, with two seconds between them."""
    for _ in range(_WINDOWS):
        pairs = [(cb_plane(f).copy(), cr_plane(f).copy()) for f in islice(frames, _WINDOW)]
        run.frames += len(pairs)
        if not pairs:
            return
        run.chroma.append(pairs)
        yield [cb for cb, _ in pairs]
        run.frames += sum(1 for _ in islice(frames, _STRIDE - _WINDOW))
