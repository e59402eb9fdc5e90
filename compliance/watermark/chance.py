"""How likely it is that a mark that is not there looks as if it were: a bound, not an estimate.

What chance throws is the asset's id, 64 random bits, and the signs of the companion, coins of key
and id. Whatever a picture shows, and whatever other asset of the same key it carries, it knows
nothing of them. So the moments of "how well does the picture agree with the id" can be bounded:
exactly for the coded bits that the id alone decides (a sum over all 2^64 ids, along the code's
trellis), by Hoeffding's lemma (1963) for the signs. Chernoff's bound of both is the p-value.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from compliance.watermark.convolution import log_moments
from compliance.watermark.payload import ID_CODED_BITS, coded_bits

_TILTS = np.linspace(0.5, 16, 32)  # of the bound; the best of them counts
_LEAST = 1e-9

Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Said:
    """What a picture says, before anybody asks for an asset.

    Attributes:
        soft: (306,) soft coded bits of its chroma, positive means 1.
        detail: (64, 64) of its luma, what each cell of the companion shows.
    """

    soft: Vector
    detail: Vector

    def chances(self, asset_id: str, signs: NDArray[np.int8]) -> tuple[float, float, float]:
        """Return p-values for one asset: of the chroma, of the luma and of both together.

        Args:
            asset_id: what is asked for.
            signs: (64, 64) of its companion.
        """
        agrees = float(self._by_id @ (2.0 * coded_bits(asset_id)[:ID_CODED_BITS] - 1))
        shows = float((_unit(self.detail) * signs).sum())
        chroma, luma = self._moments, _TILTS**2 / 2
        return (
            _bound(chroma, agrees),
            _bound(luma, shows),
            _bound(chroma + luma, agrees + shows),
        )

    @cached_property
    def _by_id(self) -> Vector:
        """What it says of the coded bits that no CRC has a say in."""
        return _unit(self.soft[:ID_CODED_BITS])

    @cached_property
    def _moments(self) -> Vector:
        return log_moments(self._by_id, _TILTS)


def _bound(log_moments: Vector, found: float) -> float:
    """Return Chernoff's bound of the chance of more than was found."""
    return float(np.exp(min(0.0, float((log_moments - _TILTS * found).min()))))


def _unit(values: Vector) -> Vector:
    return np.asarray(values / max(float(np.linalg.norm(values)), _LEAST), np.float64)
