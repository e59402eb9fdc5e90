"""Pictures for DetailNet: true ones, the photos beside them, and how much an error counts."""

from dataclasses import dataclass, fields
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from generation.faces.arrays import AnyArray, Floats, Image, Points
from generation.portraittalk.blinking import Blink, photo_blinking
from generation.portraittalk.flow import backward_flow
from generation.portraittalk.photo_parts import parts_of
from generation.portraittalk.training.clip_batches import Batch
from generation.portraittalk.training.conditions import ORIGINAL
from generation.portraittalk.training.face_features import anchors_of, mirrored
from generation.portraittalk.training.frame_batches import pixel_weights, tint
from generation.portraittalk.training.shards import Shard
from generation.portraittalk.training.vae_check import ENLARGED, enlarged

_parts: dict[Path, Floats] = {}  # by the folder of the person
_blinking: dict[Path, Blink] = {}
_COLOURED, _FLOW = 3, 5  # so many planes are pictures; where the flow stands among planes
_AS_PHOTOGRAPHED = {("background", ORIGINAL), ("clothing", ORIGINAL)}


@dataclass(frozen=True)
class Seen:
    """What DetailNet is shown and held against, one row for each clip of a batch.

    Attributes:
        wanted: (b, 3, H, W) in -1..1, the true pictures.
        photos: (b, 3, H, W) in -1..1.
        blinking: (b, 3, H, W) in -1..1, the photos in the middle of a blink.
        faces: (b, 3, H, W) in 0..1, drawn.
        photo_faces: (b, 3, H, W) in 0..1, drawn.
        flow: (b, 4, h, w), how far away places are found in the photo, and in that of a blink.
        parts: (b, 2, H, W) in 0..1, where in the photo the person is, and clothes.
        weights: (b, 1, H, W), how much an error counts.
        anchors: (b, 5, 2) px, of faces.
    """

    wanted: Tensor
    photos: Tensor
    blinking: Tensor
    faces: Tensor
    photo_faces: Tensor
    flow: Tensor
    parts: Tensor
    weights: Tensor
    anchors: Tensor

    def to(self, device: torch.device) -> "Seen":
        """Return it on a device."""
        return Seen(**{each.name: getattr(self, each.name).to(device) for each in fields(self)})

    @classmethod
    def of(cls, batch: Batch, rng: np.random.Generator | None = None) -> "Seen":
        """Read a batch of single frames; with chance, pictures and photos are varied alike.

        Nothing is tinted whose colour the caption says: painted walls, dyed clothes.
        """
        each: list[list[Floats]] = []
        for number, (shard, row) in enumerate(batch.sources):
            points = np.asarray(shard.points[row], np.float32)
            blink = reference_blinking(shard)
            photo = shard.array("reference")
            pictures = [_signed(s) for s in (shard.frames[row], photo, blink.picture)]
            faces = (batch.inputs.drawn[number, 0], batch.inputs.drawn_portraits[number, 0])
            side, stood = photo.shape[0], (shard.array("reference_points"), blink.points)
            lips = bool(faces[0][2].any())  # as the batch has drawn them
            planes = [
                *pictures, *(np.asarray(face.numpy(), np.float32) for face in faces),
                backward_flow(points, stood, side, mouth=lips), reference_parts(shard),
                pixel_weights(points, side)[None],
            ]  # fmt: skip
            tinted = shard.clip_at(row).labels.items() & _AS_PHOTOGRAPHED
            varied = _varied(planes, anchors_of(points), rng, tinted=len(tinted) == 2)
            each.append([*varied])
        parts = (np.stack(part) for part in zip(*each, strict=True))
        return cls(*(torch.from_numpy(np.ascontiguousarray(p, np.float32)) for p in parts))


def reference_parts(shard: Shard) -> Floats:
    """Return where in a person's photo the person is, and clothes, (2, H, W) 0..1; found once."""
    if (found := _parts.get(shard.folder)) is None:
        found = _parts[shard.folder] = parts_of(*_enlarged(shard))
    return found


def reference_blinking(shard: Shard) -> Blink:
    """Return a person's photo in the middle of a blink; drawn once."""
    if (found := _blinking.get(shard.folder)) is None:
        large, points, side = _enlarged(shard)
        blink = photo_blinking(large, points, side)
        # A photo made larger and small again is softer: nothing but the lids shall differ.
        softer = cv2.resize(large, (side, side), interpolation=cv2.INTER_AREA).astype(np.int16)
        lids = np.asarray(shard.array("reference"), np.int16) + (blink.picture - softer)
        picture = np.clip(lids, 0, 255).astype(np.uint8)
        found = _blinking[shard.folder] = Blink(picture, blink.points)
    return found


def _enlarged(shard: Shard) -> tuple[Image, Points, int]:
    """Return a person's photo and landmarks as large as an engine has them, and its side."""
    photo = np.asarray(shard.array("reference"), np.uint8)
    points = np.asarray(shard.array("reference_points"), np.float64) * ENLARGED
    points[:, :2] += (ENLARGED - 1) / 2  # pixels' middles are whole numbers in both
    return enlarged(photo), points, photo.shape[0]


def _signed(picture: AnyArray) -> Floats:
    """Return a picture (H, W, 3) as (3, H, W) in -1..1."""
    return np.asarray(picture.transpose(2, 0, 1) / 127.5 - 1, np.float32)


def _varied(
    planes: list[Floats], anchors: Floats, rng: np.random.Generator | None, *, tinted: bool
) -> tuple[Floats, ...]:
    """Return picture, photo and planes beside them, all mirrored or not, pictures tinted."""
    if rng is None:
        return (*planes, anchors)
    if tinted:
        gain = tint(rng)[:, None, None]
        dyed = [np.clip((p + 1) * gain - 1, -1, 1) for p in planes[:_COLOURED]]
        planes = [*dyed, *planes[_COLOURED:]]
    if rng.random() < 0.5:
        planes = [p[..., ::-1] for p in planes]
        planes[_FLOW] = planes[_FLOW] * np.array([-1, 1, -1, 1], np.float32)[:, None, None]
        anchors = mirrored(anchors, planes[0].shape[-1])
    return (*planes, anchors)
