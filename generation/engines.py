"""The engines a worker may draw with, by the name that a permit uses."""

from collections.abc import Callable, Generator
from contextlib import closing
from functools import partial
from pathlib import Path

from generation import apart, memory, weights
from generation.drawing import Drawing, Engine, Image, Report, Take
from generation.errors import EngineMissing, GenerationError
from generation.faces.hands import HANDS, PALMS
from generation.media.photo import load_photo
from generation.mesh import MeshEngine
from generation.mesh.scene import scene_of
from generation.portraittalk import weights as trained
from generation.prompt import PromptEffects, unframed
from generation.resident import landmarker

AS_IT_IS = PromptEffects()
MESH, PORTRAITTALK = MeshEngine.name, trained.ENGINE
# Of a video for release, px: below, the watermark is lost in what platforms make of a file.
LEAST_SIDE = {PORTRAITTALK: 512}
_ANY_FACE = Path(__file__).with_name("mesh") / "warming.jpg"
_USUALLY_LARGEST = 1024, 1024  # px of a frame
# Numbers of a frame: of larger ones what is sent takes half a gigabyte, and calls are so long that
# threads hardly wait for each other.
_LARGEST_APART = 1920 * 1080 * 3
# What looks at a photo: for the face, the person, and hands before them.
_LOOKING = ("face_landmarker.task", "selfie_segmentation.tflite", PALMS, HANDS)


class _MeshDrawing(MeshEngine):
    """The mesh engine's way to be asked for frames."""

    def frames(self, take: Take) -> Generator[Image, None, None]:
        """Yield the frames of a take, drawn beside this process where there is more than a core."""
        if take.threads > 1 and self.frame.size <= _LARGEST_APART:
            draw = partial(self.render, take.curves, take.threads - 1)  # one core marks and encodes
            drawn = apart.drawn_apart(draw, self.frame.shape)
        else:
            drawn = self.render(take.curves, take.threads)
        with closing(drawn) as frames:
            for index, frame in enumerate(frames):
                take.tell(index / len(take.curves))
                yield frame

    def told(self, report: Report) -> Report:
        """Return a report that says where the photo had no room for a framing."""
        return report if self.framed else unframed(report)


def _mesh(
    photo: Image,
    width: int,
    height: int,
    effects: PromptEffects = AS_IT_IS,
    behind: Image | None = None,
) -> _MeshDrawing:
    scene = scene_of(effects, behind)
    return _MeshDrawing(photo, width, height, scene=scene, landmarker=landmarker())


def _mesh_models() -> dict[str, str]:
    return weights.digests(*_LOOKING)


def _mesh_warm() -> None:
    """Prepare a face once, for the first takes longest: networks load and memory is handed out.

    Raises:
        EngineError: no process can be started to draw in.
        WeightsInvalid: a weight file is not the pinned one.
    """
    memory.keep()
    apart.get_ready(__name__)
    _mesh(load_photo(_ANY_FACE).rgb, *_USUALLY_LARGEST)


def _mesh_engine() -> Engine:
    return Engine(MESH, MeshEngine.version, _mesh, _mesh_models, warm=_mesh_warm)


def _portraittalk_engine() -> Engine:
    """Say how PortraitTalk draws; torch is loaded when it is warmed or first prepares.

    Raises:
        EngineMissing: there are no weights, or not all of them.
        WeightsInvalid: they are not the pinned ones.
    """
    found = trained.find()

    def draw(
        photo: Image,
        width: int,
        height: int,
        effects: PromptEffects = AS_IT_IS,
        behind: Image | None = None,
    ) -> Drawing:
        from generation.portraittalk.engine import prepare  # noqa: PLC0415  loads torch

        return prepare(found, photo, (width, height), effects, behind)

    def warm() -> None:
        from generation.portraittalk.artist import artist  # noqa: PLC0415

        artist(found)

    return Engine(
        PORTRAITTALK, trained.VERSION, draw, partial(_portraittalk_models, found),
        found.digest, warm,
    )  # fmt: skip


def _portraittalk_models(found: trained.Weights) -> dict[str, str]:
    """Return its networks by folder, and those that look at the photo and move it."""
    comparing = ("face_recognition_model.bin", "face_recognition_model.json")
    return {PORTRAITTALK: found.digest} | weights.digests(*_LOOKING, *comparing)


_ENGINES: dict[str, Callable[[], Engine]] = {
    MESH: _mesh_engine,
    PORTRAITTALK: _portraittalk_engine,
}


def available() -> tuple[str, ...]:
    """Return the names of the engines that can draw here."""
    return tuple(name for name in sorted(_ENGINES) if not _lacking(name))


def get(name: str) -> Engine:
    """Return an engine.

    Raises:
        EngineMissing: it is not installed here, or nothing has that name.
        WeightsInvalid: its weights are not the pinned ones.
    """
    if name in _ENGINES:
        return _ENGINES[name]()
    raise EngineMissing(
        f"The engine {name!r} is not available on this worker: no engine has that name.",
        remedy=f"Choose one of: {', '.join(available())}; or start a worker that has it.",
    )


def _lacking(name: str) -> bool:
    try:
        _ENGINES[name]()
    except GenerationError:
        return True
    return False
