"""``python -m tests.benchmarks.gating.poses PORTRAIT...``: photos turned and opened by the engine.

A photo cannot be turned afterwards, so the engine draws it turned, nodding or with an open mouth;
that frame is the photo that is judged and drawn again. About twenty seconds a portrait.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from generation import engines
from generation.faces.arrays import Image
from generation.motion import Curves
from generation.motion.curves import Controls
from tests.benchmarks.gating.portraits import at_size
from tests.benchmarks.gating.tries import clip_of, drawn, judged

_SIZE = 640  # px: the face stays about as high as the portraits' are
_POSES: tuple[dict[str, float], ...] = (
    *({"gap": gap, "jaw": 0.8 * gap} for gap in (0.5, 1.0, 1.6, 2.4)),  # cm
    *({"yaw": degrees} for degrees in (10.0, 20.0, 30.0, -20.0)),
    *({"pitch": degrees} for degrees in (12.0, 20.0, 26.0, 32.0, -20.0, -26.0, -32.0)),
)
_MEASURED = ("yaw", "pitch", "mouth-gap")


def posed(rgb: Image, pose: dict[str, float]) -> Image:
    """Return a photo (640, 640, 3) of the same person in a pose."""
    values = {name: np.full(1, pose.get(name, 0.0), np.float32) for name in Controls._fields}
    drawing = engines.get("mesh").prepare(rgb, _SIZE, _SIZE)
    return next(iter(drawing.render(Curves(**values))))


def lines(path: Path) -> Iterator[str]:
    """Say of each pose what the gate measured and what failed."""
    unharmed = at_size(path)
    reference = clip_of(unharmed, unharmed)
    for pose in _POSES:
        photo = posed(unharmed, pose)
        said = {each.check: each.value for each in judged(photo).findings}
        faults = drawn(photo, unharmed, reference).faults()
        measured = "  ".join(f"{name} {said.get(name)}" for name in _MEASURED)
        asked, strength = next(iter(pose.items()))
        yield f"{path.stem}  {asked} {strength:+g}: {measured}  {faults or 'drawn'}"


if __name__ == "__main__":
    for named in sys.argv[1:]:
        for line in lines(Path(named)):
            print(line, flush=True)
