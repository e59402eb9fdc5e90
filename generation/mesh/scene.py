"""What surrounds the person: background, light and how much of the photo the frame shows."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from generation.faces.arrays import Image
from generation.mesh.framing import Crop, cut
from generation.mesh.grading import AS_LIT, Light
from generation.mesh.matte import Matte, softened
from generation.prompt import PromptEffects
from generation.prompt.effects import BACKDROPS

BLUR = 0.022  # of the frame's longer side: a portrait lens about wide open
PLAIN = BACKDROPS["plain"]


class Background(StrEnum):
    """What is shown behind the person."""

    PHOTO = "photo"
    BLUR = "blur"
    PLAIN = "plain"
    PICTURE = "picture"


@dataclass(frozen=True)
class Scene:
    """What is asked for besides the person's movement.

    Attributes:
        background: what is shown behind the person.
        strength: factor on the blur; 1 is a portrait lens.
        colour: RGB of a plain background.
        picture: (H, W, 3) uint8 for PICTURE, cropped to the frame about its middle.
        light: how the whole photo is graded.
        zoom: -1 as much of the photo as there is .. 1 a close-up.

    Raises:
        ValueError: PICTURE without a picture.
    """

    background: Background = Background.PHOTO
    strength: float = 1.0
    colour: tuple[int, int, int] = PLAIN
    picture: Image | None = field(default=None, compare=False)
    light: Light = AS_LIT
    zoom: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a picture that is not there."""
        if (self.background is Background.PICTURE) != (self.picture is not None):
            raise ValueError("A picture behind the person is given together with its name.")


def scene_of(effects: PromptEffects, behind: Image | None = None) -> Scene:
    """Return the scene that a prompt asks for.

    A given picture (H, W, 3) behind the person wins over a plain background, and that over a
    blurred one.
    """
    light = Light(effects.warmth, effects.brightness, effects.sidelight)
    if behind is not None:
        return Scene(Background.PICTURE, picture=behind, light=light, zoom=effects.zoom)
    if effects.backdrop:
        colour = BACKDROPS[effects.backdrop]
        return Scene(Background.PLAIN, colour=colour, light=light, zoom=effects.zoom)
    if effects.blur > 0:
        return Scene(Background.BLUR, effects.blur, light=light, zoom=effects.zoom)
    return Scene(light=light, zoom=effects.zoom)


AS_IN_PHOTO = Scene()


def backdrop(scene: Scene, matte: Matte) -> Image:
    """Return what is shown behind the person, (H, W, 3) uint8 of the matte's size."""
    height, width = matte.cover.shape
    if scene.background is Background.BLUR:
        return softened(matte, scene.strength * BLUR * max(height, width))
    if scene.background is Background.PLAIN:
        return np.broadcast_to(np.array(scene.colour, np.uint8), (height, width, 3)).copy()
    if scene.picture is not None:
        return _filling(scene.picture, width, height)
    return matte.behind


def _filling(picture: Image, width: int, height: int) -> Image:
    """Return the middle of a picture, enlarged or shrunk to cover (height, width)."""
    given_h, given_w = picture.shape[:2]
    scale = min(given_h / height, given_w / width)
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    crop = Crop((given_w - wide) // 2, (given_h - high) // 2, wide, high)
    return cut(picture, crop, width, height)
