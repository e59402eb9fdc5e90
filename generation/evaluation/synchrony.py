"""Do the lips follow the voice? Correlation, lag, and how far the best lag stands out.

Chung and Zisserman, "Out of time: automated lip sync in the wild" (2016) report an offset and a
confidence, the distance of the best shift from the median of all; here with correlations.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generation.evaluation.intervals import blocks, interval
from generation.evaluation.measures import NEITHER, UP, Measure
from generation.evaluation.openings import Marks, Track

SHIFT_SECONDS = 0.6  # 15 frames of 25 a second, as SyncNet's protocol
_TREMBLE = 0.06  # cm between the 5th and 95th percentile: no more than noise
_FEWEST = 20  # frames with which a correlation means anything


@dataclass(frozen=True)
class Shifts:
    """Correlation at each shift.

    Attributes:
        lags: (S,) frames; positive where the lips come later than the sound.
        r: (S,) correlation.
    """

    lags: NDArray[np.int64]
    r: Track

    @property
    def lag(self) -> float:
        """The best lag in frames, between frames by a parabola; NaN where none is better."""
        at = int(np.argmax(self.r))
        if np.ptp(self.r) < 1e-9:
            return float("nan")
        if not 0 < at < self.r.size - 1:
            return float(self.lags[at])
        left, top, right = self.r[at - 1 : at + 2]
        bend = left - 2 * top + right
        return float(self.lags[at] + (0.5 * (left - right) / bend if bend < 0 else 0.0))

    @property
    def confidence(self) -> float:
        """The best correlation less the median of all."""
        return float(self.r.max() - np.median(self.r))


def moving(gap: Track) -> Track:
    """Return the gap (T,) cm, or its median throughout where it only trembles.

    Correlation knows no size: the landmarker's noise on still lips would follow something.
    """
    low, high = np.nanpercentile(gap, [5, 95])
    return gap if high - low > _TREMBLE else np.where(np.isfinite(gap), np.nanmedian(gap), np.nan)


def correlate(one: Track, other: Track, where: Marks | None = None) -> float:
    """Return Pearson's correlation where both are numbers; 0 where one of them never changes."""
    kept = np.isfinite(one) & np.isfinite(other)
    kept = kept if where is None else kept & where
    a, b = one[kept], other[kept]
    if a.size < _FEWEST:
        return float("nan")
    a, b = a - a.mean(), b - b.mean()
    power = float(a @ a) * float(b @ b)
    return float(a @ b) / power**0.5 if power > 1e-18 else 0.0


def shifts(gap: Track, signal: Track, fps: float) -> Shifts:
    """Correlate the mouth's opening (T,) with a signal (T,) moved by up to SHIFT_SECONDS."""
    reach = min(round(SHIFT_SECONDS * fps), gap.size // 3)
    lags = np.arange(-reach, reach + 1)
    return Shifts(lags, np.array([correlate(*_moved(gap, signal, int(lag))) for lag in lags]))


def _moved(gap: Track, signal: Track, lag: int) -> tuple[Track, Track]:
    """Return both where the lips at t + lag meet the sound at t."""
    size = gap.size
    return gap[max(0, lag) : size + min(0, lag)], signal[max(0, -lag) : size - max(0, lag)]


def synchrony(name: str, gap: Track, signal: Track, fps: float) -> list[Measure]:
    """Return correlation, best lag and confidence of the opening against one signal.

    Args:
        name: of the signal, part of the measures' names.
        gap: (T,) cm.
        signal: (T,).
        fps: frames a second.
    """
    found = shifts(gap, signal, fps)
    drawn = _drawn(gap, signal, fps)
    bounds = {
        kind: tuple(np.percentile(values, [2.5, 97.5])) if values.size else (np.nan, np.nan)
        for kind, values in drawn.items()
    }
    frame = f"frames of {1000 / fps:.0f} ms"
    at_rest = correlate(gap, signal)
    return [
        Measure(f"r_{name}", at_rest, "r", UP, interval(_r(gap, signal), gap.size, fps)),
        Measure(f"lag_{name}", found.lag, frame, NEITHER, bounds["lag"]),
        Measure(f"confidence_{name}", found.confidence, "r", UP, bounds["confidence"]),
    ]


def within_speech(name: str, gap: Track, signal: Track, speech: Marks, fps: float) -> Measure:
    """Return the correlation in frames of speech only: pauses against speech are easy."""

    def draw(at: NDArray[np.int64]) -> float:
        return correlate(gap[at], signal[at], speech[at])

    value = correlate(gap, signal, speech)
    return Measure(f"r_speech_{name}", value, "r", UP, interval(draw, gap.size, fps))


def _r(gap: Track, signal: Track) -> Callable[[NDArray[np.int64]], float]:
    return lambda at: correlate(gap[at], signal[at])


def _drawn(gap: Track, signal: Track, fps: float) -> dict[str, Track]:
    """Return lag and confidence of bootstrap draws, each shift drawn at the same frames."""
    reach = min(round(SHIFT_SECONDS * fps), gap.size // 3)
    lags, inner = np.arange(-reach, reach + 1), np.arange(reach, gap.size - reach)
    a = gap[inner]
    b = np.stack([signal[inner - lag] for lag in lags])  # (S, n)
    kept = np.isfinite(a)
    a, b = a[kept], b[:, kept]
    if a.size < _FEWEST or a.std() < 1e-9:
        return {"lag": np.zeros(0), "confidence": np.zeros(0)}
    found = []
    for at in blocks(a.size, fps)[::2]:
        x, y = a[at] - a[at].mean(), b[:, at] - b[:, at].mean(1, keepdims=True)
        spread = np.sqrt((x**2).sum() * (y**2).sum(1)) + 1e-12
        each = Shifts(lags, (y @ x) / spread)
        found.append((each.lag, each.confidence))
    both = np.array(found)
    return {"lag": both[:, 0], "confidence": both[:, 1]}
