"""The engines a worker may draw with, by the name that a permit uses."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from generation import weights
from generation.errors import EngineMissing
from generation.mesh import MeshEngine
from generation.mesh.scene import scene_of
from generation.motion import Curves
from generation.prompt import PromptEffects
from generation.resident import landmarker

Image = NDArray[np.uint8]  # (H, W, 3) RGB
AS_IT_IS = PromptEffects()


class Drawing(Protocol):
    """One prepared portrait.

    Attributes:
        framed: whether the photo had room for the framing that was asked for.
    """

    framed: bool

    def render(self, curves: Curves, threads: int = ...) -> Generator[Image, None, None]:
        """Yield one (height, width, 3) uint8 frame for each value of ``curves``.

        The frames do not depend on how many threads draw; whoever does not take all closes it.
        """
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
    """

    name: str
    version: str
    prepare: Prepare
    models: Callable[[], dict[str, str]]


def _mesh(
    photo: Image,
    width: int,
    height: int,
    effects: PromptEffects = AS_IT_IS,
    behind: Image | None = None,
) -> Drawing:
    scene = scene_of(effects, behind)
    return MeshEngine(photo, width, height, scene=scene, landmarker=landmarker())


def _mesh_models() -> dict[str, str]:
    return weights.digests("face_landmarker.task", "selfie_segmentation.tflite")


_ENGINES = {
    MeshEngine.name: Engine(MeshEngine.name, MeshEngine.version, _mesh, _mesh_models),
}
_KNOWN_ELSEWHERE = {"portraittalk": "its networks have no trained weights yet"}


def available() -> tuple[str, ...]:
    """Return the names of the engines that can draw here."""
    return tuple(sorted(_ENGINES))


def get(name: str) -> Engine:
    """Return an engine.

    Raises:
        EngineMissing: it is not installed here, or nothing has that name.
    """
    if name in _ENGINES:
        return _ENGINES[name]
    why = _KNOWN_ELSEWHERE.get(name, "no engine has that name")
    raise EngineMissing(
        f"The engine {name!r} is not available on this worker: {why}.",
        remedy=f"Choose one of: {', '.join(available())}; or start a worker that has it.",
    )
