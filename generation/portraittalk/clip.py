"""What is asked of the pipeline: one clip, and how to draw it."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Protocol

import torch
from torch import Tensor

from generation.portraittalk.conditions import Weights
from generation.portraittalk.errors import ClipUnusable
from generation.portraittalk.guidance import Guidance

PARTS = 2  # of a photo that are told apart: the person, and clothes
STUDENTS_STEPS = 50  # of LCM's schedule, which a student's few are taken from


@dataclass(frozen=True)
class Portraits:
    """One or several portraits of one person, r of them.

    Attributes:
        pictures: (r, 3, H, W) -1..1, cut so that faces lie as in training.
        blinking: (r, 3, H, W) -1..1, the same in the middle of a blink (`blinking`); the
            pictures again where nobody knows.
        drawn: (r, 3, H, W) 0..1, the face as it stands in each.
        embeddings: (r, size) of the face in each.
        parts: (r, 2, H, W) 0..1, where in each the person is, and clothes (`photo_parts`);
            zeros where nobody knows.
    """

    pictures: Tensor
    blinking: Tensor
    drawn: Tensor
    embeddings: Tensor
    parts: Tensor


@dataclass(frozen=True)
class Scene:
    """What some frames shall show, n of them.

    Attributes:
        drawn: (n, 3, H, W) 0..1, the face as it shall stand.
        voice: (n, rows, size) speech features around each.
        face: (n, H, W) 0..1, where the face is.
        lips: (n, H, W) 0..1, where the lips are.
        flow: (n, 4, h, w), how far away each place is found in the first portrait, and in that
            of a blink (`flow`); the former again where the photo stands for the blink, zeros where
            nobody says.
    """

    drawn: Tensor
    voice: Tensor
    face: Tensor
    lips: Tensor
    flow: Tensor

    def part(self, start: int, stop: int) -> "Scene":
        """Return some of its frames."""
        return self.mapped(lambda x: x[start:stop])

    def mapped(self, change: Callable[[Tensor], Tensor]) -> "Scene":
        """Return it with each of its tensors changed in the same way, as to other frames."""
        return Scene(*(change(getattr(self, each.name)) for each in fields(self)))


class Drive(Protocol):
    """What moves a clip; asked for a few frames at a time, so that a long one needs no memory."""

    @property
    def frames(self) -> int:
        """How many frames the clip has."""
        ...

    def scene(self, start: int, stop: int) -> Scene:
        """Return what frames `start` to `stop` (not included) shall show."""
        ...


@dataclass(frozen=True)
class Clip:
    """One person saying one thing.

    Attributes:
        prompt: English words for what is seen.
        portraits: of the person.
        drive: what moves it.
    """

    prompt: str
    portraits: Portraits
    drive: Drive

    def check(self) -> None:
        """Refuse what cannot be drawn.

        Raises:
            ClipUnusable: with what does not fit.
        """
        portraits = self.portraits
        counts = {len(getattr(portraits, each.name)) for each in fields(portraits)}
        if counts == {0}:
            raise ClipUnusable("There is no portrait.", remedy="Give at least one.")
        if len(counts) > 1:
            raise ClipUnusable(
                "Portraits, their blinks, drawn faces, embeddings and parts differ in number.",
                remedy="Give one of each for each portrait.",
            )
        looked_at = (portraits.pictures, portraits.blinking, portraits.drawn, portraits.parts)
        sizes = {x.shape[-2:] for x in looked_at}
        if len(sizes) > 1:
            raise ClipUnusable(
                "Portraits, their blinks, drawn faces and parts differ in size.",
                remedy="Draw the blinks and faces, and find the parts, at the portraits' size.",
            )
        if self.drive.frames < 1:
            raise ClipUnusable("The clip has no frames.", remedy="Give a longer voice track.")


@dataclass(frozen=True)
class Sampling:
    """How a clip is drawn.

    Attributes:
        steps: of denoising in each window. A divisor of 1000 keeps DDIM's steps even.
        few_steps: the network is a distilled student: LCM's scheduler, and guidance is left out.
        guidance: how far inputs are followed beyond what the network does by itself.
        weights: how much each input counts.
        window: frames drawn together, at most the motion modules' positions.
        overlap: frames of a window that the one before has drawn already.
        together: windows drawn side by side, which keeps a large GPU busy.
        decoded_together: frames, which bounds the memory that decoding takes.
    """

    steps: int = 25
    few_steps: bool = False
    guidance: Guidance = field(default_factory=lambda: Guidance(everything=2.5))
    weights: Weights = field(default_factory=Weights)
    window: int = 12
    overlap: int = 3
    together: int = 1
    decoded_together: int = 4

    def check(self, positions: int) -> None:
        """Refuse what cannot be done.

        Args:
            positions: frames that the motion modules know places for.

        Raises:
            ClipUnusable: with what does not fit.
        """
        if not 0 <= self.overlap < self.window <= positions:
            raise ClipUnusable(
                f"A window of {self.window} frames cannot overlap by {self.overlap} or be as long.",
                remedy=f"Choose a window of at most {positions} frames and a smaller overlap.",
            )
        if self.few_steps and self.steps > STUDENTS_STEPS:
            raise ClipUnusable(
                f"A student draws in {STUDENTS_STEPS} steps at most, and not in {self.steps}.",
                remedy="Ask for about 4 to 8, or draw with the network it learnt from.",
            )
        if min(self.steps, self.together, self.decoded_together) < 1:
            raise ClipUnusable(
                "Nothing is drawn in less than one step and window, or decoded in less than one "
                "frame.",
                remedy="Choose at least 1.",
            )


@dataclass(frozen=True)
class WholeScene:
    """A drive whose frames are all there already: for short clips and tests."""

    whole: Scene

    @property
    def frames(self) -> int:
        """How many frames there are."""
        return len(self.whole.drawn)

    def scene(self, start: int, stop: int) -> Scene:
        """Return some of them."""
        return self.whole.part(start, stop)


def padded(scene: Scene, frames: int) -> Scene:
    """Return a scene of so many frames: the last is repeated."""
    if (lacking := frames - len(scene.drawn)) <= 0:
        return scene

    def longer(x: Tensor) -> Tensor:
        return torch.cat([x, x[-1:].expand(lacking, *x.shape[1:])])

    return scene.mapped(longer)
