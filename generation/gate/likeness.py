"""How far the face of a video would be from the person's, foretold from the photo alone.

The unharmed portrait that would tell is not there. Two things stand for it: what the other checks
measured, and where the face lies among faces: blur, noise and covers push embeddings into
directions in which people do not differ. A linear reading of both is fitted on photos that were
made worse (generation/weights/photo_likeness.md). It also says which check's value raises it most.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from generation import weights
from generation.faces import Face
from generation.faces.arrays import Floats, Image
from generation.faces.embedding import distance, face_chip
from generation.resident import embedder

WEIGHTS = "photo_likeness.npz"
_MOUTH_FROM = 90  # row of the chip (150) below which lips and chin lie
_FARTHEST = 4.0  # deviations: what lies farther out than anything it was fitted on counts as that
# What is read, by the check that it is about; "" is about none.
READINGS = (
    *("mouth-covered", "mouth-covered", "", "compression", "noise", "noise", "contrast"),
    *("contrast", "clipped", "side-light", "eyes-covered", "eyes-covered", "mouth-covered"),
    *("blur", "blur", "face-detail", "drawing", "face-height", "face-inside"),
)


@dataclass(frozen=True)
class Foretold:
    """What a video of a photo would look like.

    Attributes:
        distance: of its faces' embeddings from the person's, mean, as measured of drawn clips.
        reason: the check whose value raises it most over an unharmed portrait's.
    """

    distance: float
    reason: str


def foretell(rgb: Image, face: Face, values: Mapping[str, float]) -> Foretold:
    """Foretell from a photo (H, W, 3) uint8 RGB, its face and the values of the other checks.

    Raises:
        WeightsInvalid: the face network or the table is not the pinned one.
    """
    table, numbers = coefficients(), readings(face_chip(rgb, face.points), values)
    standard = (numbers - table["mean"]) / table["scale"]
    parts = np.clip(standard, -_FARTHEST, _FARTHEST) * table["weights"]
    more = parts - table["unharmed"]
    by_check = {
        check: sum(more[i] for i, name in enumerate(READINGS) if name == check)
        for check in READINGS
        if check
    }
    return Foretold(float(parts.sum() + table["offset"]), max(by_check, key=by_check.__getitem__))


def readings(chip: Image, values: Mapping[str, float]) -> Floats:
    """Return the (147,) numbers that are read: of the checks, then the face's embedding.

    Args:
        chip: the face as the embedder sees it, (150, 150, 3) uint8 RGB.
        values: by check, as the gate's findings have them.
    """
    own = embedder().of_chip(chip)
    mouth = distance(own, embedder().of_chip(_without_mouth(chip)))
    noise, contrast = np.log(values["noise"] + 0.5), np.log(values["contrast"] + 3)
    eyes, blur = values["eyes-covered"], values["blur"]
    return np.array(
        [
            *(mouth, max(0.28 - mouth, 0), np.linalg.norm(own)),
            *(np.log(max(values["compression"], 1)), noise, max(noise - 2.5, 0)),
            *(contrast, max(4 - contrast, 0), values["clipped"], values["side-light"]),
            *(min(eyes, 1.3), max(0.6 - eyes, 0), np.log(values["mouth-covered"] + 0.01)),
            *(blur, max(blur - 0.7, 0), np.log(values["face-detail"] / values["face-height"])),
            *(values["drawing"], np.log(max(values["face-height"], 20)), values["face-inside"]),
            *own,
        ],
        np.float64,
    )


@cache
def coefficients() -> dict[str, Floats]:
    """Return mean, scale, weights, unharmed (147,) and offset () of the fitted table.

    Raises:
        WeightsInvalid: it is not the pinned one.
    """
    with np.load(weights.path(WEIGHTS), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _without_mouth(chip: Image) -> Image:
    """Paint lips and chin in their mean colour: whose mouth is covered changes little by it."""
    out = chip.copy()
    out[_MOUTH_FROM:] = chip[_MOUTH_FROM:].mean((0, 1)).astype(np.uint8)
    return out
