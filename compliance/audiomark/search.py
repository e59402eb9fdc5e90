"""Where a mark lies in sound that was cut, sped up or slowed down: correlation with a template."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from compliance.audiomark.grid import (
    BANDS,
    CELL_STEPS,
    Real,
    band_energies,
    cell_energies,
    clearness,
    contrasts,
    powers,
    surroundings,
)
from compliance.audiomark.layout import PERIOD_CELLS

Speed = tuple[float, float]  # pitch and tempo over the original's

AS_IS: tuple[Speed, ...] = ((1.0, 1.0),)
_CHANGED = [1 + n / 100 for n in range(-5, 6) if n]
# as it is, played faster or slower (both change), tempo changed and pitch kept
SPEEDS = (*AS_IS, *((n, n) for n in _CHANGED), *((1.0, n) for n in _CHANGED))
_FINE = 0.005  # between two of these speeds lies a finer one, for long sound
_FINEST_DRIFT = 4.0  # steps from one end of the sound to the other
_KEPT = 6  # best places of each speed


@dataclass(frozen=True, slots=True)
class Place:
    """A way in which a mark may lie in the sound.

    Attributes:
        score: standard deviations by which the template stands out, best places first.
        pitch: the sound's pitch over the original's.
        tempo: the sound's tempo over the original's, to a percent: that of one period.
        start: step at which a period begins; it may lie before the sound.
        period: steps from one period to the next.
    """

    score: float
    pitch: float
    tempo: float
    start: float
    period: float


class Sound:
    """The contrasts of one stretch of sound, at every pitch that is asked for."""

    def __init__(self, samples: Real) -> None:
        """Take (channels, n) samples at 16 kHz of about -1 to 1; channels are heard together."""
        self._powers = powers(samples)
        self._seen: dict[float, Real] = {}

    def contrasts(self, pitch: float) -> Real:
        """Return the (steps, BANDS) contrast of the cell that begins at each step, about 0."""
        if pitch not in self._seen:
            cells = cell_energies(band_energies(self._powers, pitch))
            self._seen[pitch] = _weighed(cells) if len(cells) else cells
        return self._seen[pitch]

    @cached_property
    def steps(self) -> int:
        """Cells that begin in the sound, one a step of 8 ms."""
        return max(0, len(self._powers) - CELL_STEPS + 1)

    def tries(self, speeds: tuple[Speed, ...]) -> int:
        """Return how many places are compared when these speeds are searched."""
        return sum(len(_fine(self.steps, tempo)) * _period(tempo) for _, tempo in speeds)


def _weighed(cells: Real) -> Real:
    around = surroundings(cells, CELL_STEPS)
    values = contrasts(cells / around) * clearness(cells)
    return np.asarray(values - values.mean(axis=0), np.float32)


def places(sound: Sound, wanted: NDArray[np.int8], speeds: tuple[Speed, ...]) -> list[Place]:
    """Return the likeliest places of a template, best first, some of each speed.

    Args:
        sound: the sound.
        wanted: (56, BANDS) +1, -1, or 0 where the template says nothing.
        speeds: pairs of pitch and tempo.
    """
    found: list[Place] = []
    for pitch, tempo in speeds if sound.steps else []:
        starts = _Starts.of(sound.contrasts(pitch), wanted, tempo)
        found += [Place(score, pitch, tempo, *where) for score, *where in starts.best()]
    return sorted(found, key=lambda place: -place.score)


def rows(place: Place, steps: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.bool_]]]:
    """Yield, for each period, the (56,) step of each cell and whether it is in the sound."""
    offsets = np.arange(PERIOD_CELLS) * (CELL_STEPS / place.tempo)
    number = 0
    while place.start + number * place.period < steps:
        step = np.rint(place.start + number * place.period + offsets).astype(np.int64)
        inside = (step >= 0) & (step < steps)
        yield np.clip(step, 0, steps - 1), inside
        number += 1


@dataclass(frozen=True)
class _Starts:
    """How well one period of a template fits at each start, from one period before the sound."""

    said: NDArray[np.float64]  # correlation
    power: NDArray[np.float64]  # sum of squares of what was correlated
    tempo: float

    @classmethod
    def of(cls, values: Real, wanted: NDArray[np.int8], tempo: float) -> "_Starts":
        before = _period(tempo)
        rhythm = np.rint(np.arange(PERIOD_CELLS) * (CELL_STEPS / tempo)).astype(int)
        size = 1 << int(np.ceil(np.log2(len(values) + 2 * before)))
        template = np.zeros((before + 1, BANDS), np.float32)
        template[rhythm] = wanted
        starts = np.arange(-before, len(values)) % size
        said = _correlation(values, template, size)[starts]
        power = _correlation(values * values, np.abs(template), size)[starts]
        return cls(said, np.maximum(power, 0), tempo)

    def best(self) -> list[tuple[float, float, float]]:
        """Return score, start and period of the best places, all periods of the sound together."""
        before = _period(self.tempo)
        found: list[tuple[float, float, float]] = []
        for fine in _fine(len(self.said) - before, self.tempo):
            period = PERIOD_CELLS * CELL_STEPS / fine
            score = self._folded(period)
            for start in np.argsort(score)[: -_KEPT - 1 : -1]:
                found.append((float(score[start]), float(start - before), period))
        return sorted(found, reverse=True)[:_KEPT]

    def _folded(self, period: float) -> NDArray[np.float64]:
        count = len(self.said)
        turns = np.arange(-(-count // int(period)))
        at = np.arange(_period(self.tempo))[None, :] + np.rint(period * turns).astype(int)[:, None]
        inside = at < count
        at = np.minimum(at, count - 1)
        said = np.where(inside, self.said[at], 0).sum(axis=0)
        power = np.where(inside, self.power[at], 0).sum(axis=0)
        score: NDArray[np.float64] = said / np.sqrt(np.maximum(power, 1.0))
        return score


def _period(tempo: float) -> int:
    """Return the starts that there are in a period, one a step."""
    return int(np.ceil(PERIOD_CELLS * CELL_STEPS / tempo))


def _fine(steps: int, tempo: float) -> list[float]:
    """Return the tempos around one that long sound tells apart."""
    drift = steps * _FINE
    if drift <= _FINEST_DRIFT:
        return [tempo]
    half = int(np.ceil(drift / _FINEST_DRIFT))
    return [tempo * (1 + _FINE * n / half) for n in range(-half, half + 1)]


def _correlation(values: Real, template: Real, size: int) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(values, size, axis=0)
    other = np.fft.rfft(template, size, axis=0)
    return np.asarray(np.fft.irfft(np.einsum("fb,fb->f", spectrum, other.conj()), size))
