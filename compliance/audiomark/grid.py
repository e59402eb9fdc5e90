"""The signal: how a cell of time and frequency stands out of its neighbours.

The sound is seen at 16 kHz in cells of 32 ms and 62 Hz (125 Hz above 3.7 kHz). What carries the
mark is a cell's *contrast*: the logarithm of its energy over the mean of the cells around it.
Volume and slow filters do not change a contrast; codecs, noise and resampling change it little.
"""

import numpy as np
from numpy.typing import NDArray

RATE = 16_000  # samples a second at which marking and detection are done
WINDOW = 512  # samples, 32 ms
HOP = WINDOW // 2  # between the frames that the marker changes
STEP = WINDOW // 4  # between the frames that a contrast is measured on
CELL_FRAMES = 2  # hops a cell
CELL = CELL_FRAMES * HOP  # samples, 32 ms
CELL_STEPS = CELL // STEP
# A telephone keeps the bands up to 3.69 kHz; the wider ones above help where they are kept.
EDGES = np.concatenate([np.arange(10, 118, 2), np.arange(118, 227, 4)])  # FFT bins of 31.25 Hz
BANDS = len(EDGES) - 1
NARROW_BANDS = 54  # those that a telephone keeps
_AROUND = 2  # bands on either side that a cell is compared with; in time it is one cell
# A cell far below its neighbours says nothing, codecs and noise fill it: the logarithm flattens.
_FLATTENING = 1.0
_QUIET = 0.1  # share of a band's cells that are taken for its noise
_SILENCE = 4e-5  # energy of a cell at about -80 dB of full scale: nothing to compare

Real = NDArray[np.float32]
WINDOW_SHAPE: Real = np.sin(np.pi * (np.arange(WINDOW) + 0.5) / WINDOW).astype(np.float32)


def spectra(samples: Real, hop: int) -> NDArray[np.complex64]:
    """Return the (frames, 257) windowed spectra of (n,) samples, a frame every ``hop`` samples."""
    if len(samples) < WINDOW:
        return np.zeros((0, WINDOW // 2 + 1), np.complex64)
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::hop]
    return np.fft.rfft(frames * WINDOW_SHAPE, axis=1).astype(np.complex64, copy=False)


def powers(channels: Real) -> Real:
    """Return the (frames, 257) energies of (channels, n) samples, a frame every STEP samples."""
    power = sum(np.square(np.abs(spectra(each, STEP))) for each in channels)
    return np.asarray(power, np.float32)


def band_energies(power: Real, pitch: float = 1.0) -> Real:
    """Return the (frames, BANDS) energies of the bands in (frames, 257) powers.

    Args:
        power: from :func:`powers`.
        pitch: by how much the sound was raised; the bands are looked for there.
    """
    edges = np.minimum(EDGES * pitch, power.shape[1] - 1)
    whole = edges.astype(int)
    below = np.zeros((len(power), power.shape[1] + 1), np.float32)
    np.cumsum(power, axis=1, out=below[:, 1:])
    part = (edges - whole).astype(np.float32)
    total = below[:, whole] + part * power[:, np.minimum(whole, power.shape[1] - 1)]
    energies: Real = np.maximum(np.diff(total, axis=1), 0)
    return energies


def cell_energies(energies: Real) -> Real:
    """Return the (steps, BANDS) energies of the cell that begins at each step."""
    total = np.cumsum(np.pad(energies, ((1, 0), (0, 0))), axis=0, dtype=np.float64)
    return np.asarray(total[CELL_STEPS:] - total[:-CELL_STEPS], np.float32)


def surroundings(cells: Real, stride: int) -> Real:
    """Return the mean energy around each cell, itself included.

    Args:
        cells: (n, BANDS) energies.
        stride: rows from a cell to the next one in time.
    """
    inner = np.pad(cells, ((0, 0), (_AROUND, _AROUND)), mode="edge")
    mean = sum(inner[:, b : b + cells.shape[1]] for b in range(2 * _AROUND + 1))
    outer = np.pad(np.asarray(mean), ((stride, stride), (0, 0)), mode="edge")
    near = sum(outer[row * stride : row * stride + len(cells)] for row in range(3))
    return np.asarray(near / (3 * (2 * _AROUND + 1)) + _SILENCE, np.float32)


def contrasts(ratio: Real) -> Real:
    """Return the contrasts of cells from their energies over those of their surroundings."""
    return np.asarray(np.log(ratio + np.float32(_FLATTENING)), np.float32)


def sensitivity(ratio: Real) -> Real:
    """Return by how much a contrast grows with the logarithm of the cell's energy."""
    return ratio / (ratio + np.float32(_FLATTENING))


def clearness(cells: Real) -> Real:
    """Return how far each cell (n, BANDS) stands clear of its band's steady noise, 0 to 1."""
    noise = np.quantile(cells, _QUIET, axis=0)
    clear: Real = np.maximum(1 - noise / (cells + np.float32(_SILENCE)), 0).astype(np.float32)
    return clear
