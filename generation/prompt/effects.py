"""What a prompt changes in the movement and in the picture."""

from dataclasses import dataclass, field
from typing import Any

# What shows on the face beyond speaking: a consent may leave it as in the photo.
EXPRESSION = frozenset({"smile", "squint", "brow", "frown", "look"})
# What changes the picture around the movement: a consent may leave the surroundings as they are.
LIGHT = frozenset({"warmth", "brightness", "sidelight"})
SURROUNDINGS = LIGHT | {"blur"}
FACTORS = ("movement", "openness", "turning", "glancing", "blinking")
_LIMITS = {
    "movement": (0.1, 2.0),
    "openness": (0.7, 1.3),
    "turning": (0.2, 1.5),
    "glancing": (0.0, 1.5),
    "blinking": (0.3, 2.5),
    "nods": (0.0, 1.5),
    "tilt": (-6.0, 6.0),
    "pitch": (-4.0, 4.0),
    "smile": (-0.8, 0.9),
    "squint": (0.0, 0.8),
    "brow": (-0.2, 0.5),
    "frown": (0.0, 0.8),
    "look": (-0.2, 0.2),
    "yaw": (-5.0, 5.0),
    "warmth": (-1.0, 1.0),
    "brightness": (-1.0, 1.0),
    "sidelight": (-1.0, 1.0),
    "blur": (0.0, 1.5),
    "zoom": (-1.0, 1.0),
}


# Plain backgrounds by name, RGB.
BACKDROPS: dict[str, tuple[int, int, int]] = {
    "plain": (214, 216, 220),
    "white": (246, 246, 246),
    "grey": (150, 152, 156),
    "black": (18, 18, 20),
    "blue": (52, 96, 168),
    "green": (66, 124, 84),
    "red": (158, 52, 48),
    "beige": (222, 208, 186),
}


@dataclass(frozen=True)
class PromptEffects:
    """Factors (1 = as without a prompt) and additions (0 = none) to the curves, and the report.

    Attributes:
        movement: factor on head movement, emphasis and brows.
        openness: factor on how far the mouth opens.
        turning: factor on turning to the side.
        glancing: factor on how far the eyes glance aside.
        blinking: factor on how often the eyes blink.
        nods: 0..1.5, size of nods on stressed syllables.
        tilt: degrees of head tilt.
        pitch: degrees, face down positive.
        smile: -1 corners down .. 1 up.
        squint: 0..1.
        brow: cm.
        frown: 0..1.
        look: radians the eyes lastingly look to the viewer's right.
        yaw: degrees the head turns along with it.
        warmth: -1 cool .. 1 warm light.
        brightness: -1 dim .. 1 bright light.
        sidelight: -1 light from the viewer's left .. 1 from the right.
        blur: 0 as in the photo, 1 a background out of focus as by a portrait lens.
        zoom: -1 as much of the photo as there is .. 1 a close-up.
        backdrop: name of a plain background (:data:`BACKDROPS`), "" for the photo's own.
        clothing: colour of the clothes, "" for the photo's own.
        report: one entry for each phrase of the prompt, in its order: ``words``, ``honoured``,
            ``concept`` (stable name, "" if unknown) and ``effect``, ``effect_ja`` and ``strength``,
            or ``why``, ``why_ja`` and ``engine``, the one that is meant to do it ("" for none).
            Together the words are the whole prompt.
    """

    movement: float = 1.0
    openness: float = 1.0
    turning: float = 1.0
    glancing: float = 1.0
    blinking: float = 1.0
    nods: float = 0.0
    tilt: float = 0.0
    pitch: float = 0.0
    smile: float = 0.0
    squint: float = 0.0
    brow: float = 0.0
    frown: float = 0.0
    look: float = 0.0
    yaw: float = 0.0
    warmth: float = 0.0
    brightness: float = 0.0
    sidelight: float = 0.0
    blur: float = 0.0
    zoom: float = 0.0
    backdrop: str = ""
    clothing: str = ""
    report: list[dict[str, Any]] = field(default_factory=list)


def combine(wishes: list[tuple[dict[str, float], float]]) -> dict[str, float]:
    """Return effect values from (adjustment, strength) pairs, kept within what can be drawn.

    A strength below zero turns a factor round and adds nothing to an addition.
    """
    values = {name: 1.0 if name in FACTORS else 0.0 for name in _LIMITS}
    for adjustment, strength in wishes:
        for name, amount in adjustment.items():
            if name in FACTORS:
                values[name] *= amount**strength
            else:
                values[name] += amount * max(strength, 0)
    return {
        name: min(max(value, _LIMITS[name][0]), _LIMITS[name][1]) for name, value in values.items()
    }
