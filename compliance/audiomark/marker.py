"""Put a pattern into sound of any length, block by block."""

from collections.abc import Iterable, Iterator

import numpy as np

from compliance.audiomark.grid import RATE, Real
from compliance.audiomark.layout import AudioPattern
from compliance.audiomark.shaping import MARGIN, Shaper
from compliance.errors import InvalidInput

_PERIODS = 5  # a block: 8.96 s, a whole number of samples at every rate allowed
_RATE_UNIT = 25
_LEAST_RATE = 8_000


class AudioMarker:
    """Marks one sound. Holds no key: it can mark this asset and no other."""

    def __init__(self, pattern: AudioPattern, rate: int) -> None:
        """Prepare for sound of one rate.

        Args:
            pattern: from :func:`compliance.audiomark.expand_audio`.
            rate: samples a second: at least 8,000 and a multiple of 25, as all usual ones are.

        Raises:
            InvalidInput: another rate.
        """
        if rate < _LEAST_RATE or rate % _RATE_UNIT:
            raise InvalidInput(
                f"Sound of {rate} samples a second cannot carry the mark.",
                code="audio-rate",
                remedy="Resample it to 48,000.",
            )
        self._shaper = Shaper(pattern, _PERIODS)
        self._core, self._margin = (n * rate // RATE for n in (self._shaper.samples, MARGIN))

    def mark(self, blocks: Iterable[Real]) -> Iterator[Real]:
        """Mark a sound; it keeps its length, and about 20 s of it are held at a time.

        Args:
            blocks: (channels, n) samples of about -1 to 1, n as it comes.

        Yields:
            The same samples, marked, in blocks of up to 9 s; never more than -1 to 1.
        """
        core, margin = self._core, self._margin
        whole = core + 2 * margin
        source = iter(blocks)
        first = next(source, None)
        if first is None:
            return
        held = np.pad(first, ((0, 0), (margin, 0))).astype(np.float32)  # silence before the sound
        late = np.zeros((len(first), whole), np.float32)  # what blocks so far add to what is held
        skip, ended = margin, False
        while not ended or held.shape[1] > 0:
            while held.shape[1] < whole and not ended:
                block = next(source, None)
                ended = block is None
                held = held if block is None else np.concatenate([held, block], axis=1)
            window = np.pad(held[:, :whole], ((0, 0), (0, max(0, whole - held.shape[1]))))
            late += self._change(window)
            # the block after this one reaches back by its margin: what comes before that is done
            out = min(core, held.shape[1])
            yield np.clip(held[:, skip:out] + late[:, skip:out], -1, 1)
            held, skip = held[:, core:], 0
            late = np.pad(late[:, core:], ((0, 0), (0, core)))

    def _change(self, window: Real) -> Real:
        """Return what to add to a block with its margins, at its own rate."""
        if not np.any(window):
            return np.zeros_like(window)
        faded = window.copy()
        fade = self._margin // 4
        slope = np.sin(np.linspace(0, np.pi / 2, fade, dtype=np.float32)) ** 2
        faded[:, :fade] *= slope  # the transform takes the block's ends for neighbours
        faded[:, -fade:] *= slope[::-1]
        slow = _resampled(faded, self._shaper.samples + 2 * MARGIN)
        return _resampled(self._shaper.change(slow), window.shape[1])


def _resampled(samples: Real, count: int) -> Real:
    """Return (channels, n) samples as ``count`` samples of the same time."""
    if samples.shape[1] == count:
        return samples
    spectrum = np.fft.rfft(samples, axis=1)
    kept = min(spectrum.shape[1], count // 2 + 1)
    scaled = spectrum[:, :kept] * (count / samples.shape[1])
    return np.fft.irfft(scaled, count, axis=1).astype(np.float32)
