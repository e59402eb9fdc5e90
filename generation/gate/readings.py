"""The numbers of a photo by which it is foretold whose face its video shows.

Some are other checks' values, some are measured of the face as the embedder sees it: upright, 150
px, always at the same place. The rest is the face's embedding, as it is and with the mouth and the
eyes painted over: a mouth behind a hand changes little when it is painted over, a face in
sunglasses little without its eyes.
"""

from collections.abc import Mapping
from itertools import pairwise

import cv2
import numpy as np

from generation.faces.arrays import Floats, Image
from generation.faces.embedding import distance
from generation.gate.appearance import Appearance
from generation.resident import embedder

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
# Parts of the chip (150 x 150): rows, then columns.
_MOUTH = slice(90, None)  # lips and chin lie below
_EYES, _NOSE_AND_CHEEKS = slice(28, 70), (slice(70, 95), slice(30, 120))
_MIDDLE = (slice(30, 120), slice(30, 120))
_BAND_PARTS = (
    (slice(35, 70), slice(30, 120)),  # eyes
    (slice(70, 95), slice(25, 125)),  # cheeks
    (slice(92, 130), slice(45, 105)),  # mouth
)
_FACE = (slice(30, 125), slice(30, 120))
_CHEEKS = ((slice(75, 95), slice(30, 50)), (slice(75, 95), slice(100, 120)))
# Parts whose colour is compared with the cheeks', and the check that each is about.
_PATCHES = (
    ((slice(98, 112), slice(58, 92)), "mouth-covered"),  # lips
    ((slice(118, 132), slice(62, 88)), "mouth-covered"),  # chin
    ((slice(80, 92), slice(65, 85)), "mouth-covered"),  # nose
    ((slice(28, 36), slice(40, 110)), "eyes-covered"),  # brows
    ((slice(45, 60), slice(35, 65)), "eyes-covered"),
    ((slice(45, 60), slice(85, 115)), "eyes-covered"),
)
_OF_CHECKS = (
    *("compression", "noise", "noise", "contrast", "contrast", "clipped", "side-light"),
    *("eyes-covered", "eyes-covered", "mouth-covered", "blur", "blur", "face-detail"),
    *("drawing", "face-height", "face-inside"),
)
_OF_VIEWS = ("", "mouth-covered", "mouth-covered", "eyes-covered", "eyes-covered")
# The check that each reading is about; "" is about none.
READINGS = (
    *_OF_CHECKS,
    *("mouth-covered",) * 4,
    *("",) * 12,
    *(check for _, check in _PATCHES for _ in range(3)),
    *_OF_VIEWS,
)


def readings(chip: Image, seen: Appearance, values: Mapping[str, float]) -> Floats:
    """Return the numbers (439,) that are read: those of :data:`READINGS`, then three embeddings.

    Args:
        chip: the face as the embedder sees it, (150, 150, 3) uint8 RGB.
        seen: the face in its photo.
        values: by check, as the gate's findings have them.
    """
    own, mouthless, eyeless = (
        embedder().of_chip(view) for view in (chip, _without_mouth(chip), _without_eyes(chip))
    )
    without_mouth, without_eyes = distance(own, mouthless), distance(own, eyeless)
    redder, line, chin, around = seen.mouth()
    return np.array(
        [
            *_of_checks(values),
            *(redder / 10, line * 10, chin / 10, around / 10),
            *_bands(chip),
            *_patches(chip),
            *(np.linalg.norm(own), without_mouth, max(0.28 - without_mouth, 0)),
            *(without_eyes, max(0.3 - without_eyes, 0)),
            *(*own, *mouthless, *eyeless),
        ],
        np.float64,
    )


def _of_checks(values: Mapping[str, float]) -> list[float]:
    noise, contrast = np.log(values["noise"] + 0.5), np.log(values["contrast"] + 3)
    eyes, blur, height = values["eyes-covered"], values["blur"], values["face-height"]
    return [
        *(np.log(max(values["compression"], 1)), noise, max(noise - 2.5, 0)),
        *(contrast, max(4 - contrast, 0), values["clipped"], values["side-light"]),
        *(min(eyes, 1.3), max(0.6 - eyes, 0), np.log(values["mouth-covered"] + 0.01)),
        *(blur, max(blur - 0.7, 0), np.log(values["face-detail"] / height)),
        *(values["drawing"], np.log(max(height, 20)), values["face-inside"]),
    ]


def _bands(chip: Image) -> list[float]:
    """Return how much fine, finer and coarse detail eyes, cheeks, mouth and the whole have."""
    grey = (chip.astype(np.float32) @ _LUMA).astype(np.float32)
    contrast = _contrast(grey)
    blurred = [grey, *(cv2.GaussianBlur(grey, (0, 0), sigma) for sigma in (1.0, 2.0, 4.0))]
    found: list[float] = []
    for sharper, softer in pairwise(blurred):
        detail = np.abs(sharper - softer)
        found += [float(detail[part].mean()) for part in _BAND_PARTS]
        found.append(float(np.median(detail[_FACE])))
    return [float(np.log(value / contrast + 0.003)) for value in found]


def _patches(chip: Image) -> list[float]:
    """Return how unlike the cheeks the patches are: lightness, then two of colour (CIELAB)."""
    contrast = _contrast((chip.astype(np.float32) @ _LUMA).astype(np.float32))
    lab = cv2.cvtColor(chip, cv2.COLOR_RGB2LAB).astype(np.float32)
    skin = np.median(np.concatenate([lab[part].reshape(-1, 3) for part in _CHEEKS]), axis=0)
    unlike = [np.median(lab[part].reshape(-1, 3), axis=0) - skin for part, _ in _PATCHES]
    return [float(v) for each in unlike for v in each / (contrast, 20, 20)]


def _contrast(grey: Floats) -> float:
    """Return the deviation of the middle of the face, in levels; never quite none."""
    return float(grey[_MIDDLE].std()) + 3


def _without_mouth(chip: Image) -> Image:
    """Paint lips and chin in their mean colour."""
    out = chip.copy()
    out[_MOUTH] = chip[_MOUTH].mean((0, 1)).astype(np.uint8)
    return out


def _without_eyes(chip: Image) -> Image:
    """Paint brows and eyes in the colour of nose and cheeks."""
    out = chip.copy()
    out[_EYES] = chip[_NOSE_AND_CHEEKS].mean((0, 1)).astype(np.uint8)
    return out
