"""Confidence intervals for what is measured over time: the moving-block bootstrap.

Kuensch, "The jackknife and the bootstrap for general stationary observations" (1989). Neighbouring
frames are alike, so whole seconds are drawn, not frames.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, chi2  # type: ignore[import-untyped]

Indices = NDArray[np.int64]
Interval = tuple[float, float]
DRAWS = 400
_SECONDS = 1.0  # of a block
LEVEL = 0.95
NOTHING: Interval = (float("nan"), float("nan"))


def interval(statistic: Callable[[Indices], float], frames: int, fps: float) -> Interval:
    """Return the 95 % interval of a statistic of frames.

    Args:
        statistic: from indices of frames (n,) to a number; NaN draws are left out.
        frames: how many there are.
        fps: frames a second.
    """
    found = np.array([statistic(drawn) for drawn in blocks(frames, fps)])
    found = found[np.isfinite(found)]
    if found.size < DRAWS // 4:
        return NOTHING
    low, high = np.percentile(found, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return float(low), float(high)


def blocks(frames: int, fps: float) -> NDArray[np.int64]:
    """Return (DRAWS, frames) indices: blocks of a second, begun anywhere, the same each time."""
    length = max(1, min(round(_SECONDS * fps), frames // 3 or 1))
    count = -(-frames // length)
    starts = np.random.default_rng(0).integers(0, frames - length + 1, (DRAWS, count))
    drawn: NDArray[np.int64] = (starts[..., None] + np.arange(length)).reshape(DRAWS, -1)
    return drawn[:, :frames]


def mean_interval(values: NDArray[np.float64], fps: float) -> Interval:
    """Return the interval of the mean of values (n,), NaN left out."""
    with np.errstate(invalid="ignore"):
        return interval(lambda at: _mean(values[at]), values.size, fps)


def median_interval(values: NDArray[np.float64], fps: float) -> Interval:
    """Return the interval of the median of values (n,), NaN left out."""
    return interval(lambda at: float(np.nanmedian(values[at])), values.size, fps)


def _mean(values: NDArray[np.float64]) -> float:
    kept = values[np.isfinite(values)]
    return float(kept.mean()) if kept.size else float("nan")


def share_interval(share: float, count: int) -> Interval:
    """Return the interval of Clopper and Pearson (1934) of a share of `count` independent things.

    A share of 0 or 1 has one too, where drawing again and again would always find the same.
    """
    hits = share * count
    low = beta.ppf((1 - LEVEL) / 2, hits, count - hits + 1) if hits > 0 else 0.0
    high = beta.ppf((1 + LEVEL) / 2, hits + 1, count - hits) if hits < count else 1.0
    return float(low), float(high)


def rate_interval(count: int, minutes: float) -> Interval:
    """Return Garwood's exact interval (1936) of a rate of events a minute."""
    low = chi2.ppf((1 - LEVEL) / 2, 2 * count) / 2 if count else 0.0
    high = chi2.ppf((1 + LEVEL) / 2, 2 * count + 2) / 2
    return float(low / minutes), float(high / minutes)
