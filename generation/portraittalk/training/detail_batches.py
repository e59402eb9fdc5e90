"""Pictures for DetailNet: true ones, the photos beside them, and how much an error counts."""

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from generation.faces.arrays import AnyArray, Floats
from generation.portraittalk.training.clip_batches import Batch
from generation.portraittalk.training.conditions import ORIGINAL
from generation.portraittalk.training.face_features import anchors_of, mirrored
from generation.portraittalk.training.frame_batches import pixel_weights, tint

_AS_PHOTOGRAPHED = {("background", ORIGINAL), ("clothing", ORIGINAL)}


@dataclass(frozen=True)
class Seen:
    """What DetailNet is shown and held against, one row for each clip of a batch.

    Attributes:
        wanted: (b, 3, H, W) in -1..1, the true pictures.
        photos: (b, 3, H, W) in -1..1.
        faces: (b, 3, H, W) in 0..1, drawn.
        photo_faces: (b, 3, H, W) in 0..1, drawn.
        weights: (b, 1, H, W), how much an error counts.
        anchors: (b, 5, 2) px, of faces.
    """

    wanted: Tensor
    photos: Tensor
    faces: Tensor
    photo_faces: Tensor
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
            pictures = [_signed(s) for s in (shard.frames[row], shard.array("reference"))]
            faces = (batch.inputs.drawn[number, 0], batch.inputs.drawn_portraits[number, 0])
            weights = pixel_weights(points, pictures[0].shape[-1])[None]
            planes = [*pictures, *(np.asarray(face.numpy(), np.float32) for face in faces), weights]
            tinted = shard.clip_at(row).labels.items() & _AS_PHOTOGRAPHED
            varied = _varied(planes, anchors_of(points), rng, tinted=len(tinted) == 2)
            each.append([*varied])
        parts = (np.stack(part) for part in zip(*each, strict=True))
        return cls(*(torch.from_numpy(np.ascontiguousarray(p, np.float32)) for p in parts))


def _signed(picture: AnyArray) -> Floats:
    """Return a picture (H, W, 3) as (3, H, W) in -1..1."""
    return np.asarray(picture.transpose(2, 0, 1) / 127.5 - 1, np.float32)


def _varied(
    planes: list[Floats], anchors: Floats, rng: np.random.Generator | None, *, tinted: bool
) -> tuple[Floats, ...]:
    """Return picture, photo and planes beside them, all mirrored or not, the first two tinted."""
    if rng is None:
        return (*planes, anchors)
    if tinted:
        gain = tint(rng)[:, None, None]
        planes = [*(np.clip((p + 1) * gain - 1, -1, 1) for p in planes[:2]), *planes[2:]]
    if rng.random() < 0.5:
        planes = [p[..., ::-1] for p in planes]
        anchors = mirrored(anchors, planes[0].shape[-1])
    return (*planes, anchors)
