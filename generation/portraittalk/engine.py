"""PortraitTalk as an engine: a photo of any size and a voice in, whole frames out.

The networks draw a square around the face. What is around it is the photo as the mesh engine moves,
lights and frames it, by the same curves: so hair, neck and shoulders go on where the square ends.
"""

from collections.abc import Generator
from contextlib import closing

import numpy as np
import torch
from torch import Tensor

from generation.drawing import Image, Report, Take
from generation.errors import EngineError, InputError
from generation.faces.arrays import Points
from generation.mesh import MeshEngine
from generation.mesh.framing import choose_crop, cut
from generation.motion.curves import Controls, Curves
from generation.portraittalk.artist import Artist, artist, memory_watched
from generation.portraittalk.clip import Clip
from generation.portraittalk.clothing import clothes, dyed
from generation.portraittalk.driving import Sitter, SpokenDrive, portraits_of
from generation.portraittalk.features import speech_features
from generation.portraittalk.looks import Asked, asked_for
from generation.portraittalk.pasting import Paster
from generation.portraittalk.quiet import hushed
from generation.portraittalk.training.conditions import ORIGINAL
from generation.portraittalk.weights import Weights
from generation.prompt import PromptEffects, unframed
from generation.prompt.understanding import undressed
from generation.resident import landmarker

RATE = 25  # frames a second that the motion modules learnt


def prepare(
    weights: Weights,
    photo: Image,
    size: tuple[int, int],
    effects: PromptEffects,
    behind: Image | None,
) -> "PortraitTalkDrawing":
    """Prepare a photo.

    Args:
        weights: to draw with.
        photo: (H, W, 3) uint8, upright, one face.
        size: (width, height) px of the frames.
        effects: what the prompt asks for.
        behind: must be None: the networks show no given picture.

    Raises:
        InputError: a picture was given for the background.
        FaceNotFound: the photo shows no face.
        SeveralFaces: it shows more than one.
        WeightsInvalid: the weights are no pipeline.
        MemoryExhausted: the card is too small for them.
    """
    if behind is not None:
        raise InputError(
            "The engine portraittalk draws the background itself, and shows no given picture.",
            code="engine-background-picture",
            remedy="Leave the picture out, or choose the engine mesh.",
        )
    return PortraitTalkDrawing(artist(weights), photo, size, asked_for(effects))


class PortraitTalkDrawing:
    """A photo, ready to be drawn to any voice."""

    def __init__(self, drawer: Artist, photo: Image, size: tuple[int, int], asked: Asked) -> None:
        """Frame the photo, and make its surroundings and the face ready.

        Args:
            drawer: the networks.
            photo: (H, W, 3) uint8, upright, one face.
            size: (width, height) px of the frames.
            asked: of the picture.

        Raises:
            FaceNotFound: the photo shows no face.
            SeveralFaces: it shows more than one.
        """
        self._drawer = drawer
        points = landmarker().only(photo).points
        dressed, self._undressed = _dressed(photo, points, asked.look.clothing)
        self._asked = asked
        self._around = MeshEngine(dressed, *size, scene=asked.scene(), landmarker=landmarker())
        crop = choose_crop(points, photo.shape[:2], (size[1], size[0]), asked.zoom)
        # Who it is, the networks read from the photo as it was handed in.
        self._sitter = Sitter.of(cut(photo, crop, *size), drawer.side)

    def told(self, report: Report) -> Report:
        """Return a report that says what this photo had no room or no clothes for."""
        report = report if self._around.framed else unframed(report)
        return undressed(report) if self._undressed else report

    def frames(self, take: Take) -> Generator[Image, None, None]:
        """Yield one (height, width, 3) uint8 frame for each value of the curves.

        Raises:
            InputError: more frames a second than the networks learnt are wanted.
            MemoryExhausted: the card's memory is used up.
            EngineError: the networks drew no numbers.
        """
        fps = take.curves.fps
        if fps > RATE:
            raise InputError(
                f"The engine portraittalk learnt movement at {RATE} frames a second and draws no "
                f"{fps:g}.",
                code="engine-frame-rate",
                remedy=f"Ask for {RATE} frames a second, or choose the engine mesh.",
            )
        paster = Paster(self._sitter.crop)
        squares = self._squares(take, at_rate(take.curves))
        around = self._around.render(take.curves, take.threads)
        with closing(squares), closing(around):
            drawn, square = -1, None
            for index, frame in enumerate(around):
                while drawn < round(index * RATE / fps):
                    drawn, square = drawn + 1, next(squares)
                yield paster.paste(frame, square) if square is not None else frame

    def _squares(self, take: Take, curves: Curves) -> Generator[Image, None, None]:
        """Yield the face's squares (side, side, 3) at :data:`RATE`."""
        drawer, pipeline = self._drawer, self._drawer.pipeline
        heard = hushed(speech_features(take.speech), take.speech)
        drive = SpokenDrive(self._sitter, curves, heard)
        clip = Clip(self._asked.prompt, portraits_of([self._sitter]), drive)
        total = pipeline.steps(clip, drawer.sampling)

        def told(_: object, step: int, __: Tensor, given: dict[str, Tensor]) -> dict[str, Tensor]:
            if not bool(given["latents"].isfinite().all()):
                raise EngineError(
                    "The networks drew no numbers: their weights do not hold this precision.",
                    code="engine-not-finite",
                    remedy="Take weights that were trained for half precision.",
                )
            take.tell((step + 1) / (total + 1))
            return {}

        take.tell(0.0)
        chance = torch.Generator().manual_seed(take.seed)
        with memory_watched():
            frames = pipeline.stream(clip, drawer.sampling, chance, told)
            with closing(frames):  # type: ignore[type-var]  # it is a generator
                yield from frames


def at_rate(curves: Curves) -> Curves:
    """Return curves of any frame rate at :data:`RATE`, in the middle of each frame."""
    if curves.fps == RATE:
        return curves
    count = max(1, int(np.ceil(len(curves) * RATE / curves.fps - 1e-6)))
    given = (np.arange(len(curves)) + 0.5) / curves.fps
    wanted = (np.arange(count) + 0.5) / RATE
    values = {name: np.interp(wanted, given, getattr(curves, name)) for name in Controls._fields}
    return Curves(**{name: value.astype(np.float32) for name, value in values.items()}, fps=RATE)


def _dressed(photo: Image, points: Points, colour: str) -> tuple[Image, bool]:
    """Return the photo in clothes of a colour, and whether none were found to dye."""
    if colour == ORIGINAL:
        return photo, False
    cover = clothes(photo, points)
    return (photo, True) if cover is None else (dyed(photo, cover, colour), False)
