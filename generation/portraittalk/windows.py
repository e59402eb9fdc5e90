"""Long clips in overlapping windows: where they lie, and how one goes on from the one before.

In each step the clean frames that a window predicts for its overlap are mixed with those that the
window before has drawn, more of them the earlier they are. It is done to the prediction and not to
the noisy latents, so it fits any scheduler, and a network that predicts the truth draws no seam.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Window:
    """Frames that are drawn together.

    Attributes:
        start: the first.
        stop: after the last that the clip has.
        overlap: at its beginning, drawn by the window before.
        last: nothing comes after it.
    """

    start: int
    stop: int
    overlap: int
    last: bool


def windows(frames: int, length: int, overlap: int) -> Iterator[Window]:
    """Yield the windows of a clip, in order. The last may be shorter than `length`."""
    start = 0
    while True:
        stop = min(start + length, frames)
        last = stop == frames
        yield Window(start, stop, overlap if start else 0, last)
        if last:
            return
        start = stop - overlap


def ramp(overlap: int, like: Tensor) -> Tensor:
    """Return how much of the window before is kept, (overlap, 1, 1): less and less."""
    part = torch.arange(1, overlap + 1, device=like.device, dtype=like.dtype) / (overlap + 1)
    return (1 - part)[:, None, None]


@dataclass(frozen=True)
class Carried:
    """The end of a window, for the next one to go on from.

    Attributes:
        latents: (1, c, overlap, h, w), clean.
        noise: (1, c, overlap, h, w), with which these frames began.
    """

    latents: Tensor
    noise: Tensor

    @classmethod
    def of(cls, latents: Tensor, noise: Tensor, window: Window, overlap: int) -> "Carried":
        """Take the last frames of a window that the clip has."""
        end = window.stop - window.start
        part = slice(end - overlap, end)
        return cls(latents[:, :, part].clone(), noise[:, :, part].clone())

    def mix(self, predicted: Tensor, sample: Tensor, alpha: Tensor, velocity: bool) -> Tensor:
        """Return a prediction that goes on from the window before.

        Args:
            predicted: (1, c, f, h, w) velocity or noise.
            sample: (1, c, f, h, w), of which it was predicted.
            alpha: cumulative product of the scheduler's alphas at this step.
            velocity: whether velocity is predicted, or noise.
        """
        overlap = self.latents.shape[2]
        signal, noise = alpha.sqrt(), (1 - alpha).sqrt()
        x, out = sample[:, :, :overlap], predicted[:, :, :overlap]
        clean = signal * x - noise * out if velocity else (x - noise * out) / signal
        keep = ramp(overlap, clean)
        clean = keep * self.latents + (1 - keep) * clean
        mixed = (signal * x - clean) / noise if velocity else (x - signal * clean) / noise
        return torch.cat([mixed.to(predicted.dtype), predicted[:, :, overlap:]], dim=2)
