"""Short clips of held-out faces: neutral, and with one word of the vocabulary each.

PORTRAITS names the folder of photos, as for the mesh engine's part; PROMPT_PORTRAITS says how many
of the held-out ones are taken (5, the sample portrait among them).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Picture
from PIL import ImageDraw

from generation import engines
from generation.audio import Heard, Speech, listen, load
from generation.faces.arrays import Image
from generation.media.photo import load_photo
from generation.motion.speaking import animate
from generation.prompt import PromptEffects
from generation.prompt.effects import BACKDROPS, combine
from generation.prompt.vocabulary import HONOURED, Concept
from tests.benchmarks.prompting.measures import Clip, watch
from tests.benchmarks.samples import FIXTURES

SIDE, FPS = 256, 12.5  # px; half of the product's rate: a blink is still three frames long
FRAMED_SIDE = 512  # px, for words about framing: of a small face the landmarks are coarse
SEEDS = 4  # neutral clips of each portrait
COUNT = int(os.environ.get("PROMPT_PORTRAITS", "5"))
_NEUTRAL = PromptEffects()


@dataclass(frozen=True)
class Found:
    """What was measured of one portrait.

    Attributes:
        name: of the photo.
        neutral: a neutral clip of each seed; the first has the seed of all words.
        moved: word -> how far each measure is from the first neutral clip.
        wrong: plain backgrounds whose colour is nearer to another's name.
        shown: word -> the middle picture, for people to look at.
    """

    name: str
    neutral: list[dict[str, float]]
    moved: dict[str, dict[str, float]]
    wrong: list[str]
    shown: dict[str, Image]


def photos() -> list[Path]:
    """Return the sample portrait and held-out ones, taken evenly from the folder."""
    sample = FIXTURES / "portrait.png"
    if not (folder := os.environ.get("PORTRAITS")):
        return [sample]
    held_out = [p for p in sorted(Path(folder).glob("*.*")) if p.stem[-1:] in "13579"]
    at = np.linspace(0, len(held_out) - 1, min(COUNT - 1, len(held_out))).astype(int)
    return [sample, *(held_out[index] for index in dict.fromkeys(at.tolist()))]


def effects_of(concept: Concept) -> PromptEffects:
    """Return what one word asks for at its plain strength."""
    return PromptEffects(**combine([(concept.adjust, 1.0)]), backdrop=concept.backdrop)


@cache
def voice() -> tuple[Speech, Heard]:
    """Return the sample speech twice, so that it is long enough to count blinks."""
    once = load(FIXTURES / "speech.wav")
    speech = Speech(np.concatenate([once.samples, once.samples]))
    return speech, listen(speech)


def measured(photo: Path, seed: int) -> Found:
    """Draw and measure all words on one portrait."""
    rgb = load_photo(photo).rgb
    drawn = [clip(rgb, _NEUTRAL, seed + 100 * turn) for turn in range(SEEDS)]
    neutral, shown = [each for each, _ in drawn], {"neutral": drawn[0][1]}
    large = clip(rgb, _NEUTRAL, seed, side=FRAMED_SIDE)[0]
    moved, wrong = {}, []
    for concept in HONOURED:
        framed = "zoom" in concept.adjust
        side, beside = (FRAMED_SIDE, large) if framed else (SIDE, neutral[0])
        found, picture = clip(rgb, effects_of(concept), seed, side=side)
        shown[concept.name] = picture
        moved[concept.name] = found.beside(beside)
        if concept.backdrop and _nearest(found) != concept.backdrop:
            wrong.append(concept.name)
    values = [each.values | {"background": 0.0} for each in neutral]
    return Found(photo.stem, values, moved, wrong, shown)


def clip(
    rgb: Image,
    effects: PromptEffects,
    seed: int,
    said: tuple[Speech, Heard] | None = None,
    side: int = SIDE,
) -> tuple[Clip, Image]:
    """Draw a clip and return what was measured of it, and its middle picture."""
    speech, heard = said or voice()
    curves = animate(speech, heard, effects, seed=seed, fps=FPS)
    drawing = engines.get("mesh").prepare(rgb, side, side, effects)
    kept: list[Image] = []

    def pictures():
        for index, frame in enumerate(drawing.render(curves)):
            if index == len(curves) // 2:
                kept.append(frame.copy())
            yield frame

    return watch(pictures(), FPS), kept[0]


def _nearest(found: Clip) -> str:
    colours = np.array([list(BACKDROPS.values())], np.float32) / 255
    away = np.linalg.norm(cv2.cvtColor(colours, cv2.COLOR_RGB2LAB)[0] - found.colour, axis=1)
    return list(BACKDROPS)[int(away.argmin())]


def sheet(found: Found, folder: Path) -> None:
    """Write a contact sheet of one portrait: a picture for each word."""
    tiles = [_titled(picture, name) for name, picture in found.shown.items()]
    wide = 8
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % wide)
    rows = [np.hstack(tiles[at : at + wide]) for at in range(0, len(tiles), wide)]
    folder.mkdir(parents=True, exist_ok=True)
    Picture.fromarray(np.vstack(rows)).save(folder / f"{found.name}.jpg", quality=88)


def _titled(picture: Image, name: str) -> Image:
    canvas = Picture.fromarray(picture).resize((SIDE, SIDE))
    ImageDraw.Draw(canvas).text((5, 4), name, "white", stroke_width=2, stroke_fill="black")
    return np.asarray(canvas, np.uint8)
