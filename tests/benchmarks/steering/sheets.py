"""Contact sheets: what was drawn beside what is true, for people to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.benchmarks.steering.held_out import Case, Engine, Frames

_MOMENTS = 6
_PEOPLE = 12


def sheet(cases: Sequence[Case], engine: Engine, file: Path) -> None:
    """Draw some people: photo, then true frames over drawn ones, the voice alone at the mouth."""
    rows = []
    for number, case in enumerate(cases[:_PEOPLE]):
        drawn = engine.draw(case.clip(mouth=False), seed=number)
        at = np.linspace(0, len(drawn) - 1, _MOMENTS).astype(int)
        blank = np.full_like(case.photo, 255)
        rows += [np.hstack([case.photo, *case.truth[at]]), np.hstack([blank, *drawn[at]])]
    written(np.vstack(rows), file)


def strip(photo: NDArray[np.uint8], frames: Frames, file: Path) -> None:
    """Draw a photo and moments of a clip beside each other."""
    at = np.linspace(0, len(frames) - 1, _MOMENTS).astype(int)
    written(np.hstack([photo, *frames[at]]), file)


def written(picture: NDArray[np.uint8], file: Path) -> None:
    """Write a picture."""
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(file, quality=90)
