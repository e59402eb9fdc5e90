"""What makes drawing faster, one thing after another, against the plain pipeline of these weights.

Plain is 25 steps of DDIM with guidance, nothing kept from step to step, frames decoded one by one;
the inputs weigh what they weigh in a production, there as here.
Each line keeps what those above it brought. All are timed in turn in one process.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from generation.portraittalk.clip import Clip, Sampling, WholeScene
from generation.portraittalk.flow import CELL
from generation.portraittalk.guidance import Guidance
from generation.portraittalk.pipeline import PortraitTalkPipeline
from generation.portraittalk.student import add_student
from tests.benchmarks.harness import in_turn
from tests.benchmarks.steering.held_out import Case, Frames, engine

PLAIN = Sampling(decoded_together=1)
WINDOWS, SIDES = (8, 12, 16, 24), (128, 192, 256)


class Forgetful(PortraitTalkPipeline):
    """Computes all that steers it anew in each step."""

    def _conditions(self, *given: Any) -> Any:
        self._again = partial(super()._conditions, *given)
        return self._again()

    def _predict(self, run: Any, latents: Any, timestep: Any, conditions: Any) -> Any:
        self._again()
        run.passes.kept(len(latents)).clear()
        return super()._predict(run, latents, timestep, conditions)


@dataclass(frozen=True)
class Way:
    """One way of drawing.

    Attributes:
        name: what it adds to the one before.
        pipeline: that draws.
        sampling: how.
    """

    name: str
    pipeline: PortraitTalkPipeline
    sampling: Sampling

    def draw(self, clip: Clip, seed: int = 0) -> Frames:
        """Draw a clip."""
        return self.pipeline(clip, self.sampling, torch.Generator().manual_seed(seed)).frames


def ways(folder: Path) -> list[Way]:
    """Return the plain pipeline and what makes it faster, in order."""
    base = engine(folder, student=False).pipeline
    plain = Forgetful(**base.components)
    plain.set_progress_bar_config(disable=True)
    taught = engine(folder)
    slow = replace(PLAIN, weights=taught.sampling.weights)
    few = replace(taught.sampling, decoded_together=1)
    side_by_side = replace(few, together=2, decoded_together=8)
    half = PortraitTalkPipeline.from_pretrained(folder, dtype=torch.bfloat16)
    add_student(half, folder)
    last = channels_last(engine(folder).pipeline)
    return [
        Way("plain", plain, slow),
        Way("kept from step to step", base, slow),
        Way("no guidance", base, replace(slow, guidance=Guidance())),
        Way("four steps of a student", taught.pipeline, few),
        Way("windows and frames side by side", taught.pipeline, side_by_side),
        Way("channels last", last, side_by_side),
        Way("bfloat16", channels_last(half), side_by_side),
    ]


def channels_last(pipeline: PortraitTalkPipeline) -> PortraitTalkPipeline:
    """Lay out the convolutions' weights as the CPU's kernels like them."""
    networks = (pipeline.animate_net, pipeline.identity_net, pipeline.vae, pipeline.detail_net)
    for network in networks:
        if network is not None:
            network.to(memory_format=torch.channels_last)
    return pipeline


def timed(some: Sequence[Way], clip: Clip, rounds: int) -> list[list[float]]:
    """Return seconds of each way and round."""
    sides: list[Callable[[], object]] = [partial(way.draw, clip) for way in some]
    return in_turn(sides, rounds)


def cost(case: Case, way: Way) -> dict[str, float]:
    """Return seconds a second of video at several lengths of window and sizes of picture."""
    found = {}
    frames = max(WINDOWS)
    clip = case.clip(mouth=True, frames=frames)
    one = replace(way.sampling, together=1)
    for window in WINDOWS:
        each = replace(way, sampling=replace(one, window=window, overlap=min(3, window // 3)))
        found[f"window_{window}"] = timed([each], clip, 1)[0][0] * 25 / frames
    for side in SIDES:
        found[f"side_{side}"] = timed([replace(way, sampling=one)], _larger(clip, side), 1)[0][
            0
        ] * (25 / frames)
    return found


def _larger(clip: Clip, side: int) -> Clip:
    """Return a clip at another size: only its cost is of interest."""

    def sized(x: torch.Tensor, shrunk: int = 1) -> torch.Tensor:
        return functional.interpolate(x, (side // shrunk, side // shrunk), mode="bilinear")

    portraits = clip.portraits
    scene = clip.drive.scene(0, clip.drive.frames)
    larger = replace(
        scene,
        drawn=sized(scene.drawn),
        face=sized(scene.face[:, None])[:, 0],
        lips=sized(scene.lips[:, None])[:, 0],
        flow=sized(scene.flow, CELL),
    )
    of = replace(
        portraits,
        pictures=sized(portraits.pictures),
        blinking=sized(portraits.blinking),
        drawn=sized(portraits.drawn),
        parts=sized(portraits.parts),
    )
    return replace(clip, portraits=of, drive=WholeScene(larger))
