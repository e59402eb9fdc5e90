"""From photos and a voice to what the pipeline takes: the same way as training data are made.

How a face moves to a voice is decided by the curves that the mesh engine draws as well
(``generation.motion``); here they move the photo's landmarks, a window at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from generation.faces.arrays import AnyArray, Floats, Image, Points
from generation.mesh import MeshEngine
from generation.motion.curves import Controls, Curves
from generation.portraittalk.blinking import Blink, photo_blinking
from generation.portraittalk.clip import Portraits, Scene
from generation.portraittalk.cropping import SIDE, FaceCrop
from generation.portraittalk.features import clip_rows, frame_windows
from generation.portraittalk.flow import backward_flow
from generation.portraittalk.photo_parts import parts_of
from generation.portraittalk.structure_drawing import FaceGeometry, draw_structure, region_masks
from generation.resident import embedder, landmarker

LARGER = 2  # times the networks' pictures: landmarks are found in, and moved at, that size


@dataclass(frozen=True)
class Sitter:
    """A photo of a person, made ready.

    Attributes:
        crop: the square of the photo that is drawn; it pastes frames back.
        picture: (side, side, 3) uint8, that square.
        points: (478, 2) px in it.
        embedding: (128,) of the face.
        parts: (2, side, side) 0..1, where person and clothes are.
        blinking: the square in the middle of a blink.
        geometry: moves its landmarks, in a square that is :data:`LARGER`.
    """

    crop: FaceCrop
    picture: Image
    points: Points
    embedding: Floats
    parts: Floats
    blinking: Blink
    geometry: FaceGeometry

    @classmethod
    def of(cls, photo: Image, side: int = SIDE) -> "Sitter":
        """Find the face of a photo (H, W, 3).

        Args:
            photo: upright, of one person.
            side: px of the networks' pictures.

        Raises:
            FaceNotFound: there is none.
            SeveralFaces: there are more.
        """
        face = landmarker().only(photo)
        large = FaceCrop.around(face.points, LARGER * side)
        square = large.cut(photo)
        points = landmarker().track(square, large.to_crop(face.points)).points
        engine = MeshEngine(square, large.side, large.side, landmarker=landmarker())
        return cls(
            crop=FaceCrop(large.place, side),
            picture=np.asarray(
                cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA), np.uint8
            ),
            points=_smaller(points),
            embedding=embedder()(photo, face),
            parts=parts_of(square, points, side),
            blinking=photo_blinking(square, points, side),
            geometry=FaceGeometry(points, large.side, engine.opening),
        )


def portraits_of(sitters: Sequence[Sitter]) -> Portraits:
    """Return several photos of one person as the pipeline takes them."""
    drawn = [draw_structure(sitter.points, sitter.crop.side) for sitter in sitters]
    return Portraits(
        pictures=signed([sitter.picture for sitter in sitters]),
        blinking=signed([sitter.blinking.picture for sitter in sitters]),
        drawn=_unit(drawn),
        embeddings=torch.from_numpy(np.stack([sitter.embedding for sitter in sitters])),
        parts=torch.from_numpy(np.stack([sitter.parts for sitter in sitters])),
    )


class SpokenDrive:
    """What a face does to a voice, frame by frame at 25 a second; drawn when it is asked for."""

    def __init__(
        self, sitter: Sitter, curves: Curves, heard: Floats, *, mouth: bool = True
    ) -> None:
        """Take a face, how it moves and what is heard.

        Args:
            sitter: whose landmarks are moved; the first portrait of the clip.
            curves: of the clip.
            heard: (n, size) of `features.speech_features`, of the same voice.
            mouth: whether mouth and jaw are drawn, or left to the voice alone.
        """
        self._sitter, self._curves, self._heard = sitter, curves, heard
        self._mouth = mouth

    @property
    def frames(self) -> int:
        """How many frames the clip has."""
        return len(self._curves)

    def scene(self, start: int, stop: int) -> Scene:
        """Return what some frames shall show."""
        side = self._sitter.crop.side
        part = {name: getattr(self._curves, name)[start:stop] for name in Controls._fields}
        moved = self._sitter.geometry.moved(Curves(**part, fps=self._curves.fps))
        points = [_smaller(each) for each in moved]
        masks = [region_masks(each, side) for each in points]
        voice = frame_windows(clip_rows(self._heard, start, stop - start))
        photos = (self._sitter.points, self._sitter.blinking.points)
        flow = [backward_flow(each, photos, side, mouth=self._mouth) for each in points]
        return Scene(
            drawn=_unit([draw_structure(each, side, mouth=self._mouth) for each in points]),
            voice=torch.from_numpy(np.ascontiguousarray(voice, np.float32)),
            face=torch.from_numpy(np.stack([mask["face"] for mask in masks])),
            lips=torch.from_numpy(np.stack([mask["lips"] for mask in masks])),
            flow=torch.from_numpy(np.stack(flow)),
        )


def _smaller(points: AnyArray) -> Points:
    """Return points (478, >=2) px of the larger square in the networks' pixels, (478, 2)."""
    smaller: Points = (np.asarray(points[:, :2], np.float64) + 0.5) / LARGER - 0.5
    return smaller


def signed(pictures: Sequence[Image]) -> Tensor:
    """Return pictures (n, H, W, 3) uint8 as the networks take them: (n, 3, H, W) in -1..1."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


def _unit(drawn: Sequence[Image]) -> Tensor:
    return torch.from_numpy(np.stack(drawn)).float() / 255
