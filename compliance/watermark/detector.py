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
from compliance.watermark.layout import CYCLES, POSITIONS, Layout
from compliance.watermark.payload import CODED_BITS, coded_bits, decode_asset_id

_BATCH = 48  # frames held at once: all four cycles, 200 kB
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
        marked_frames: those whose pilots alone show a mark of this key, of whatever asset.
        asset_frames: those of them whose data agree with ``asset_id``; 0 if nothing was found.
        pilot_score: standard deviations of a frame's pilots above chance, mean of all frames.
        agreement: share of coded bits received as sent, 0.5 is chance; 0 if nothing was found.
    """

    state: DetectionState
    asset_id: str | None
    frames: int
    marked_frames: int
    asset_frames: int
    pilot_score: float
    agreement: float


class Detector:
    """Reads marks made with one key."""

    def __init__(self, key: WatermarkKey) -> None:
        """Draw the layout of ``key``."""
        self._layout = Layout.of(key)
        self._folds = [_fold(self._layout, cycle) for cycle in range(CYCLES)]

    def detect(self, frames: Iterable[Plane]) -> Detection:
        """Return what the frames carry; 312 bytes of each are kept until the end.

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
        coded = np.empty((len(values), CODED_BITS))
        for cycle in range(CYCLES):
            mine = cycles == cycle
            coded[mine] = soft[mine] @ self._folds[cycle]
        sums.coded += np.maximum(score, 0) @ coded
        sums.scores.append(score.astype(np.float32))
        sums.received.append(np.clip(np.rint(coded * _SCALE), -127, 127).astype(np.int8))

    def _conclude(self, sums: "_Sums") -> Detection:
        scores = np.concatenate([np.zeros(0, np.float32), *sums.scores])
        marked = scores > _MARKED
        asset_id = decode_asset_id(sums.coded)
        agreement, own = 0.0, 0
        if asset_id is not None:
            bits = coded_bits(asset_id)
            agreement = float(np.mean((sums.coded > 0) == bits))
            own = int((marked & self._agree(sums, scores, bits.astype(np.float64) * 2 - 1)).sum())
        return Detection(
            DetectionState.FOUND if asset_id else DetectionState.NOT_FOUND,
            asset_id,
            frames=len(scores),
            marked_frames=int(marked.sum()),
            asset_frames=own,
            pilot_score=float(scores.mean()) if len(scores) else 0.0,
            agreement=agreement,
        )

    def _agree(
        self, sums: "_Sums", scores: NDArray[np.float32], bits: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Say of each frame whether its data carry these bits (+1 or -1) as its pilots would.

        Pilots say that a frame is marked with this key, not for whom. Data that agree are as
        far above chance as the pilots beside them (times the root of how many more they are);
        those of another asset are around 0.
        """
        data = self._layout.places[0].size
        pilots = np.count_nonzero(self._layout.pilots[0])
        sent = np.concatenate([rows @ bits for rows in sums.received]) / _SCALE
        above = sent / np.sqrt(0.5 * data)  # standard deviations above chance, as the scores
        agree: NDArray[np.bool_] = above > _AGREE * np.sqrt(data / pilots) * scores
        return agree


class _Sums:
    """What is kept of all frames seen so far."""

    def __init__(self) -> None:
        self.coded = np.zeros(CODED_BITS)  # soft bits, frames weighted by their pilots
        self.scores: list[NDArray[np.float32]] = []  # of pilots, (n,) a batch
        self.received: list[NDArray[np.int8]] = []  # soft bits of each frame, (n, 306) a batch


def _fold(layout: Layout, cycle: int) -> NDArray[np.float32]:
    """Return the (1024, 306) matrix that adds up what a frame says of each coded bit."""
    fold = np.zeros((POSITIONS, CODED_BITS), np.float32)
    fold[layout.places[cycle], layout.coded[cycle]] = layout.signs[cycle]
    return fold


def _batches(frames: Iterable[Plane]) -> Iterator[NDArray[np.float32]]:
    """Yield the (n, 1024) singular values of up to 48 frames at a time."""
    values = (top_singular(to_blocks(canonical(cb_plane(frame))))[1] for frame in frames)
    while batch := list(islice(values, _BATCH)):
        yield np.stack(batch)
