"""Latents of a whole set, computed once: training a denoiser must not encode a frame twice."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from generation.faces.arrays import AnyArray
from generation.portraittalk.autoencoder import PatchedAutoencoder
from generation.portraittalk.training.errors import TrainingDataRefused
from generation.portraittalk.training.loop import write_whole
from generation.portraittalk.training.shards import Shard, shards

AUTOENCODER, ABOUT = "vae", "latents.json"
MEASURED = 24  # people whose latents say how to centre and scale all of them
TOGETHER = 32  # frames encoded at once


@dataclass(frozen=True)
class PersonsLatents:
    """What a person's frames became.

    Attributes:
        frames: (N, c, h, w) float16, mapped.
        reference: (c, h, w) float16.
    """

    frames: AnyArray
    reference: AnyArray


def encode_set(data: Path, autoencoder: Path, out: Path) -> Iterator[str]:
    """Encode what is missing; yields each person's name when it is done.

    Centre and scale are measured on the first people and kept with the autoencoder's copy, so that
    latents have about unit variance.

    Raises:
        TrainingDataRefused: there is no data, or the folder holds another autoencoder's latents.
    """
    people = list(shards(data))
    model = _prepared(people, autoencoder, out)
    for shard in people:
        frames, reference = _files(out, shard.about.identity)
        if not frames.is_file():  # written last
            write_whole(
                reference, partial(_save, _encoded(model, shard.array("reference")[None])[0])
            )
            write_whole(frames, partial(_save, _encoded(model, shard.frames)))
        yield shard.about.identity


def latents_of(root: Path, identity: str) -> PersonsLatents:
    """Return a person's latents.

    Raises:
        TrainingDataRefused: they were not computed.
    """
    frames, reference = _files(root, identity)
    if not frames.is_file():
        raise TrainingDataRefused(
            f"{root} holds no latents of {identity}.",
            code="no-latents",
            remedy="Compute them: python -m generation train-latents --help.",
        )
    return PersonsLatents(np.load(frames, mmap_mode="r"), np.load(reference))


def _files(root: Path, identity: str) -> tuple[Path, Path]:
    return root / f"{identity}.npy", root / f"{identity}.reference.npy"


def _prepared(people: list[Shard], autoencoder: Path, out: Path) -> Any:
    digest = _digest(autoencoder)
    if (out / ABOUT).is_file():
        if json.loads((out / ABOUT).read_text())["autoencoder"] != digest:
            raise TrainingDataRefused(
                f"{out} holds latents of another autoencoder.",
                code="latents-of-another",
                remedy="Give an empty folder with --out: latents of two cannot be mixed.",
            )
        return _load(out / AUTOENCODER)
    model = _load(autoencoder)
    model.register_to_config(shift_factor=0.0, scaling_factor=1.0)
    seen = [_encoded(model, s.frames[:: max(1, len(s.frames) // 8)]) for s in people[:MEASURED]]
    values = np.concatenate(seen).astype(np.float64)
    model.register_to_config(
        shift_factor=float(values.mean()), scaling_factor=float(1 / values.std())
    )
    model.save_pretrained(out / AUTOENCODER)
    said = json.dumps({"autoencoder": digest})
    write_whole(out / ABOUT, lambda file: file.write_text(said))
    return model


def _load(folder: Path) -> Any:
    model = PatchedAutoencoder.from_pretrained(folder)
    return model.eval().to(memory_format=torch.channels_last)


@torch.no_grad()
def _encoded(model: PatchedAutoencoder, frames: AnyArray) -> AnyArray:
    """Return latents (n, c, h, w) float16 of frames (n, H, W, 3) uint8."""
    parts = []
    for start in range(0, len(frames), TOGETHER):
        pixels = torch.from_numpy(np.array(frames[start : start + TOGETHER]))
        pictures = pixels.permute(0, 3, 1, 2).float() / 127.5 - 1
        parts.append(model.to_latents(pictures).numpy().astype(np.float16))
    return np.concatenate(parts)


def _save(array: AnyArray, file: Path) -> None:
    with file.open("wb") as stream:
        np.save(stream, array)


def _digest(folder: Path) -> str:
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise TrainingDataRefused(
            f"{folder} holds no autoencoder.",
            code="no-autoencoder",
            remedy="Train one (train --stage vae) and give its folder `averaged`.",
        )
    return hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest()
