"""By how much a cell may change before it is heard: the masked threshold of its own sound.

Simultaneous masking after Schroeder, Atal and Hall (1979): the energy of each frame is spread over
the Bark scale, and what lies a fixed distance below it is taken for inaudible.
"""

import numpy as np

from compliance.audiomark.grid import CELL_FRAMES, EDGES, RATE, WINDOW, Real

_BELOW = 11.5  # decibels from the spread energy to what may be added
_MOST = 3.5  # decibels that a cell may rise or fall, however well it is masked


def _spreading() -> Real:
    """Return the (257, 257) share of a masker's energy (rows) at each place (columns)."""
    frequency = np.arange(WINDOW // 2 + 1) * (RATE / WINDOW)
    bark = 13 * np.arctan(0.00076 * frequency) + 3.5 * np.arctan((frequency / 7500) ** 2)
    distance = bark[None, :] - bark[:, None] + 0.474
    decibels = 15.81 + 7.5 * distance - 17.5 * np.sqrt(1 + distance**2)
    share = 10 ** (decibels / 10)
    return np.asarray(share / share.sum(axis=0, keepdims=True), np.float32)


_SPREADING = _spreading()
_ALLOWED = np.float32(10 ** (-_BELOW / 10))


def largest_change(power: Real) -> Real:
    """Return the decibels (cells, BANDS) by which each cell may rise or fall.

    Args:
        power: (frames, 257) energies of the frames that are changed, two a cell.
    """
    share = np.sqrt(power @ _SPREADING * _ALLOWED / (power + np.float32(1e-9)))
    decibels = np.minimum(20 * np.log10(1 + share), _MOST)
    cells = decibels.reshape(-1, CELL_FRAMES, decibels.shape[1]).mean(axis=1)
    widths = np.diff(EDGES)
    inner = cells[:, EDGES[0] : EDGES[-1]]
    mean = np.add.reduceat(inner, EDGES[:-1] - EDGES[0], axis=1) / widths
    return mean.astype(np.float32)
