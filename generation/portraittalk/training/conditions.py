"""What a training clip shows besides a face that speaks, and the words that say so."""

from dataclasses import dataclass, replace

import numpy as np

from generation.mesh.grading import Light
from generation.mesh.scene import Background, Scene
from generation.portraittalk.clothing import DYES
from generation.prompt import PromptEffects
from generation.prompt.effects import BACKDROPS

# Stronger than a prompt's words: at 128 px a slight smile is not seen.
EXPRESSIONS: dict[str, dict[str, float]] = {
    "neutral": {},
    "smiling": {"smile": 0.9, "squint": 0.4},
    "surprised": {"brow": 0.5, "openness": 1.2},
    "serious": {"frown": 0.7, "smile": -0.2, "movement": 0.6},
    "sad": {"smile": -0.8, "pitch": 3.0, "movement": 0.7},
}
LIGHTS: dict[str, Light] = {
    "natural": Light(),
    "warm": Light(warmth=1.0),
    "cool": Light(warmth=-1.0),
    "dim": Light(brightness=-1.0),
    "bright": Light(brightness=1.0),
}
ORIGINAL = "original"
PLAIN = ("white", "grey", "black", "blue", "green", "red", "beige")
BACKGROUNDS = (ORIGINAL, "blurred", *PLAIN)
CLOTHES = (ORIGINAL, *DYES)
_LIGHT_SHARES = (0.32, 0.17, 0.17, 0.17, 0.17)
_BACKGROUND_SHARES = (0.30, 0.14, *(0.08,) * len(PLAIN))
_CLOTHES_SHARES = (0.40, *(0.12,) * len(DYES))

_FACES = {
    "neutral": ("a calm person", "a person with a neutral face", "a person talking calmly"),
    "smiling": ("a smiling person", "a happy person with a smile", "a person smiling warmly"),
    "surprised": ("a surprised person", "a person with raised brows", "an astonished person"),
    "serious": ("a serious person", "a person with a frown", "a stern person talking"),
    "sad": ("a sad person", "a person who looks sad", "an unhappy person talking"),
}
_LIT = {
    "natural": ("", ""),
    "warm": ("in warm light", "lit by a golden light"),
    "cool": ("in cool light", "lit by a cold bluish light"),
    "dim": ("in dim light", "in a dark room"),
    "bright": ("in bright light", "brightly lit"),
}
_BEFORE = ("before a {} background", "with a plain {} background", "in front of a {} wall")
_BLURRED = ("before a blurred background", "with the background out of focus")
_WORN = ("wearing a {} top", "in {} clothes", "dressed in {}")


@dataclass(frozen=True)
class Look:
    """How one scene of a person looks; names as in the tables above."""

    light: str = "natural"
    background: str = ORIGINAL
    clothing: str = ORIGINAL

    def scene(self) -> Scene:
        """Return it as the mesh engine takes it; clothes are dyed before."""
        light = LIGHTS[self.light]
        if self.background == "blurred":
            return Scene(Background.BLUR, strength=1.5, light=light)
        if self.background in BACKDROPS:
            return Scene(Background.PLAIN, colour=BACKDROPS[self.background], light=light)
        return Scene(light=light)

    def possible(self, *, cut_out: bool, clothed: bool) -> "Look":
        """Return what of it can be done: without a matte or clothes these stay as they are."""
        return replace(
            self,
            background=self.background if cut_out else ORIGINAL,
            clothing=self.clothing if clothed else ORIGINAL,
        )


def draw_look(rng: np.random.Generator) -> Look:
    """Return a look by chance."""
    return Look(
        str(rng.choice(list(LIGHTS), p=_LIGHT_SHARES)),
        str(rng.choice(BACKGROUNDS, p=_BACKGROUND_SHARES)),
        str(rng.choice(CLOTHES, p=_CLOTHES_SHARES)),
    )


def effects_of(expression: str) -> PromptEffects:
    """Return what an expression changes in the movement."""
    return PromptEffects(**EXPRESSIONS[expression])  # type: ignore[arg-type]


def caption(rng: np.random.Generator, expression: str, look: Look) -> str:
    """Return one English sentence that says what is seen, in one of several wordings."""
    parts = [str(rng.choice(_FACES[expression])), str(rng.choice(_LIT[look.light]))]
    if look.background == "blurred":
        parts.append(str(rng.choice(_BLURRED)))
    elif look.background != ORIGINAL:
        parts.append(str(rng.choice(_BEFORE)).format(look.background))
    if look.clothing != ORIGINAL:
        parts.append(str(rng.choice(_WORN)).format(look.clothing))
    rest = [part for part in parts[1:] if part]
    rng.shuffle(rest)
    return parts[0] + (" " if rest else "") + ", ".join(rest)


def plain_caption(expression: str, look: Look) -> str:
    """Return the sentence in the first wording of each part, in one order: for drawing."""
    parts = [_LIT[look.light][0]]
    if look.background != ORIGINAL:
        blurred = look.background == "blurred"
        parts.append(_BLURRED[0] if blurred else _BEFORE[0].format(look.background))
    if look.clothing != ORIGINAL:
        parts.append(_WORN[0].format(look.clothing))
    rest = ", ".join(part for part in parts if part)
    return f"{_FACES[expression][0]} {rest}".rstrip()


def words() -> list[str]:
    """Return everything that a caption may say, for a vocabulary."""
    templates = [text for table in (_FACES, _LIT) for row in table.values() for text in row]
    return [*templates, *_BEFORE, *_BLURRED, *_WORN, *BACKGROUNDS, *CLOTHES]
