"""Do eyes blink? How far lids come down in a frame of each held-out person's blinks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from generation.faces.landmarker import Face
from generation.motion.curves import Controls
from generation.portraittalk.training.shards import HELD_OUT, shards
from generation.portraittalk.training.vae_check import ENLARGED, enlarged
from generation.resident import landmarker
from tests.benchmarks.steering.ablations import NO_DETAIL, SWITCHED, WHOLE, Row
from tests.benchmarks.steering.held_out import Case, Engine

_BLINK, _LOWERED = Controls._fields.index("blink"), 0.45  # of 1, which is shut
_OPEN = 0.18  # eyes of a photo that stand less open have no way to go


def blinks(data: Path, most: int = 0) -> list[Case]:
    """Return of each (of `most` people) whose eyes are open in the photo where lids are lowest."""
    found = []
    people = list(shards(data, HELD_OUT))
    for shard in people[:most] if most else people:
        down = shard.array("curves")[:, _BLINK]
        row = int(np.argmax(down))
        case = Case(shard, replace(shard.clip_at(row), first=row, count=1))
        if down[row] > _LOWERED and _photo(case).eye_aspect_ratio() > _OPEN:
            found.append(case)
    return found


def rows(cases: Sequence[Case], engine: Engine) -> Iterator[Row]:
    """Draw each case and measure how far lids are apart and how far they came down.

    Both over an eye's width; `down` is what the photo's are further apart.
    """
    for number, case in enumerate(cases):
        photo = _photo(case)
        every = {"truth": case.truth}
        clip = case.clip(mouth=True)
        for way in (WHOLE, NO_DETAIL):
            weights = engine.weights(motion=False, **SWITCHED[way])
            every[way] = engine.draw(clip, seed=number, weights=weights)
        for way, (frame,) in every.items():
            lids = landmarker().track(enlarged(frame), photo.points).eye_aspect_ratio()
            values = {"lids": lids, "down": photo.eye_aspect_ratio() - lids}
            yield Row(case.name, way, values)


def _photo(case: Case) -> Face:
    points = np.asarray(case.shard.array("reference_points"), np.float64) * ENLARGED
    return landmarker().track(enlarged(case.photo), points)
