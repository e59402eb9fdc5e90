"""Read the mark of a sound: blindly with the key alone, or ask for one known id."""

from dataclasses import dataclass
from math import exp

import numpy as np
from numpy.typing import NDArray

from compliance.audiomark.grid import BANDS, NARROW_BANDS
from compliance.audiomark.layout import GROUPS, PERIOD_CELLS, SEGMENTS, AudioLayout, Cells
from compliance.audiomark.search import SPEEDS, Place, Sound, Speed, places, rows
from compliance.watermark.key import KeyRing, WatermarkKey
from compliance.watermark.payload import coded_bits, decode_asset_ids

_TRIED = 24  # likeliest places that are looked at closely
_PARTS = (BANDS, NARROW_BANDS)  # above the narrow bands a telephone leaves nothing but noise


@dataclass(frozen=True, slots=True)
class Heard:
    """What was decoded.

    Attributes:
        asset_id: 16 hexadecimal digits whose CRC-32 holds.
        agreement: share of coded bits received as sent; 0.5 is chance.
        place: where, how fast and how high.
        key_id: the key that read it.
    """

    asset_id: str
    agreement: float
    place: Place
    key_id: str


@dataclass(frozen=True, slots=True)
class Likeness:
    """How well a sound agrees with the mark of one known id.

    Attributes:
        score: standard deviations above chance, at the best place.
        p_value: bound of the chance that a sound which has nothing to do with this id and key
            scores that high anywhere that was searched.
    """

    score: float
    p_value: float


class AudioDetector:
    """Reads marks made with any key of a ring."""

    def __init__(self, keys: WatermarkKey | KeyRing) -> None:
        """Draw the layouts of the keys."""
        self._layouts = [(key.key_id, AudioLayout.of(key)) for key in keys.keys]

    def decode(self, sound: Sound, speeds: tuple[Speed, ...] = SPEEDS) -> Heard | None:
        """Return the asset id that a sound carries, knowing the keys and nothing else.

        Every place that is looked at is two hypotheses, each wrong with a chance of 1 in 4e9.

        Args:
            sound: some seconds.
            speeds: pairs of pitch and tempo to search.
        """
        for key_id, layout in self._layouts:
            found = places(sound, layout.cells(layout.contents(None)), speeds)[:_TRIED]
            soft = [soft_bits(layout, sound, place, part) for place in found for part in _PARTS]
            ids = decode_asset_ids(np.stack(soft)) if soft else []
            for number, asset_id in enumerate(ids):
                if asset_id is not None:
                    agreement = np.mean((soft[number] > 0) == coded_bits(asset_id))
                    place = found[number // len(_PARTS)]
                    return Heard(asset_id, float(agreement), place, key_id)
        return None

    def test(self, sound: Sound, asset_id: str, speeds: tuple[Speed, ...] = SPEEDS) -> Likeness:
        """Ask whether a sound carries one known id; this reaches further than decoding it.

        The bound is Hoeffding's: to a sound that does not know the key, the signs of the cells
        are coins, and their weighted sum exceeds z deviations with a chance of at most
        exp(-z^2/2), whatever the sound. Every speed and every start is one try.

        Raises:
            InvalidInput: the id is not 16 lower-case hexadecimal digits.
        """
        bits = coded_bits(asset_id)
        best = Likeness(0.0, 1.0)
        for _, layout in self._layouts:
            wanted = layout.cells(layout.contents(bits))
            found = places(sound, wanted, speeds)
            score = max((_score(sound, place, wanted) for place in found[:_TRIED]), default=0.0)
            tries = len(self._layouts) * sound.tries(speeds)
            if score > best.score:
                best = Likeness(score, min(1.0, tries * exp(-(score**2) / 2)))
        return best


def _totals(sound: Sound, place: Place) -> NDArray[np.float64]:
    """Return the (56, BANDS) sum of the contrasts of each cell of a period."""
    values = sound.contrasts(place.pitch)
    total = np.zeros((PERIOD_CELLS, BANDS))
    for step, inside in rows(place, sound.steps):
        total[inside] += values[step[inside]]
    return total


def _score(sound: Sound, place: Place, wanted: Cells) -> float:
    total = _totals(sound, place)
    length = float(np.linalg.norm(total))
    return float((total * wanted).sum()) / length if length else 0.0


def soft_bits(
    layout: AudioLayout, sound: Sound, place: Place, bands: int = BANDS
) -> NDArray[np.float64]:
    """Return the (306,) soft bits of a place, from its lowest bands."""
    total = _totals(sound, place)
    total[:, bands:] = 0
    total = total.reshape(layout.signs.shape) * layout.signs
    sums = [
        np.bincount(layout.groups[s].reshape(-1), total[s].reshape(-1), GROUPS)
        for s in range(SEGMENTS)
    ]
    return layout.soft_bits(np.stack(sums))
