"""Find the asset id in frames, knowing the key and nothing else.

The video keeps its geometry here (any uniform or uneven scaling of the whole frame is fine);
a cropped, turned or mirrored one is not searched for.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from compliance.watermark.blocks import (
    SMALL_STEP,
    STEP,
    Plane,
    canonical,
    cb_plane,
    to_blocks,
    top_singular,
)
from compliance.watermark.key import WatermarkKey
from compliance.watermark.layout import CYCLES, Layout
from compliance.watermark.payload import CODED_BITS, coded_bits, decode_asset_id

_BATCH = 48  # frames held at once: all four cycles, 200 kB
# Colour may have been scaled, and the step may be the coarse one of a small picture: for the
# detector both are one factor.
_GAINS = np.concatenate([[1.0, STEP / SMALL_STEP], np.arange(0.46, 1.36, 0.02)])
_PHASES = np.arange(12) / 12  # of a step: colour may have been shifted
_TUNING_FRAMES = 24
_RELUCTANCE = 1.02  # an unchanged video should not be explained by a change
_SMOOTHING = np.ones(5)  # frames that lend each other evidence for which cycle they are in
_MARKED = 5.0  # pilot score from which a frame counts as marked; 1 still picture in 1,000 has it


class DetectionState(StrEnum):
    """Whether a mark was found."""

    FOUND = "found"
    NOT_FOUND = "not-found"


@dataclass(frozen=True, slots=True)
class Detection:
    """What a detector saw.

    Attributes:
        state: whether an id was decoded whose CRC-32 holds.
        asset_id: 16 hexadecimal digits, None if nothing was found.
        frames: frames looked at.
        marked_frames: those whose pilots alone show the mark.
        pilot_score: standard deviations of a frame's pilots above chance, mean of all frames.
        agreement: share of coded bits received as sent, 0.5 is chance; 0 if nothing was found.
    """

    state: DetectionState
    asset_id: str | None
    frames: int
    marked_frames: int
    pilot_score: float
    agreement: float


class Detector:
    """Reads marks made with one key."""

    def __init__(self, key: WatermarkKey) -> None:
        """Draw the layout of ``key``."""
        self._layout = Layout.of(key)

    def detect(self, frames: Iterable[Plane]) -> Detection:
        """Return what the frames carry, in constant memory.

        Args:
            frames: (H*3/2, W) uint8 arrays, planar yuv420p, all of one size, in order. A second
                of them is enough, from anywhere in the video.

        Raises:
            InvalidInput: a frame has another layout.
        """
        sums = _Sums()
        tuning: tuple[float, float] | None = None
        for values in _batches(frames):
            tuning = tuning or self._tune(values)
            self._add(values, tuning, sums)
        return self._conclude(sums)

    def _tune(self, values: NDArray[np.float32]) -> tuple[float, float]:
        """Return the gain and phase (0..1 of a step) under which the pilots stand out most."""
        chosen = values[np.linspace(0, len(values) - 1, _TUNING_FRAMES).astype(int)]
        turns = np.exp(2j * np.pi * _PHASES)[:, None, None]
        best, tuning = -np.inf, (1.0, 0.0)
        for gain in _GAINS:
            waves = np.exp(2j * np.pi * gain / STEP * chosen) @ self._layout.pilots.T
            # (12, frames, cycles): each frame is in the cycle that fits it best
            scores = (-(waves * turns).imag).max(axis=2).sum(axis=1)
            phase = int(scores.argmax()) if scores.max() > scores[0] * _RELUCTANCE else 0
            if scores[phase] > best * _RELUCTANCE or best < 0:
                best, tuning = scores[phase], (float(gain), float(_PHASES[phase]))
        return tuning

    def _add(self, values: NDArray[np.float32], tuning: tuple[float, float], sums: "_Sums") -> None:
        gain, phase = tuning
        soft = -np.sin(2 * np.pi * (values * (gain / STEP) + phase))  # (n, 1024), + means 1
        pilots = self._layout.pilots
        scores = soft @ pilots.T / np.sqrt(0.5 * np.count_nonzero(pilots[0]))  # (n, 4)
        evidence = np.stack([np.convolve(s, _SMOOTHING)[2:-2] for s in scores.T], axis=1)
        cycles = evidence.argmax(axis=1)
        score = scores[np.arange(len(scores)), cycles]
        for cycle in range(CYCLES):
            mine = cycles == cycle
            weighted = np.maximum(score[mine], 0) @ soft[mine]  # (1024,)
            bits = weighted[self._layout.places[cycle]] * self._layout.signs[cycle]
            sums.coded += np.bincount(self._layout.coded[cycle], bits, CODED_BITS)
        sums.frames += len(values)
        sums.marked += int((score > _MARKED).sum())
        sums.score += float(score.sum())

    def _conclude(self, sums: "_Sums") -> Detection:
        score = sums.score / max(sums.frames, 1)
        asset_id = decode_asset_id(sums.coded)
        agreement = 0.0
        if asset_id is not None:
            agreement = float(np.mean((sums.coded > 0) == coded_bits(asset_id)))
        state = DetectionState.FOUND if asset_id else DetectionState.NOT_FOUND
        return Detection(state, asset_id, sums.frames, sums.marked, score, agreement)


class _Sums:
    """What is kept of all frames seen so far."""

    def __init__(self) -> None:
        self.coded = np.zeros(CODED_BITS)
        self.frames = 0
        self.marked = 0
        self.score = 0.0


def _batches(frames: Iterable[Plane]) -> Iterator[NDArray[np.float32]]:
    """Yield the (n, 1024) singular values of up to 48 frames at a time."""
    values = (top_singular(to_blocks(canonical(cb_plane(frame))))[1] for frame in frames)
    while batch := list(islice(values, _BATCH)):
        yield np.stack(batch)
