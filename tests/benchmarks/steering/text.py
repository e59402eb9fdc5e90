"""Does the prompt say what is seen? Looks asked for in words, read back by classifiers."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from generation.evaluation.intervals import share_interval
from generation.portraittalk.training.shards import TRAIN, shards
from generation.portraittalk.training.vae_check import copied
from tests.benchmarks.steering.held_out import Case, Engine, Frames
from tests.benchmarks.steering.reader import (
    KINDS,
    SOFTENED,
    Reader,
    of_people,
    seen_in,
    trained,
)

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

    Args:
        cases: the looks.
        reader: that reads them.
        frames_of: what is read of a case and its number: :func:`true`, or what draws.
        told: called with the name of each case when it is read.
    """
    found = []
    for number, case in enumerate(cases):
        said = reader.read(seen_in(case, frames_of(case, number)))
        found.append({kind: said[kind] == case.part.labels[kind] for kind in KINDS})
        told(case.name)
    return found


def true(case: Case, _number: int) -> Frames:
    """Return the true render."""
    return case.truth


def coded(engine: Engine) -> FramesOf:
    """Return what shows the true render as the autoencoder keeps it."""
    return lambda case, _number: copied(engine.pipeline.vae, case.truth)


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
