"""Does a finished video show its label: these very letters, as large, as strong and as long?

The label is laid over whatever is behind it, and the encoder blurs it, so that no pixel can be
demanded. What can: in each part of it that holds letters the brightness follows the label's own
(normalised correlation), and with its whole strength (the slope of a least-squares line). Both are
measured in every frame; docs/labels.md has how true, other and missing labels spread.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from compliance.errors import ComplianceError
from compliance.label.picture import Floats, LabelPicture
from compliance.label.place import LabelPlace
from compliance.media import MAX_FRAMES
from compliance.watermark.blocks import Plane
from compliance.watermark.files import file_planes

# Of the least like part: true labels have 0.96 and more, others 0.4 at most, one letter less 0.7.
MIN_LIKENESS = 0.9
MIN_STRENGTH = 0.6  # 1 as drawn; what is fainter is not read on every ground
_GROUND = 110.0  # luma taken for what shines through: in the middle of what can
_PART = (24, 48)  # pixels of a part's side at least and at most: about a letter
_PATTERNED = 30.0  # standard deviation of a part's luma: less is ground with hardly a letter
_SCALES = tuple(percent / 100 for percent in range(90, 28, -5))  # of a smaller label
_FOUND = 0.6  # likeness of what is taken for the label at another size or place
_LEAST_PIXELS = 500  # of a smaller label: some place of any picture is like fewer by chance


class LabelRefused(ComplianceError):
    """The video does not show its label as it has to."""

    code = "label-missing"


@dataclass(frozen=True, slots=True)
class LabelReading:
    """What was measured, frame by frame.

    Attributes:
        likeness: of the least like part, -1 to 1.
        strength: 1 as drawn, 0 for none.
        why: what the first frame that lacks it shows instead: a code and a sentence.
    """

    likeness: list[float] = field(default_factory=list)
    strength: list[float] = field(default_factory=list)
    why: list[tuple[str, str]] = field(default_factory=list)

    def shows(self, frame: int) -> bool:
        """Say whether the label stands in that frame."""
        return self.likeness[frame] >= MIN_LIKENESS and self.strength[frame] >= MIN_STRENGTH


@dataclass(frozen=True, eq=False)
class _Part:
    """A part of a label that holds letters.

    Attributes:
        area: where it lies in the label.
        drawn: what was drawn there, less its mean.
        power: the sum of its squares.
    """

    area: tuple[slice, slice]
    drawn: Floats
    power: float

    @classmethod
    def of(cls, area: tuple[slice, slice], drawn: Floats) -> Self:
        a = drawn - drawn.mean()
        return cls(area, a, float((a * a).sum()))

    def fit(self, seen: Floats) -> tuple[float, float]:
        """Return correlation and slope of what is seen over what was drawn."""
        b = seen - seen.mean()
        both = float((self.drawn * b).sum())
        spread = float((b * b).sum())
        likeness = both / np.sqrt(self.power * spread) if spread > 0 else 0.0
        return float(likeness), both / self.power


class LabelReader:
    """Looks for one label in frames of one size."""

    def __init__(self, picture: LabelPicture, place: LabelPlace) -> None:
        """Prepare the parts that hold letters."""
        self._place = place
        self._cover = picture.cover
        self._drawn = self._cover * picture.luma + (1 - self._cover) * np.float32(_GROUND)
        self._parts = _parts(self._drawn, self._cover)

    def measure(self, luma: NDArray[np.uint8]) -> tuple[float, float]:
        """Return (likeness, strength) of one frame's luma plane (H, W)."""
        fits = _fits(self._drawn.shape, self._parts, luma, (self._place.x, self._place.y))
        return min(fit[0] for fit in fits), min(fit[1] for fit in fits)

    def instead(self, luma: NDArray[np.uint8]) -> tuple[str, str]:
        """Return what a frame that lacks the label shows instead: a code and a sentence."""
        likeness, strength = self.measure(luma)
        if likeness >= MIN_LIKENESS and strength < MIN_STRENGTH:
            return "label-faint", f"the label is too faint ({strength:.0%} of its strength)"
        if min(self._anywhere(luma, 1.0)) >= MIN_LIKENESS:
            return "label-elsewhere", "the label stands elsewhere"
        best, scale = max((float(np.mean(self._anywhere(luma, each))), each) for each in _SCALES)
        if best >= _FOUND:
            return "label-small", f"label too small (about {scale:.0%} of its size)"
        return "label-missing", "label missing, or another one"

    def _anywhere(self, luma: NDArray[np.uint8], scale: float) -> list[float]:
        """Return how like the label's parts are where it fits best at another size."""
        size = tuple(round(side * scale) for side in self._drawn.shape[::-1])
        if size[0] * size[1] < _LEAST_PIXELS or size[0] > luma.shape[1] or size[1] > luma.shape[0]:
            return [0.0]
        drawn, cover = (_resized(values, size) for values in (self._drawn, self._cover))
        found = cv2.matchTemplate(luma.astype(np.float32), drawn, cv2.TM_CCOEFF_NORMED)
        y, x = (int(at) for at in np.unravel_index(int(found.argmax()), found.shape))
        return [fit[0] for fit in _fits(drawn.shape, _parts(drawn, cover), luma, (x, y))]


class LabelWatch:
    """Measures a label in frames on their way to whoever else looks at them."""

    def __init__(self, picture: LabelPicture, place: LabelPlace) -> None:
        """Watch for one label; ``reading`` fills as frames pass."""
        self.reading = LabelReading()
        self._reader, self._place = LabelReader(picture, place), place

    def watched(self, frames: Iterable[Plane]) -> Iterator[Plane]:
        """Pass (H*3/2, W) uint8 frames on, planar yuv420p, each measured."""
        for frame in frames:
            self._measure(frame[: len(frame) * 2 // 3])
            yield frame

    def _measure(self, luma: NDArray[np.uint8]) -> None:
        reading, number = self.reading, len(self.reading.likeness)
        likeness, strength = self._reader.measure(luma)
        reading.likeness.append(likeness)
        reading.strength.append(strength)
        if self._place.shows_in(number) and not reading.shows(number) and not reading.why:
            reading.why.append(self._reader.instead(luma))


def read_label(
    path: Path, picture: LabelPicture, place: LabelPlace, *, most: int = MAX_FRAMES
) -> LabelReading:
    """Measure every frame of a video.

    Raises:
        InvalidInput: it cannot be decoded.
    """
    watch = LabelWatch(picture, place)
    for _ in watch.watched(file_planes(path, most=most)):
        pass
    return watch.reading


def check_label(reading: LabelReading, place: LabelPlace, fps: float) -> str:
    """Return a sentence about a label that stands as it has to.

    Raises:
        LabelRefused: "label-missing", "label-small", "label-faint", "label-elsewhere",
            "label-short" (it ends too early), "label-gap" (it is away for a while) or "label-late"
            (it is still there, or there again, when it should not).
    """
    frames = range(len(reading.likeness))
    wanted = [number for number in frames if place.shows_in(number)]
    if not wanted:
        raise LabelRefused("The video has no frame in which its label could stand.")
    lacking = [number for number in wanted if not reading.shows(number)]
    if lacking:
        raise _refused(reading, wanted, lacking, fps)
    late = [n for n in frames if not place.shows_in(n) and reading.shows(n)]
    if late:
        raise LabelRefused(f"The label stands in frame {late[0]}, too.", code="label-late")
    least = min(reading.likeness[number] for number in wanted)
    seconds = len(wanted) / fps
    return f"it stands in {len(wanted)} frames ({seconds:.1f} s), likeness at least {least:.2f}"


def _refused(
    reading: LabelReading, wanted: Sequence[int], lacking: Sequence[int], fps: float
) -> LabelRefused:
    first, last = lacking[0], lacking[-1]
    if len(lacking) == len(wanted) or first == wanted[0]:
        code, what = reading.why[0]
        return LabelRefused(f"{what[0].upper()}{what[1:]}, from frame {first}.", code=code)
    gapless = all(after - before == 1 for before, after in pairwise(lacking))
    if gapless and last == wanted[-1]:
        shown, asked = (first - wanted[0]) / fps, len(wanted) / fps
        return LabelRefused(f"Label too short: {shown:.1f} s of {asked:.1f} s.", code="label-short")
    return LabelRefused(
        f"Label missing in {len(lacking)} frames from frame {first} on.", code="label-gap"
    )


def _resized(values: Floats, size: tuple[int, ...]) -> Floats:
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def _fits(
    shape: tuple[int, ...],
    parts: list[_Part],
    luma: NDArray[np.uint8],
    corner: tuple[int, int],
) -> list[tuple[float, float]]:
    """Return likeness and strength of each part of a label of (height, width) at (x, y)."""
    x, y = corner
    seen = luma[y : y + shape[0], x : x + shape[1]]
    if seen.shape != shape or not parts:
        return [(0.0, 0.0)]
    return [part.fit(seen[part.area].astype(np.float32)) for part in parts]


def _parts(drawn: Floats, cover: Floats) -> list[_Part]:
    """Return the parts that hold letters; a label with one letter changed differs in one part."""
    side = min(max(_PART[0], min(drawn.shape) // 2), _PART[1])
    rows = _cuts(drawn.shape[0], side)
    parts = [(row, column) for row in rows for column in _cuts(drawn.shape[1], side)]
    whole = cover.max() / 2
    return [
        _Part.of(part, drawn[part])
        for part in parts
        if float(drawn[part].std()) >= _PATTERNED and float((cover[part] > whole).mean()) > 0.5
    ]


def _cuts(length: int, side: int) -> list[slice]:
    """Cut a length into equal parts of at least ``side``."""
    count = max(1, length // side)
    ends = [length * number // count for number in range(count + 1)]
    return [slice(start, end) for start, end in pairwise(ends)]
