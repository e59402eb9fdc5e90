"""What an engine is, to whoever has it draw."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from generation.audio import Speech
from generation.motion import Curves
from generation.prompt import PromptEffects

Image = NDArray[np.uint8]  # (H, W, 3) RGB
Tell = Callable[[float], None]  # how much of a drawing is done, 0..1; what it raises ends it
Report = list[dict[str, Any]]  # of a prompt, see :class:`generation.prompt.PromptEffects`


def tell_nobody(_: float) -> None:
    """Go on."""


@dataclass(frozen=True)
class Take:
    """What a prepared photo is moved by.

    Attributes:
        curves: the movement, one value a frame that is wanted.
        speech: the voice it was made for.
        seed: of everything that an engine draws by chance.
        threads: that draw; the frames do not depend on it.
        tell: called at every step, from the thread that asks for frames.
    """

    curves: Curves
    speech: Speech
    seed: int = 0
    threads: int = 1
    tell: Tell = tell_nobody


class Drawing(Protocol):
    """One prepared portrait."""

    def frames(self, take: Take) -> Generator[Image, None, None]:
        """Yield one (height, width, 3) uint8 frame for each value of the curves.

        Whoever does not take all closes it.
        """
        ...

    def told(self, report: Report) -> Report:
        """Return a prompt's report without what this photo had no room for."""
        ...


class Prepare(Protocol):
    """Makes a photo ready to be drawn."""

    def __call__(
        self,
        photo: Image,
        width: int,
        height: int,
        effects: PromptEffects = ...,
        behind: Image | None = ...,
    ) -> Drawing:
        """Prepare a photo (H, W, 3) for frames of a size, in the light and frame of a prompt.

        ``behind`` is the picture behind the person, if one was given.
        """
        ...


@dataclass(frozen=True)
class Engine:
    """A way to draw.

    Attributes:
        name: as in permits and manifests.
        version: changes whenever the same inputs give other frames.
        prepare: photo, size and what the prompt changes of the picture, to a drawing.
        models: file name -> SHA-256 of the weights it draws with, checked.
        weights: SHA-256 of weights that are not part of this version, "" where all are.
        warm: loads what drawing needs.
    """

    name: str
    version: str
    prepare: Prepare
    models: Callable[[], dict[str, str]]
    weights: str = ""
    warm: Callable[[], None] = lambda: None
