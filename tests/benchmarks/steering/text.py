"""Does the prompt say what is seen? Looks asked for in words, read back by classifiers."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from generation.evaluation.intervals import share_interval
from generation.portraittalk.detail_net import Beside
from generation.portraittalk.driving import signed
from generation.portraittalk.text import encode
from generation.portraittalk.training.conditions import ORIGINAL
from generation.portraittalk.training.shards import TRAIN, shards
from tests.benchmarks.steering.held_out import Case, Engine, Frames
from tests.benchmarks.steering.reader import (
    KINDS,
    SOFTENED,
    Reader,
    of_people,
    seen_in,
    trained,
)

# Most photos' own background is hardly rougher than a blurred one: is its colour right at least?
BACKDROP, _SMOOTH = "backdrop", {ORIGINAL, "blurred"}
STILL: dict[str, float | bool] = {"motion": False}  # stills are frames far apart
ALONE = STILL | {"structure": 0.0}  # the prompt says it, and nothing else
FramesOf = Callable[[Case, int], Frames]
Share = tuple[float, int, tuple[float, float]]


def reader(data: Path, kept: Path, most: int = 0) -> Reader:
    """Train the classifiers, or take those that were trained on the same people before.

    Args:
        data: the training set.
        kept: file that they are kept in.
        most: people; 0 takes all.
    """
    people = list(shards(data, TRAIN))
    people = people[:most] if most else people
    whom = {"people": [shard.about.identity for shard in people], "softened": SOFTENED}
    if kept.is_file():
        before = pickle.loads(kept.read_bytes())  # noqa: S301  our own file of the last run
        if before.get("whom") == whom:
            return trained(before["rows"])
    rows = of_people(people)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(pickle.dumps({"whom": whom, "rows": rows}))
    return trained(rows)


def read(
    cases: Sequence[Case],
    reader: Reader,
    frames_of: FramesOf,
    told: Callable[[str], None] = lambda _: None,
) -> list[dict[str, bool]]:
    """Return for each case which kinds of look are read as asked.

    :data:`BACKDROP` is the background where blurred and the photo's own count as one.

    Args:
        cases: the looks.
        reader: that reads them.
        frames_of: what is read of a case and its number: :func:`true`, or what draws.
        told: called with the name of each case when it is read.
    """
    found = []
    for number, case in enumerate(cases):
        said = reader.read(seen_in(case, frames_of(case, number)))
        labels = case.part.labels
        right = {kind: said[kind] == labels[kind] for kind in KINDS}
        either = {said["background"], labels["background"]} <= _SMOOTH
        found.append({**right, BACKDROP: right["background"] or either})
        told(case.name)
    return found


def true(case: Case, _number: int) -> Frames:
    """Return the true render."""
    return case.truth


def coded(engine: Engine) -> FramesOf:
    """Return what shows a true render as autoencoder and DetailNet keep it: the best there is."""
    pipeline = engine.pipeline

    @torch.no_grad()
    def frames(case: Case, _number: int) -> Frames:
        latents = pipeline.vae.to_latents(signed(case.truth))
        pictures = pipeline.vae.to_pictures(latents)
        if pipeline.detail_net is not None:
            said = encode(pipeline.tokenizer, pipeline.text_encoder, [case.part.caption])
            clip = case.clip(mouth=True)
            beside = Beside.of(clip.portraits, clip.drive.whole, latents, said.to(pictures.dtype))
            pictures = pipeline.detail_net(pictures, beside).pictures
        pixels = ((pictures.clamp(-1, 1) + 1) * 127.5).round().byte()
        return np.asarray(pixels.permute(0, 2, 3, 1).numpy(), np.uint8)

    return frames


def drawn(engine: Engine, switched: dict[str, float | bool] = STILL) -> FramesOf:
    """Return what draws a case, with some weights changed."""

    def frames(case: Case, number: int) -> Frames:
        weights = engine.weights(**switched)
        return engine.draw(case.clip(mouth=True), seed=number, weights=weights)

    return frames


def share(found: Sequence[dict[str, bool]], kind: str) -> Share:
    """Return how often one kind is read rightly, of how many, and the interval."""
    hits = [each[kind] for each in found]
    right = float(np.mean(hits))
    return right, len(hits), share_interval(right, len(hits))
