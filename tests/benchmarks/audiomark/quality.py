"""How much the mark changes what is heard.

No grade of ITU-R BS.1387 (PEAQ) is computed: its reference network is not free to use. What is
reported are two of the variables it is made of, over a masking model of our own: the noise-to-mask
ratio, and the share of frames in which the mark exceeds the masked threshold somewhere.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.audiomark.clips import RELEASED, Samples

_WINDOW, _HOP = 2048, 1024  # samples at 48 kHz: 43 ms
_ACTIVE = 1e-3  # share of the loudest frame's energy from which a frame counts as speech
_DISTURBED = 10**0.15  # 1.5 dB, as PEAQ's relative disturbed frames
_BARKS = 24


def measure(plain: Samples, marked: Samples) -> dict[str, float]:
    """Return the measures of one clip, before any encoder."""
    before, change, after = (_powers(x) for x in (plain, marked - plain, marked))
    active = before.sum(axis=1) > _ACTIVE * before.sum(axis=1).max()
    before, change, after = before[active], change[active], after[active]
    snr = np.clip(10 * np.log10(before.sum(1) / np.maximum(change.sum(1), 1e-12)), -10, 35)
    floor = 1e-6 * before.mean()
    ratio = 10 * np.log10((after + floor) / (before + floor))
    noise = _noise_to_mask(before, change)
    return {
        "segmental_snr_db": float(snr.mean()),
        "log_spectral_distortion_db": float(np.sqrt((ratio**2).mean(axis=1)).mean()),
        "noise_to_mask_db": float(10 * np.log10(noise.mean())),
        "disturbed_frames": float((noise.max(axis=1) > _DISTURBED).mean()),
    }


def _powers(sound: Samples) -> NDArray[np.float64]:
    frames = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW)[::_HOP]
    return np.square(np.abs(np.fft.rfft(frames * np.hanning(_WINDOW), axis=1)))


def _noise_to_mask(sound: NDArray[np.float64], noise: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (frames, barks) the noise over the masked threshold (Johnston, 1988)."""
    frequency = np.arange(sound.shape[1]) * (RELEASED / _WINDOW)
    bark = 13 * np.arctan(0.00076 * frequency) + 3.5 * np.arctan((frequency / 7500) ** 2)
    bands = np.minimum(bark.astype(int), _BARKS - 1)
    starts = np.searchsorted(bands, np.arange(_BARKS))
    energy = np.add.reduceat(sound, starts, axis=1)
    distance = np.arange(_BARKS)[None, :] - np.arange(_BARKS)[:, None] + 0.474
    spread = 10 ** ((15.81 + 7.5 * distance - 17.5 * np.sqrt(1 + distance**2)) / 10)
    voiced = sound[:, starts[1] : starts[17]] + 1e-12
    flatness = 10 * np.log10(np.exp(np.log(voiced).mean(axis=1)) / voiced.mean(axis=1))
    tonal = np.minimum(flatness / -60, 1)[:, None]
    below = tonal * (14.5 + np.arange(_BARKS)) + (1 - tonal) * 5.5
    threshold = energy @ (spread / spread.sum(axis=0)) * 10 ** (-below / 10)
    return np.add.reduceat(noise, starts, axis=1) / np.maximum(threshold, 1e-9 * energy.max())
