"""How well an autoencoder gives back people whom it never saw."""

from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from generation.faces.arrays import Image
from generation.faces.topology import CHIN, FOREHEAD, OUTER_LIPS
from generation.portraittalk.autoencoder import PatchedAutoencoder
from generation.portraittalk.structure_drawing import region_masks
from generation.portraittalk.training.shards import Shard, shards
from generation.resident import embedder, landmarker

ENLARGED = 2  # times, before landmarks are looked for: faces of 77 px are small for the network


@dataclass(frozen=True)
class Found:
    """Means over frames.

    Attributes:
        people: how many.
        frames: how many.
        psnr: dB, of whole pictures.
        psnr_mouth: dB, under the lips' mask.
        landmarks: per cent of the face's height between landmarks found in picture and copy.
        landmarks_lips: the same of the outer lips.
        identity: distance of face embeddings between picture and copy; strangers are above 0.6.
    """

    people: int
    frames: int
    psnr: float
    psnr_mouth: float
    landmarks: float
    landmarks_lips: float
    identity: float

    def to_dict(self) -> dict[str, float]:
        """Return the values by name."""
        return asdict(self)


def check(model: Path, data: Path, split: str, each: int = 4) -> tuple[Found, Image]:
    """Measure a model on some frames of each person; returns also a sheet of pictures and copies.

    Raises:
        TrainingDataRefused: there is nobody in that split.
    """
    autoencoder = PatchedAutoencoder.from_pretrained(model).eval()
    rows, pairs, people = [], [], list(shards(data, split))
    for shard in people:
        chosen = np.linspace(0, len(shard.frames) - 1, each).astype(int)
        pictures = np.stack([shard.frames[i] for i in chosen])
        copies = copied(autoencoder, pictures)
        for index, picture, copy in zip(chosen, pictures, copies, strict=True):
            rows.append(_compared(shard, int(index), picture, copy))
        pairs.append(np.vstack([pictures[-1], copies[-1]]))
    means = np.mean(rows, 0)
    return Found(len(people), len(rows), *(float(v) for v in means)), _sheet(pairs)


@torch.no_grad()
def copied(model: PatchedAutoencoder, pictures: Image) -> Image:
    """Return pictures (n, H, W, 3), encoded and decoded."""
    given = torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1
    drawn = model.to_pictures(model.to_latents(given))
    pixels = ((drawn + 1) * 127.5).round().clamp(0, 255).byte()
    return np.asarray(pixels.permute(0, 2, 3, 1).numpy(), np.uint8)


def _compared(shard: Shard, index: int, picture: Image, copy: Image) -> list[float]:
    error = ((picture.astype(np.float64) - copy) ** 2).mean(-1)
    points = shard.points[index].astype(np.float64)
    lips = region_masks(points, picture.shape[0])["lips"]
    near = np.c_[points, np.zeros(len(points))]
    large = [enlarged(p) for p in (picture, copy)]
    faces = [landmarker().track(p, near * ENLARGED) for p in large]
    one, other = (face.points[:, :2] for face in faces)
    height = float(np.linalg.norm(one[FOREHEAD] - one[CHIN])) / 100
    apart = np.linalg.norm(one - other, axis=1) / height
    seen = [embedder()(p, face) for p, face in zip(large, faces, strict=True)]
    return [
        _psnr(float(error.mean())),
        _psnr(float((error * lips).sum() / lips.sum())),
        float(apart.mean()),
        float(apart[list(OUTER_LIPS)].mean()),
        float(np.linalg.norm(seen[0] - seen[1])),
    ]


def _psnr(error: float) -> float:
    return float(10 * np.log10(255**2 / max(error, 1e-3)))


def enlarged(picture: Image) -> Image:
    """Return a picture large enough for landmarks, :data:`ENLARGED` times."""
    large = cv2.resize(picture, None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, np.uint8)


def _sheet(pairs: list[Image], across: int = 12) -> Image:
    """Return pictures over their copies, some people a row."""
    blank = np.zeros_like(pairs[0])
    filled = [*pairs, *[blank] * (-len(pairs) % across)]
    rows = [np.hstack(filled[i : i + across]) for i in range(0, len(filled), across)]
    sheet: Image = np.vstack(rows)
    return sheet


def written(sheet: Image, file: Path) -> None:
    """Write a sheet as PNG."""
    cv2.imwrite(str(file), np.asarray(sheet[..., ::-1], np.uint8))
