"""What a prompt asks of the picture, in the words that the networks learnt. Loads no torch."""

from dataclasses import dataclass

from generation.mesh.scene import Scene
from generation.portraittalk.training.conditions import BACKGROUNDS, CLOTHES, ORIGINAL, Look
from generation.portraittalk.training.conditions import plain_caption as caption
from generation.prompt import PromptEffects

_CLEAR = 0.3  # of a light, before it is called by its name: half of a word's usual strength
# Expression -> whether the effects show it, the strongest first.
_SMILES, _LIFTS, _GATHERS, _FALLS = 0.5, 0.25, 0.2, -0.4


@dataclass(frozen=True)
class Asked:
    """What one clip shows besides a face that speaks.

    Attributes:
        expression: by its name in training.
        look: light, background and clothes, by theirs.
        zoom: of the frame, as the mesh engine takes it.
    """

    expression: str
    look: Look
    zoom: float = 0.0

    @property
    def prompt(self) -> str:
        """English for the text encoder, as captions in training were written."""
        return caption(self.expression, self.look)

    def scene(self) -> Scene:
        """Return the surroundings, as those of the training pictures were drawn."""
        scene = self.look.scene()
        return Scene(
            scene.background, scene.strength, scene.colour, light=scene.light, zoom=self.zoom
        )


def asked_for(effects: PromptEffects) -> Asked:
    """Return what a prompt's effects are called in training."""
    look = Look(_light(effects), _background(effects), _clothes(effects))
    return Asked(_expression(effects), look, effects.zoom)


def _expression(effects: PromptEffects) -> str:
    if effects.smile >= _SMILES:
        return "smiling"
    if effects.brow >= _LIFTS:
        return "surprised"
    if effects.smile <= _FALLS:
        return "sad"
    return "serious" if effects.frown >= _GATHERS else "neutral"


def _light(effects: PromptEffects) -> str:
    """Return the strongest light; training pictures never had two."""
    warmth, brightness = effects.warmth, effects.brightness
    if max(abs(warmth), abs(brightness)) < _CLEAR:
        return "natural"
    if abs(warmth) >= abs(brightness):
        return "warm" if warmth > 0 else "cool"
    return "bright" if brightness > 0 else "dim"


def _background(effects: PromptEffects) -> str:
    if effects.backdrop in BACKGROUNDS:
        return effects.backdrop
    return "blurred" if effects.blur > 0 else ORIGINAL


def _clothes(effects: PromptEffects) -> str:
    return effects.clothing if effects.clothing in CLOTHES else ORIGINAL
