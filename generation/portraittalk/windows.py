"""Long clips in overlapping windows: where they lie, and how one goes on from the one before.

In each step the clean frames that a window predicts for its overlap are mixed with those that the
window before has drawn, more of them the earlier they are. It is done to the prediction and not to
the noisy latents, so it fits any scheduler, and a network that predicts the truth draws no seam.

Some windows may be drawn side by side, as one batch. They share the noise of their overlaps, so
what they predict there is mixed as it is. Memory grows with how many they are and not with the
clip; from one such group to the next it goes as from window to window.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

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


def groups(frames: int, length: int, overlap: int, together: int) -> Iterator[list[Window]]:
    """Yield the windows of a clip, so many at a time."""
    every = windows(frames, length, overlap)
    while group := list(islice(every, together)):
        yield group


def spanned(group: Sequence[Window]) -> Window:
    """Return a group of windows as one."""
    first, last = group[0], group[-1]
    return Window(first.start, last.stop, first.overlap, last.last)


def joined(predicted: Tensor, places: Sequence[int], overlap: int) -> Tensor:
    """Return what windows of the same noisy frames predict as one clip's, (1, c, frames, h, w).

    Args:
        predicted: (windows, c, f, h, w).
        places: where in the clip each of them begins.
        overlap: frames that a window shares with the one before.
    """
    count, channels, length, *size = predicted.shape
    if count == 1:
        return predicted
    whole = predicted.new_zeros((1, channels, places[-1] + length, *size))
    whole[0, :, :length] = predicted[0]
    keep = ramp(overlap, predicted)
    for one, place in zip(predicted[1:], places[1:], strict=True):
        shared = slice(place, place + overlap)
        whole[0, :, shared] = keep * whole[0, :, shared] + (1 - keep) * one[:, :overlap]
        whole[0, :, place + overlap : place + length] = one[:, overlap:]
    return whole


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
