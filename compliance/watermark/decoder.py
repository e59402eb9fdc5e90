"""From the values of a frame's blocks to bits, under one key."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compliance.watermark.blocks import SMALL_STEP, STEP
from compliance.watermark.key import WatermarkKey
from compliance.watermark.layout import CYCLES, POSITIONS, Layout
from compliance.watermark.payload import CODED_BITS, coded_bits

# Colour may have been scaled, and the step may be the coarse one of a small picture: for the
# detector both are one factor.
_GAINS = np.concatenate([[1.0, STEP / SMALL_STEP], np.arange(0.46, 1.36, 0.02)])
_PHASES = np.arange(12) / 12  # of a step: colour may have been shifted
_TUNING_FRAMES = 24
_RELUCTANCE = 1.02  # an unchanged video should not be explained by a change
_SMOOTHING = np.ones(5)  # frames that lend each other evidence for which cycle they are in
_SCALE = 16  # soft bits of a frame, about -4 to 4, are kept as whole numbers of this part
# this share of what its pilots promise must a frame's data say: its own mark gives 1, another's 0
_AGREE = 0.5

Values = NDArray[np.float32]
ALL_SEEN = np.ones(POSITIONS, np.float32)


@dataclass(frozen=True, slots=True)
class Tuning:
    """How colour was changed: values were multiplied by a gain and shifted by part of a step."""

    gain: float = 1.0
    phase: float = 0.0


class Sums:
    """What is kept of all frames seen so far."""

    def __init__(self) -> None:
        """Start with no frame."""
        self.coded = np.zeros(CODED_BITS)  # soft bits, frames weighted by their pilots
        self._scores: list[NDArray[np.float32]] = []  # of pilots, (n,) a batch
        self._received: list[NDArray[np.int8]] = []  # soft bits of each frame, (n, 306) a batch

    def add(self, scores: Values, coded: NDArray[np.float64]) -> None:
        """Add a batch: pilot scores (n,) and soft bits (n, 306)."""
        self.coded += np.maximum(scores, 0) @ coded
        self._scores.append(scores.astype(np.float32))
        self._received.append(np.clip(np.rint(coded * _SCALE), -127, 127).astype(np.int8))

    @property
    def scores(self) -> NDArray[np.float32]:
        """Pilot scores of all frames."""
        return np.concatenate([np.zeros(0, np.float32), *self._scores])

    def sent(self, bits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how far each frame's data speak for coded bits of +1 and -1."""
        return np.concatenate([np.zeros(0), *(rows @ bits for rows in self._received)]) / _SCALE


class Decoder:
    """Knows the layout of one key."""

    def __init__(self, key: WatermarkKey) -> None:
        """Draw the layout of ``key``."""
        self.key_id = key.key_id
        self._layout = Layout.of(key)
        self.pilots = self._layout.pilots.astype(np.float32)  # (4, 1024)
        self._folds = [_Fold.of(self._layout, cycle) for cycle in range(CYCLES)]

    def tune(self, values: Values, seen: Values = ALL_SEEN) -> Tuning:
        """Return the gain and phase under which the pilots stand out most.

        Args:
            values: (n, 1024) of the first frames.
            seen: (1024,) 1 where the picture shows a block, else 0.
        """
        chosen = values[np.linspace(0, len(values) - 1, _TUNING_FRAMES).astype(int)]
        turns = np.exp(2j * np.pi * _PHASES)[:, None, None]
        shown = seen > 0
        chosen, pilots = chosen[:, shown], (self.pilots * seen).T[shown]
        best, tuning = -np.inf, Tuning()
        for gain in _GAINS:
            angles = np.float32(2 * np.pi * gain / STEP) * chosen
            waves = np.cos(angles) @ pilots + 1j * (np.sin(angles) @ pilots)
            # (12, frames, cycles): each frame is in the cycle that fits it best
            scores = (-(waves * turns).imag).max(axis=2).sum(axis=1)
            phase = int(scores.argmax()) if scores.max() > scores[0] * _RELUCTANCE else 0
            if scores[phase] > best * _RELUCTANCE or best < 0:
                best, tuning = scores[phase], Tuning(float(gain), float(_PHASES[phase]))
        return tuning

    def add(self, values: Values, tuning: Tuning, sums: Sums, seen: Values = ALL_SEEN) -> None:
        """Add what (n, 1024) values of frames in a row say to the sums."""
        angles = 2 * np.pi * (values * (tuning.gain / STEP) + tuning.phase)
        soft = -np.sin(angles) * seen  # (n, 1024), + means 1
        shown = np.maximum(0.5 * (np.abs(self.pilots) @ seen), 1)
        scores = soft @ self.pilots.T / np.sqrt(shown)  # (n, 4)
        evidence = np.stack([np.convolve(s, _SMOOTHING)[2:-2] for s in scores.T], axis=1)
        cycles = evidence.argmax(axis=1)
        coded = np.empty((len(values), CODED_BITS))
        for cycle in range(CYCLES):
            mine = cycles == cycle
            coded[mine] = self._folds[cycle].sums(soft[mine])
        sums.add(scores[np.arange(len(scores)), cycles], coded)

    def agree(self, sums: Sums, asset_id: str) -> NDArray[np.bool_]:
        """Say of each frame whether its data carry this asset's bits as its pilots would.

        Pilots say that a frame is marked with this key, not for whom. Data that agree are as
        far above chance as the pilots beside them (times the root of how many more they are);
        those of another asset are around 0.
        """
        bits = coded_bits(asset_id).astype(np.float64) * 2 - 1
        data, pilots = self._layout.places[0].size, np.count_nonzero(self.pilots[0])
        above = sums.sent(bits) / np.sqrt(0.5 * data)  # standard deviations, as the scores
        agree: NDArray[np.bool_] = above > _AGREE * np.sqrt(data / pilots) * sums.scores
        return agree


@dataclass(frozen=True, eq=False)
class _Fold:
    """Adds up what the blocks of a frame say of each coded bit.

    Attributes:
        places: (768,) blocks of data, those of one coded bit beside each other.
        signs: (768,) -1 where the bit is flipped there.
        starts: (306,) where the blocks of each coded bit begin.
    """

    places: NDArray[np.int64]
    signs: Values
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, layout: Layout, cycle: int) -> "_Fold":
        order = np.argsort(layout.coded[cycle], kind="stable")
        starts = np.searchsorted(layout.coded[cycle][order], np.arange(CODED_BITS))
        signs = layout.signs[cycle][order].astype(np.float32)
        return cls(layout.places[cycle][order], signs, starts)

    def sums(self, soft: Values) -> Values:
        """Return (n, 306) of (n, 1024) soft values."""
        return np.add.reduceat(soft[:, self.places] * self.signs, self.starts, axis=1)
