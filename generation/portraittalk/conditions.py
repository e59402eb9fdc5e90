"""What steers a clip, in the form that the denoising network reads."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from generation.portraittalk.attention import (
    AUDIO,
    IDENTITY,
    STRUCTURE,
    TEXT,
    Steering,
    Weight,
    is_off,
)

Kept = dict[tuple[int, str], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Weights:
    """How much each input counts, 0 leaves it out exactly; a tensor is (b,), one for each clip.

    Attributes:
        text: of the prompt, for DetailNet as well.
        identity: of the identity tokens and of what IdentityNet adds.
        audio: of the voice.
        structure: of the drawn face, and of its tokens where there are any; DetailNet is shown as
            much of it, 1 at most, and goes as much of the way that landmarks moved.
        detail: of what DetailNet takes from the photo.
        motion: whether frames see each other (the motion modules).
    """

    text: Weight = 1.0
    identity: Weight = 1.0
    audio: Weight = 1.0
    structure: Weight = 1.0
    detail: float = 1.0
    motion: bool = True

    def of(self, path: str) -> Weight:
        """Return the weight of one of the paths."""
        weight: Weight = getattr(self, path)
        return weight


@dataclass(frozen=True)
class Residuals:
    """What IdentityNet adds to the denoising network's features.

    Attributes:
        down: for each skip connection, (b * f, channels, h, w).
        mid: for the middle, (b * f, channels, h, w).
    """

    down: tuple[Tensor, ...]
    mid: Tensor

    def scaled(self, weight: Weight) -> Self:
        """Return them times a weight."""
        if isinstance(weight, Tensor):
            each = weight.repeat_interleave(self.mid.shape[0] // weight.shape[0])
            weight = each.view(-1, 1, 1, 1).to(self.mid.dtype)
        elif weight == 1:
            return self
        return replace(self, down=tuple(x * weight for x in self.down), mid=self.mid * weight)

    def windows(self, clips: int, places: Sequence[int], length: int) -> Self:
        """Return those of windows of b clips, as :meth:`Conditions.windows` does."""

        def cut(x: Tensor) -> Tensor:
            each = x.unflatten(0, (clips, -1))
            return _windows(each, 1, places, length).flatten(0, 1)

        return replace(self, down=tuple(map(cut, self.down)), mid=cut(self.mid))


@dataclass(frozen=True)
class Conditions:
    """Inputs of b clips of f frames. Whatever is None is not there.

    Attributes:
        text: (b, n, size) states of the text encoder.
        identity: (b, n, size) tokens.
        audio: (b, f, n, size) tokens.
        structure: (b, channels, f, h, w) features of the drawn face.
        structure_tokens: (b, f, n, size).
        residuals: what IdentityNet adds.
        face: (b, f, h, w) 0..1, where the face is.
        lips: (b, f, h, w) 0..1, where the lips are.
    """

    text: Tensor
    identity: Tensor | None = None
    audio: Tensor | None = None
    structure: Tensor | None = None
    structure_tokens: Tensor | None = None
    residuals: Residuals | None = None
    face: Tensor | None = None
    lips: Tensor | None = None

    def read(self, frames: int, weights: Weights, kept: Kept | None) -> tuple[Tensor, Steering]:
        """Return the tokens of all frames, (b * f, n, size), and what the layers need to know."""
        paths = {
            TEXT: self.text[:, None],
            IDENTITY: None if self.identity is None else self.identity[:, None],
            AUDIO: self.audio,
            STRUCTURE: self.structure_tokens,
        }
        there = {path: tokens for path, tokens in paths.items() if tokens is not None}
        wide = [tokens.expand(-1, frames, -1, -1) for tokens in there.values()]
        masks = {"face": self.face, "lips": self.lips}
        return torch.cat(wide, dim=2).flatten(0, 1), Steering(
            lengths={path: tokens.shape[2] for path, tokens in there.items()},
            frames=frames,
            weights={path: weights.of(path) for path in there},
            masks={k: m.flatten(0, 1)[:, None] for k, m in masks.items() if m is not None},
            kept=kept,
        )

    def windows(self, places: Sequence[int], length: int) -> Self:
        """Return the inputs of windows of these b clips: (b * windows), a clip's side by side.

        Args:
            places: where each begins.
            length: of each, in frames.
        """
        clips, count = len(self.text), len(places)

        def lasting(x: Tensor) -> Tensor:
            return x.repeat_interleave(count, 0)

        def cut(x: Tensor | None, axis: int = 1) -> Tensor | None:
            return None if x is None else _windows(x, axis, places, length)

        return replace(
            self,
            text=lasting(self.text),
            identity=None if self.identity is None else lasting(self.identity),
            audio=cut(self.audio),
            structure=cut(self.structure, 2),
            structure_tokens=cut(self.structure_tokens),
            residuals=self.residuals and self.residuals.windows(clips, places, length),
            face=cut(self.face),
            lips=cut(self.lips),
        )

    def residuals_at(self, weight: Weight) -> Residuals | None:
        """Return what IdentityNet adds at a weight, or None if that is nothing."""
        if self.residuals is None or is_off(weight):
            return None
        return self.residuals.scaled(weight)

    def structure_at(self, weight: Weight) -> Tensor | None:
        """Return the drawn face's features (b, channels, f, h, w) at a weight, or None."""
        if self.structure is None or is_off(weight):
            return None
        if isinstance(weight, Tensor):
            return self.structure * weight.view(-1, 1, 1, 1, 1).to(self.structure.dtype)
        return self.structure if weight == 1 else self.structure * weight


def _windows(x: Tensor, axis: int, places: Sequence[int], length: int) -> Tensor:
    """Return windows of clips (b, ...), (b * windows, ...), along an axis of frames."""
    return torch.stack([x.narrow(axis, place, length) for place in places], 1).flatten(0, 1)
