"""What a block of sound has to change so that its bits say what they should.

Each bit is the sum of the contrasts of its twelve cells. The marker knows the sound, so it does not
add a fixed signal: it raises and lowers the cells of a bit only until their sum says what it should
(improved spread spectrum, Malvar and Florencio, 2003), each within what masks it.
"""

import numpy as np
from numpy.typing import NDArray

from compliance.audiomark.grid import (
    CELL,
    CELL_FRAMES,
    CELL_STEPS,
    EDGES,
    HOP,
    STEP,
    WINDOW,
    WINDOW_SHAPE,
    Real,
    band_energies,
    contrasts,
    powers,
    sensitivity,
    spectra,
    surroundings,
)
from compliance.audiomark.layout import GROUPS, SEGMENT_CELLS, AudioPattern
from compliance.audiomark.masking import largest_change

MARGIN = 2_560  # samples at 16 kHz needed on either side of a block: 0.16 s
_TARGET = 4.0  # sum of contrasts that a bit should reach
_ROUNDS = 6  # the sum does not grow in proportion to the change: it takes a few approaches
_CAUTION = np.float32(0.9)
_PER_DECIBEL = np.float32(np.log(10) / 10)


class Shaper:
    """Shapes blocks of a whole number of periods at 16 kHz."""

    def __init__(self, pattern: AudioPattern, periods: int) -> None:
        """Lay the pattern out over a block."""
        wanted = np.tile(pattern.wanted, (periods, 1))
        self._cells = len(wanted)
        segments = np.arange(self._cells) // SEGMENT_CELLS
        groups = np.tile(pattern.groups, (periods, 1)) + GROUPS * segments[:, None]
        self._groups: NDArray[np.int64] = groups.astype(np.int64)
        self._wanted = wanted.astype(np.float32)

    @property
    def samples(self) -> int:
        """Length of a block without its margins."""
        return self._cells * CELL

    def change(self, block: Real) -> Real:
        """Return what to add to a block, (channels, MARGIN + samples + MARGIN), of that shape.

        All channels change alike; what a cell's contrast is, all of them decide together.
        """
        first = MARGIN - HOP
        before = np.stack([spectra(each[first : MARGIN + self.samples], HOP) for each in block])
        limit = largest_change(np.square(np.abs(before)).sum(axis=0))
        decibels = np.zeros_like(limit)
        change = np.zeros_like(block)
        for _ in range(_ROUNDS):
            decibels += self._step(block + change)
            np.clip(decibels, -limit, limit, out=decibels)
            change = self._render(before, decibels)
        return change

    def _step(self, block: Real) -> Real:
        """Return the decibels by which each cell should still change."""
        first, rows = MARGIN - HOP - CELL, (self._cells + 2) * CELL_STEPS
        seen = block[:, first : first + (rows - 1) * STEP + WINDOW]
        energies = band_energies(powers(seen)).reshape(self._cells + 2, CELL_STEPS, -1).sum(axis=1)
        ratio = (energies / surroundings(energies, 1))[1:-1]
        react = sensitivity(ratio)
        said = self._by_group(self._wanted * contrasts(ratio))
        force = self._by_group(react * react)
        lacks = np.maximum(_TARGET - said, 0) / np.maximum(force, 1e-6)
        each = lacks.astype(np.float32)[self._groups]
        step: Real = self._wanted * react * each * (_CAUTION / _PER_DECIBEL)
        return step

    def _by_group(self, cells: Real) -> NDArray[np.float64]:
        return np.bincount(self._groups.reshape(-1), cells.reshape(-1)).astype(np.float64)

    def _render(self, before: NDArray[np.complex64], decibels: Real) -> Real:
        """Return what the cells' decibels add to each channel."""
        factor = np.zeros(before.shape[1:], np.float32)
        inner = np.repeat(np.expm1(decibels * (_PER_DECIBEL / 2)), CELL_FRAMES, axis=0)
        factor[:, EDGES[0] : EDGES[-1]] = np.repeat(inner, np.diff(EDGES), axis=1)
        frames = np.fft.irfft(before * factor, WINDOW, axis=2).astype(np.float32) * WINDOW_SHAPE
        change = np.zeros((len(before), 2 * MARGIN + self.samples), np.float32)
        first, end = MARGIN - HOP, MARGIN + self.samples - HOP
        change[:, first:end] += frames[:, :, :HOP].reshape(len(before), -1)
        change[:, first + HOP : end + HOP] += frames[:, :, HOP:].reshape(len(before), -1)
        return change
