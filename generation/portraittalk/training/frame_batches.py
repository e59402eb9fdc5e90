"""Batches of single frames for the autoencoder, drawn from a seed and a step's number."""

from pathlib import Path

import numpy as np

from generation.faces.arrays import AnyArray, Floats
from generation.portraittalk.structure_drawing import region_masks
from generation.portraittalk.training.face_features import anchors_of, mirrored
from generation.portraittalk.training.shards import shards

FACE, LIPS, EYES = 1.0, 4.0, 3.0  # how much more an error there counts
_TINT, _LIGHT = 0.06, 0.15  # most that a colour and the whole are changed by


class FrameBatches:
    """Every frame of a split."""

    def __init__(self, root: Path, split: str, seed: int = 0) -> None:
        """Map the shards.

        Raises:
            TrainingDataRefused: there are none.
        """
        self._shards, self._seed = list(shards(root, split)), seed
        self.people = len(self._shards)

    def batch(self, step: int, size: int, *, varied: bool = True) -> tuple[Floats, ...]:
        """Return pictures (size, 3, 128, 128) in -1..1, weights of pixels, and anchors of faces.

        Args:
            step: decides, with the seed, what is drawn.
            size: how many frames, each of another person where there are as many.
            varied: mirror and tint some, so that fewer people teach more.
        """
        rng = np.random.default_rng([self._seed, step])
        chosen = rng.choice(self.people, size, replace=size > self.people)
        each = [self._one(int(index), rng, varied) for index in chosen]
        return tuple(np.stack(part) for part in zip(*each, strict=True))

    def _one(self, index: int, rng: np.random.Generator, varied: bool) -> tuple[Floats, ...]:
        shard = self._shards[index]
        row = int(rng.integers(len(shard.frames)))
        picture = shard.frames[row].astype(np.float32) / np.float32(127.5) - np.float32(1)
        weight = pixel_weights(shard.points[row], picture.shape[0])
        anchors = anchors_of(shard.points[row])
        if varied:
            picture = np.clip((picture + 1) * tint(rng) - 1, -1, 1)
            if rng.random() < 0.5:
                picture, weight = picture[:, ::-1], weight[:, ::-1]
                anchors = mirrored(anchors, picture.shape[1])
        return (
            np.ascontiguousarray(picture.transpose(2, 0, 1)),
            np.ascontiguousarray(weight[None]),
            anchors.astype(np.float32),
        )


def tint(rng: np.random.Generator) -> Floats:
    """Return what each colour of a picture is multiplied by, (3,), by chance."""
    gain = 1 + rng.uniform(-_TINT, _TINT, 3) + rng.uniform(-_LIGHT, _LIGHT)
    return np.asarray(gain, np.float32)


def pixel_weights(points: AnyArray, side: int) -> Floats:
    """Return how much an error at each pixel counts, (side, side), by landmarks (478, >=2) px."""
    masks = region_masks(points, side)
    return np.asarray(1 + FACE * masks["face"] + LIPS * masks["lips"] + EYES * masks["eyes"])
