"""Where does the mark lie? Correlation of its pilots with every offset at once, by FFT.

A hypothesis is a scale, an angle and a mirror. For each the picture is brought to half of the
canonical size, where a block is 4x4 samples; the phase of the quantiser at every one of the 16
offsets within a block, as a complex number, is correlated with the pilots of all layouts. Its
magnitude does not depend on shifts of colour. What stands out most is looked at closely and then
tried to be read: a CRC decides, not the correlation.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from compliance.watermark.blocks import BLOCK, SIDE, STEP, Plane, Real, resized, to_band
from compliance.watermark.decoder import Decoder
from compliance.watermark.geometry import Geometry
from compliance.watermark.layout import CYCLES, GRID

_CELL = BLOCK // 2  # samples of a block at half of the canonical size
_HALF = SIDE // 2
_FINEST = 1.02  # next scale: a block at the rim moves by an eighth of itself
_SMALLEST_PART = 0.42  # of the picture that a crop has to show
_ASPECTS = (1.0, 16 / 9, 9 / 16)  # of originals, if the copy has another one
_TURNS = np.arange(1, 11) * 1.0  # degrees, both ways
_OVERHANG = 2  # blocks that the picture at hand may reach over the rim of the original
_KEPT = 5  # candidates that are looked at closely
_HOPELESS = 33.0  # score that chance reaches, and a mark leaves behind in the first round
_ROUNDS = 4  # of looking closely, each at half the distance
_APART = 0.05  # candidates as near as that are one


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place where pilots stand out.

    Attributes:
        score: sum over the moments of the squared correlation; noise gives about 2 a moment.
        key: index of the key.
        geometry: where.
    """

    score: float
    key: int
    geometry: Geometry


class Search:
    """Looks for the pilots of some keys in one picture's moments."""

    def __init__(
        self, decoders: Sequence[Decoder], planes: Sequence[Plane], step: float = STEP
    ) -> None:
        """Prepare.

        Args:
            decoders: of the keys.
            planes: Cb planes of one size, of a few moments of the video.
            step: the quantiser's; a small picture was marked with a coarser one.
        """
        self._decoders, self._step = decoders, step
        self._planes = [np.asarray(plane, np.float32) for plane in planes]
        self._height, self._width = planes[0].shape

    def crops(self) -> list[Candidate]:
        """Look for parts of the picture, mirrored or not, at any scale."""
        return self._all(self._parts())

    def turns(self) -> list[Candidate]:
        """Look for turned pictures, of the same size or cut so that no corner is empty."""
        return self._all(self._turned())

    def refine(self, candidate: Candidate) -> Candidate:
        """Look closely: change one number after the other as long as the pilots gain by it."""
        middle = (self._width / 2, self._height / 2)
        best = replace(candidate, score=self.score(candidate.key, candidate.geometry))
        for part in range(_ROUNDS):
            for change in _steps(0.5**part):
                for sign in (1, -1):
                    moved = {name: sign * amount for name, amount in change.items()}
                    geometry = _moved(best.geometry, moved, middle)
                    score = self.score(best.key, geometry)
                    if score > best.score:
                        best = Candidate(score, best.key, geometry)
                        break
            if best.score < _HOPELESS:
                break
        return best

    def score(self, key: int, geometry: Geometry) -> float:
        """Return how much the pilots of a key stand out at one place."""
        seen = geometry.seen(self._width, self._height)
        pilots = self._decoders[key].pilots * seen
        shown = np.maximum((pilots**2).sum(axis=1), 16)
        angles = np.stack([geometry.read(plane) for plane in self._planes]) * (
            2 * np.pi / self._step
        )
        wave = np.exp(1j * angles)
        squares = np.abs(wave @ pilots.T) ** 2 / shown
        return float(squares.max(axis=1).sum())

    def _all(self, hypotheses: Iterable[Geometry]) -> list[Candidate]:
        found = [candidate for geometry in hypotheses for candidate in self._try(geometry)]
        found.sort(key=lambda c: -c.score)
        kept: list[Candidate] = []
        for one in found:
            if not any(_same(one, other) for other in kept):
                kept.append(one)
            if len(kept) == _KEPT:
                break
        return kept

    def _parts(self) -> Iterator[Geometry]:
        """Yield the scales of parts of an original, from the whole picture down."""
        native = self._width / self._height
        aspects = [native, *(a for a in _ASPECTS if abs(a / native - 1) > 0.02)]
        for aspect in aspects:
            # the share of the original that is shown, across and down, at most 1
            most = (min(1.0, native / aspect), min(1.0, aspect / native))
            share = 1.0
            while share * min(most) > _SMALLEST_PART:
                across = self._width / (SIDE * most[0] * share)
                down = self._height / (SIDE * most[1] * share)
                yield Geometry(across, down)
                share /= _FINEST

    def _turned(self) -> Iterator[Geometry]:
        for degrees in np.concatenate([_TURNS, -_TURNS]):
            turn = np.deg2rad(abs(degrees))
            for zoom in (1.0, 1 / (np.cos(turn) + np.sin(turn))):  # cut so that no corner is empty
                across, down = self._width / SIDE / zoom, self._height / SIDE / zoom
                yield Geometry(across, down, float(degrees))

    def _try(self, geometry: Geometry) -> Iterator[Candidate]:
        """Correlate all offsets of one scale and angle; yield the best of each key and mirror."""
        canvas = _Canvas.of(geometry, self._width, self._height)
        total = (
            sum(self._power(canvas.waves(plane, self._step)) for plane in self._planes)
            * canvas.allowed
        )
        for key, mirrored in np.ndindex(total.shape[:2]):
            found = total[key, mirrored]
            offset, down, across = np.unravel_index(int(found.argmax()), found.shape)
            placed = canvas.placed((int(offset), int(down), int(across)), mirrored=bool(mirrored))
            yield Candidate(float(found.max()), key, placed)

    def _power(self, waves: NDArray[np.complex64]) -> NDArray[np.float32]:
        """Return (keys, 2, 16, 32, 32): correlation with the layout that fits best, squared."""
        spectrum = np.fft.fft2(waves)[None, None, None].conj() * self._spectra
        power = (np.abs(np.fft.ifft2(spectrum)) ** 2).max(axis=2)
        shown = np.maximum((np.abs(waves) ** 2).sum(axis=(-2, -1)) / 4, 1)
        return np.asarray(power / shown[:, None, None], np.float32)

    @cached_property
    def _spectra(self) -> NDArray[np.complex64]:
        """(keys, 2, 4, 1, 32, 32): of the pilots as they are and mirrored."""
        pilots = np.stack([d.pilots.reshape(CYCLES, GRID, GRID) for d in self._decoders])
        both = np.stack([pilots, pilots[..., ::-1]], axis=1)
        spectra = np.fft.fft2(both.astype(np.complex64))[:, :, :, None]
        return np.asarray(spectra, np.complex64)


@dataclass(frozen=True)
class _Canvas:
    """The plane at hand, turned back and brought to half of the canonical size.

    Attributes:
        geometry: the hypothesis; its left and top do not count.
        received: width and height of the plane at hand.
        size: width and height of the canvas.
    """

    geometry: Geometry
    received: tuple[int, int]
    size: tuple[int, int]

    @classmethod
    def of(cls, geometry: Geometry, width: int, height: int) -> "_Canvas":
        size = (round(width / geometry.across / 2), round(height / geometry.down / 2))
        size = (min(size[0], _HALF), min(size[1], _HALF))
        return cls(geometry, (width, height), size)

    def waves(self, plane: Real, step: float) -> NDArray[np.complex64]:
        """Return (16, 32, 32): the quantiser's phase at each offset within a block."""
        values = self._turned_back(plane)
        squares = cv2.sqrBoxFilter(values, cv2.CV_32F, (_CELL, _CELL), anchor=(0, 0))
        angles = np.sqrt(squares) * np.float32(2 * np.pi * BLOCK / step)
        width, height = (side - _CELL + 1 for side in self.size)
        whole = np.zeros((_HALF + _CELL, _HALF + _CELL), np.complex64)
        whole[:height, :width].real = np.cos(angles[:height, :width])
        whole[:height, :width].imag = np.sin(angles[:height, :width])
        cut = [
            whole[y : y + _HALF : _CELL, x : x + _HALF : _CELL] for y, x in np.ndindex(_CELL, _CELL)
        ]
        return np.stack(cut)

    def _turned_back(self, plane: Real) -> Real:
        small = resized(plane, *self._scaled())
        if self.geometry.degrees or small.shape[::-1] != self.size:
            width, height = self.size
            turn = np.deg2rad(self.geometry.degrees)
            linear = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
            middle, target = np.array(small.shape[::-1]) / 2 - 0.5, np.array(self.size) / 2 - 0.5
            matrix = np.column_stack([linear, middle - linear @ target])
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            small = np.asarray(
                cv2.warpAffine(
                    small, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT
                ),
                np.float32,
            )
        return to_band(small.copy() if small is plane else small)

    def _scaled(self) -> tuple[int, int]:
        (width, height), geometry = self.received, self.geometry
        return round(width / geometry.across / 2), round(height / geometry.down / 2)

    @cached_property
    def allowed(self) -> NDArray[np.bool_]:
        """(32, 32): shifts by whole blocks that leave the canvas within the picture."""
        sides = []
        for side in self.size[::-1]:
            room = GRID - side // _CELL
            shifts = np.zeros(GRID, np.bool_)
            shifts[np.arange(-_OVERHANG, room + _OVERHANG + 1) % GRID] = True
            sides.append(shifts)
        return np.outer(*sides)

    def placed(self, place: tuple[int, int, int], *, mirrored: bool) -> Geometry:
        """Return the geometry in which the picture lies at an offset and a shift by blocks."""
        offset, down, across = place
        y, x = divmod(offset, _CELL)
        corner = np.array([x, y]) - _CELL * np.array([self._shift(across, 0), self._shift(down, 1)])
        degrees = self.geometry.degrees
        if mirrored:  # seen in the plane as it is, the original begins at its right rim
            corner[0] = self.size[0] - corner[0] - _HALF
            degrees = -degrees
        received, sizes = np.array(self.received), np.array(self.received) / self._scaled()
        turn = np.deg2rad(degrees)
        linear = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        left, top = (linear @ (corner - np.array(self.size) / 2)) * sizes + received / 2
        return Geometry(
            float(sizes[0] / 2), float(sizes[1] / 2), degrees, float(left), float(top), mirrored
        )

    def _shift(self, blocks: int, axis: int) -> int:
        room = GRID - self.size[axis] // _CELL
        return blocks if blocks <= room + _OVERHANG else blocks - GRID


def _steps(part: float) -> list[dict[str, float]]:
    """Return what is changed together when looking closely, in turn."""
    scale, shift, turn = 0.012 * part, 1.5 * part, 0.6 * part
    return [
        {"left": shift},
        {"top": shift},
        {"zoom": scale},
        {"degrees": turn},
        {"across": scale},
    ]


def _moved(geometry: Geometry, change: dict[str, float], middle: tuple[float, float]) -> Geometry:
    """Return a geometry a little further, turned and scaled about the middle of the picture."""
    zoom = 1 + change.get("zoom", 0.0)
    across = geometry.across * zoom * (1 + change.get("across", 0.0))
    new = replace(
        geometry,
        across=across,
        down=geometry.down * zoom,
        degrees=geometry.degrees + change.get("degrees", 0.0),
    )
    # what lay in the middle of the plane at hand stays there
    at = np.linalg.solve(geometry.matrix()[:, :2], np.array(middle) - geometry.matrix()[:, 2])
    drift = np.array(middle) - (new.matrix()[:, :2] @ at + new.matrix()[:, 2])
    left = new.left + float(drift[0]) + change.get("left", 0.0) * new.across
    top = new.top + float(drift[1]) + change.get("top", 0.0) * new.down
    return replace(new, left=left, top=top)


def _same(one: Candidate, other: Candidate) -> bool:
    a, b = one.geometry, other.geometry
    if one.key != other.key or a.mirrored != b.mirrored:
        return False
    near = abs(a.left - b.left) < BLOCK * a.across and abs(a.top - b.top) < BLOCK * a.down
    return near and abs(a.across / b.across - 1) < _APART and abs(a.degrees - b.degrees) < 2.5
