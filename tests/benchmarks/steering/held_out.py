"""The held-out people of a training set, as clips to draw and the truth to hold them against."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from generation.portraittalk.artist import asked_by
from generation.portraittalk.clip import Clip, Portraits, Sampling, Scene, WholeScene
from generation.portraittalk.conditions import Weights
from generation.portraittalk.driving import signed
from generation.portraittalk.flow import backward_flow
from generation.portraittalk.pipeline import PortraitTalkPipeline
from generation.portraittalk.structure_drawing import draw_structure, mouth_opening, region_masks
from generation.portraittalk.student import add_student
from generation.portraittalk.training.detail_batches import reference_blinking, reference_parts
from generation.portraittalk.training.shards import HELD_OUT, STILLS, WINDOW, Shard, shards
from generation.portraittalk.training.shards import Clip as Part
from generation.portraittalk.weights import steps_of

Frames = NDArray[np.uint8]  # (T, 128, 128, 3)


@dataclass(frozen=True)
class Case:
    """Some frames of a held-out person.

    Attributes:
        shard: of the person.
        part: which frames of it.
    """

    shard: Shard
    part: Part

    @property
    def name(self) -> str:
        """The person's, and where the frames begin."""
        return f"{self.shard.about.identity}-{self.part.first}"

    @property
    def photo(self) -> NDArray[np.uint8]:
        """(128, 128, 3), what is drawn from."""
        return np.asarray(self.shard.array("reference"), np.uint8)

    @property
    def truth(self) -> Frames:
        """The frames as the mesh engine drew them."""
        return np.asarray(self.shard.frames[self.part.rows], np.uint8)

    @property
    def opening(self) -> NDArray[np.float64]:
        """(T,) how far the mouth was asked to open, over the face's width."""
        return mouth_opening(self.shard.points[self.part.rows].astype(np.float32)).astype(float)

    def clip(self, *, mouth: bool, frames: int | None = None) -> Clip:
        """Return what the pipeline is asked for.

        Args:
            mouth: whether the drawn face has one, or the voice alone moves it.
            frames: the first so many; all where not given.
        """
        rows = self.part.rows
        rows = slice(rows.start, min(rows.stop, rows.start + (frames or rows.stop)))
        points = self.shard.points[rows].astype(np.float32)
        side = self.photo.shape[0]
        masks = [region_masks(each, side) for each in points]
        photos = (self.shard.array("reference_points"), reference_blinking(self.shard).points)
        flow = [backward_flow(each, photos, side, mouth=mouth) for each in points]
        scene = Scene(
            drawn=_unit([draw_structure(each, side, mouth=mouth) for each in points]),
            voice=torch.from_numpy(self.shard.array("heard")[rows].astype(np.float32)),
            face=torch.from_numpy(np.stack([mask["face"] for mask in masks])),
            lips=torch.from_numpy(np.stack([mask["lips"] for mask in masks])),
            flow=torch.from_numpy(np.stack(flow)),
        )
        return Clip(self.part.caption, self._portraits(), WholeScene(scene))

    def _portraits(self) -> Portraits:
        photo, blinking = signed([self.photo, reference_blinking(self.shard).picture]).split(1)
        points = self.shard.array("reference_points")
        embedding = np.array(self.shard.array("embeddings")[:1], np.float32)
        drawn = _unit([draw_structure(points, self.photo.shape[0])])
        parts = torch.from_numpy(reference_parts(self.shard)[None])
        return Portraits(photo, blinking, drawn, torch.from_numpy(embedding), parts)


def windows(data: Path, most: int = 0) -> list[Case]:
    """Return a window of running frames of each held-out person (of `most` people)."""
    return _cases(data, WINDOW, most)


def looks(data: Path, most: int = 0) -> list[Case]:
    """Return stills of each look of each held-out person but the photo's own."""
    found: list[Case] = []
    for shard in _people(data, most):
        seen: set[str] = set()
        for part in shard.about.clips:
            scene = part.labels["scene"]
            if part.kind == STILLS and scene != "0" and scene not in seen:
                seen.add(scene)
                found.append(Case(shard, part))
    return found


def _cases(data: Path, kind: str, most: int) -> list[Case]:
    parts = [(s, [p for p in s.about.clips if p.kind == kind]) for s in _people(data, most)]
    return [Case(shard, some[0]) for shard, some in parts if some]


def _people(data: Path, most: int) -> list[Shard]:
    people = list(shards(data, HELD_OUT))
    return people[:most] if most else people


@dataclass(frozen=True)
class Engine:
    """Networks and how they are meant to be sampled.

    Attributes:
        pipeline: with the student in its weights, where there is one.
        sampling: of it.
    """

    pipeline: PortraitTalkPipeline
    sampling: Sampling

    def weights(self, **changed: float | bool) -> Weights:
        """Return what inputs usually weigh, with some of them changed."""
        return replace(self.sampling.weights, **changed)  # type: ignore[arg-type]

    def draw(self, clip: Clip, seed: int = 0, **changed: object) -> Frames:
        """Draw a clip; `changed` are fields of its sampling."""
        sampling = replace(self.sampling, **changed)  # type: ignore[arg-type]
        return self.pipeline(clip, sampling, torch.Generator().manual_seed(seed)).frames


def engine(folder: Path, *, student: bool = True) -> Engine:
    """Load a pipeline that `train-pack` or a stage wrote."""
    torch.set_num_threads(1)
    pipeline = PortraitTalkPipeline.from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    if student:
        add_student(pipeline, folder)
    return Engine(pipeline, asked_by(steps_of(folder)) if student else Sampling())


def places() -> tuple[Path, Path] | None:
    """Return the set and the pipeline that the environment names, if it names both."""
    data, folder = os.environ.get("PTSET"), os.environ.get("PORTRAITTALK")
    return (Path(data), Path(folder)) if data and folder else None


def _unit(drawn: list[NDArray[np.uint8]]) -> torch.Tensor:
    return torch.from_numpy(np.stack(drawn)).float() / 255
