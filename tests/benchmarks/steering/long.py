"""A minute of voice: is the last second as like the person, and as coloured, as the first?"""

from __future__ import annotations

import resource
from itertools import count
from typing import Any

import cv2
import numpy as np
import torch

from generation.faces.embedding import distance
from generation.portraittalk.clip import Clip, Scene
from generation.portraittalk.training.vae_check import enlarged
from generation.resident import embedder, landmarker
from tests.benchmarks.steering.held_out import Case, Engine
from tests.benchmarks.steering.measured import FPS

SECONDS = 60
_WARM = 10 * int(FPS)  # frames after which memory has to stay


class ThereAndBack:
    """A drive that plays a short scene forwards and backwards, as long as one likes."""

    def __init__(self, scene: Scene, frames: int) -> None:
        """Take a scene and a length."""
        self._scene, self.frames = scene, frames
        once = len(scene.drawn)
        self._order = [*range(once), *range(once - 2, 0, -1)]

    def scene(self, start: int, stop: int) -> Scene:
        """Return some frames."""
        at = torch.tensor([self._order[i % len(self._order)] for i in range(start, stop)])
        return self._scene.mapped(lambda x: x[at])


def measured(case: Case, engine: Engine) -> dict[str, tuple[float, str, str]]:
    """Draw a minute; returns figures: name to value, unit, what it is."""
    short = case.clip(mouth=False)
    drive = ThereAndBack(short.drive.scene(0, short.drive.frames), SECONDS * int(FPS))
    clip = Clip(short.prompt, short.portraits, drive)
    stream = engine.pipeline.stream(clip, engine.sampling, torch.Generator().manual_seed(0))
    first, last, peak = [], [], 0
    for number, frame in zip(count(), stream, strict=False):
        if number < FPS:
            first.append(frame)
        if number >= drive.frames - FPS:
            last.append(frame)
        if number == _WARM:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) / 1024
    one, other = (_look(case, frames) for frames in (first, last))
    said = f"last second of {SECONDS} less the first"
    return {
        "long_identity": (other["identity"] - one["identity"], "L2", said),
        "long_colour": (float(np.linalg.norm(other["lab"] - one["lab"])), "CIELAB", said),
        "long_memory_mb": (grown, "MB", "peak after ten seconds to the end"),
    }


def _look(case: Case, frames: list[Any]) -> dict[str, Any]:
    whom = np.array(case.shard.array("embeddings")[0])
    apart, colours = [], []
    for frame in frames[::5]:
        large = enlarged(frame)
        face = landmarker().landmarks(large)
        if face is not None:
            apart.append(distance(embedder()(large, face), whom))
        colours.append(cv2.cvtColor(np.float32(frame) / 255, cv2.COLOR_RGB2LAB).mean((0, 1)))
    return {"identity": float(np.mean(apart or [1.0])), "lab": np.mean(colours, 0)}
