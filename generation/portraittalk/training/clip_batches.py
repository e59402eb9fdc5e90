"""Batches for both stages: latents, and everything that steers them, drawn from seed and step."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from generation.faces.arrays import AnyArray, Floats
from generation.motion.curves import Controls
from generation.portraittalk.denoiser import Inputs
from generation.portraittalk.structure_drawing import draw_structure, region_masks
from generation.portraittalk.text import NOTHING
from generation.portraittalk.training.latents import PersonsLatents, latents_of
from generation.portraittalk.training.shards import WINDOW, Clip, Shard, shards

_BLINK, _LOWERED = Controls._fields.index("blink"), 0.3  # of 1, which is shut


@dataclass(frozen=True)
class Mixture:
    """How often something is left out or exchanged, so that each input learns to count.

    Attributes:
        mouth: hidden in the drawn face: then only the voice says how it moves.
        text: left out.
        identity: left out.
        audio: left out.
        structure: left out.
        all_of_it: everything left out, which guidance compares with.
        other_portrait: another frame of the person, in another light, in the photo's place.
        several: two portraits instead of one.
        blinking: begins in a blink; besides those that do by chance, one frame of sixteen.
    """

    mouth: float = 0.3
    text: float = 0.1
    identity: float = 0.05
    audio: float = 0.1
    structure: float = 0.1
    all_of_it: float = 0.05
    other_portrait: float = 0.3
    several: float = 0.2
    blinking: float = 0.0


@dataclass(frozen=True)
class Batch:
    """Clips of latents with what steers them.

    Attributes:
        latents: (b, c, f, h, w) of about unit variance.
        inputs: of the same clips; `text` is empty, see `captions`.
        captions: (b), "" where the text is left out.
        dropped: "identity", "audio", "structure" to (b,) bool.
        sources: (b), the person of each clip and the row of its first frame.
    """

    latents: Tensor
    inputs: Inputs
    captions: list[str]
    dropped: dict[str, Tensor]
    sources: list[tuple[Shard, int]]


@dataclass(frozen=True)
class _Person:
    shard: Shard
    latents: PersonsLatents


class ClipBatches:
    """All clips of a split."""

    def __init__(self, data: Path, latents: Path, split: str, *, seed: int, frames: int) -> None:
        """Open everything.

        Args:
            data: the set.
            latents: what :func:`latents.encode_set` wrote of it.
            split: "train" or "held-out".
            seed: decides, with a step's number, what is drawn.
            frames: of each clip; 1 takes single frames of everything, more take windows.

        Raises:
            TrainingDataRefused: there is no data, or latents are missing.
        """
        found = [_Person(s, latents_of(latents, s.about.identity)) for s in shards(data, split)]
        self._people = [p for p in found if any(_fits(c, frames) for c in p.shard.about.clips)]
        self._seed, self._frames = seed, frames

    @property
    def seed(self) -> int:
        """What decides, with a step's number, what is drawn."""
        return self._seed

    @property
    def people(self) -> int:
        """How many there are."""
        return len(self._people)

    def captions(self) -> list[str]:
        """Return every caption, sorted."""
        return sorted({c.caption for p in self._people for c in p.shard.about.clips})

    def batch(self, step: int, size: int, mixture: Mixture) -> Batch:
        """Return some clips, each of another person where there are as many."""
        rng = np.random.default_rng([self._seed, step])
        chosen = rng.choice(len(self._people), size, replace=size > len(self._people))
        portraits = 2 if rng.random() < mixture.several else 1
        parts = [self._one(self._people[int(i)], rng, portraits, mixture) for i in chosen]
        arrays = {name: np.stack([part[name] for part in parts]) for name in parts[0]}
        captions = [str(caption) for caption in arrays.pop("caption")]
        rows = [int(row) for row in arrays.pop("row")]
        sources = [(self._people[int(i)].shard, row) for i, row in zip(chosen, rows, strict=True)]
        latents = torch.from_numpy(arrays.pop("latents")).transpose(1, 2).contiguous()
        tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
        gone = rng.random((4, size)) < np.array(
            [[mixture.text], [mixture.identity], [mixture.audio], [mixture.structure]]
        )
        gone |= rng.random(size) < mixture.all_of_it
        captions = [NOTHING if out else c for c, out in zip(captions, gone[0], strict=True)]
        dropped = {
            name: torch.from_numpy(row)
            for name, row in zip(("identity", "audio", "structure"), gone[1:], strict=True)
        }
        inputs = Inputs(text=torch.empty(0), **tensors)
        return Batch(latents, inputs, captions, dropped, sources)

    def _one(
        self, person: _Person, rng: np.random.Generator, portraits: int, mixture: Mixture
    ) -> dict[str, AnyArray]:
        shard = person.shard
        first = self._first(shard, rng, mixture)
        rows = slice(first, first + self._frames)
        hidden = bool(rng.random() < mixture.mouth)
        points = shard.points[rows].astype(np.float32)
        side, cells = shard.frames.shape[1], person.latents.frames.shape[-1]
        masks = [region_masks(p, side) for p in points]
        seen = [self._portrait(person, rng, mixture) for _ in range(portraits)]
        return {
            "caption": np.array(shard.clip_at(first).caption),
            "row": np.array(first),
            "latents": person.latents.frames[rows].astype(np.float32),
            "drawn": np.stack([drawn_face(p, side, mouth=not hidden) for p in points]),
            "voice": shard.array("heard")[rows].astype(np.float32),
            "face": np.stack([_shrunk(m["face"], cells) for m in masks]),
            "lips": np.stack([_shrunk(m["lips"], cells) for m in masks]),
            "embeddings": np.stack([s[0] for s in seen]),
            "portraits": np.stack([s[1] for s in seen]),
            "drawn_portraits": np.stack([s[2] for s in seen]),
        }

    def _first(self, shard: Shard, rng: np.random.Generator, mixture: Mixture) -> int:
        """Return the row where a clip of a person begins."""
        clips = [c for c in shard.about.clips if _fits(c, self._frames)]
        begins: list[Sequence[int]] = [
            range(c.first, c.first + c.count - self._frames + 1) for c in clips
        ]
        if mixture.blinking and rng.random() < mixture.blinking:
            lowered = shard.array("curves")[:, _BLINK] > _LOWERED
            blinks = [[row for row in some if lowered[row]] for some in begins]
            begins = [some for some in blinks if some] or begins
        some = begins[int(rng.integers(len(begins)))]
        return some[int(rng.integers(len(some)))]

    def _portrait(
        self, person: _Person, rng: np.random.Generator, mixture: Mixture
    ) -> tuple[Floats, Floats, Floats]:
        """Return embedding, latents and drawn face of a picture of the person."""
        shard, side = person.shard, person.shard.frames.shape[1]
        embeddings = shard.array("embeddings")
        if rng.random() >= mixture.other_portrait:
            points = shard.array("reference_points")
            return embeddings[0], person.latents.reference.astype(np.float32), drawn_face(
                points, side
            )  # fmt: skip
        clip = shard.about.clips[int(rng.integers(len(shard.about.clips)))]
        row = clip.first + int(rng.integers(clip.count))
        scene = min(len(embeddings) - 1, 1 + int(clip.labels.get("scene", 0)))
        drawn = drawn_face(shard.points[row].astype(np.float32), side)
        return embeddings[scene], person.latents.frames[row].astype(np.float32), drawn


def drawn_face(points: Floats, side: int, *, mouth: bool = True) -> Floats:
    """Return a drawn face (3, side, side), 0..1."""
    return draw_structure(points, side, mouth=mouth).astype(np.float32) / np.float32(255)


def _fits(clip: Clip, frames: int) -> bool:
    return clip.count >= frames and (frames == 1 or clip.kind == WINDOW)


def _shrunk(mask: Floats, side: int) -> Floats:
    return np.asarray(cv2.resize(mask, (side, side), interpolation=cv2.INTER_AREA), np.float32)
