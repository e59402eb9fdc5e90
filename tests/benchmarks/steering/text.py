"""Does the prompt say what is seen? Looks asked for in words, read back by classifiers."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from generation.evaluation.intervals import share_interval
from generation.portraittalk.training.shards import TRAIN, shards
from tests.benchmarks.steering.ablations import changed
from tests.benchmarks.steering.held_out import Case, Engine
from tests.benchmarks.steering.reader import KINDS, Reader, of_people, seen_in, trained

STILL: dict[str, float | bool] = {"motion": False}  # stills are frames far apart
ALONE = STILL | {"structure": 0.0}  # the prompt says it, and nothing else
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
    named = [shard.about.identity for shard in people]
    if kept.is_file():
        before = pickle.loads(kept.read_bytes())  # noqa: S301  our own file of the last run
        if before["people"] == named:
            return trained(before["rows"])
    rows = of_people(people)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(pickle.dumps({"people": named, "rows": rows}))
    return trained(rows)


def read(
    cases: Sequence[Case],
    reader: Reader,
    engine: Engine | None,
    told: Callable[[str], None] = lambda _: None,
    switched: dict[str, float | bool] = STILL,
) -> list[dict[str, bool]]:
    """Return for each case which kinds of look are read as asked; of the truth without engine."""
    found = []
    for number, case in enumerate(cases):
        if engine is None:
            frames = case.truth
        else:
            clip = case.clip(mouth=True)
            frames = engine.draw(clip, seed=number, weights=changed(engine, **switched))
        said = reader.read(seen_in(case, frames))
        found.append({kind: said[kind] == case.part.labels[kind] for kind in KINDS})
        told(case.name)
    return found


def share(found: Sequence[dict[str, bool]], kind: str) -> Share:
    """Return how often one kind is read rightly, of how many, and the interval."""
    hits = [each[kind] for each in found]
    right = float(np.mean(hits))
    return right, len(hits), share_interval(right, len(hits))
