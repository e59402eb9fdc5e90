"""Weight files that ship with the project, each pinned by digest and described in a model card.

A file whose bytes are not the pinned ones is refused: provenance names models by digest, so a
swapped file must never be able to draw under the old name.
"""

import functools
import hashlib
from pathlib import Path

from generation.errors import WeightsInvalid

_HERE = Path(__file__).parent

PINNED: dict[str, str] = {
    "age_gender_model.bin": "49f92bbc0afef2342c4385e4a2b0acb6d7a727c6f0aa539499719a81acf9abaa",
    "age_gender_model.json": "74b60bf3ebf981bf4e661e9cca3a185614e10b25d797118b62e2a68d3ff2569f",
    "face_landmarker.task": "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
    "face_recognition_model.bin": (
        "b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589"
    ),
    "face_recognition_model.json": (
        "cbaffa501b0b9275a12b63357a6843e7e30c054e1c9151e1a5f879b26e32986b"
    ),
    "hand_landmark_full.tflite": (
        "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3"
    ),
    "lip_judge.npz": "50502dae9d8b4ac6374fb54e12152fd6ff8a2acf5354749f101a28264656fce7",
    "lip_reading.npz": "cdb9c62d24776e7853a0127f09b8b119088324f2c35dc5396b216e627af26646",
    "lips_foretold.npz": "f409e0381cb7a2a346aab9177c6215b4850bb74a541753fa39a3e0452c91b0ef",
    "palm_detection_full.tflite": (
        "1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54"
    ),
    "photo_likeness.npz": "3eb1905aa7fe3b9ad5a7bd6bc95be57d25f81b14d190cecd99b49e356f993c87",
    "selfie_segmentation.tflite": (
        "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c"
    ),
    "voice_encoder.npz": "d56a0949d1b849d8bb8b8372416e5bc9c75a215e9a2c0af81d487e506c10f9be",
}


def names() -> list[str]:
    """Return the names of the weight files that ship with the project."""
    return sorted(PINNED)


@functools.cache
def path(name: str) -> Path:
    """Return the place of a weight file after checking its digest.

    Raises:
        WeightsInvalid: the name is unknown, or the file is missing or not the pinned one.
    """
    if name not in PINNED:
        raise WeightsInvalid(f"no weight file is called {name!r}", remedy=f"Use one of {names()}.")
    return verified(_HERE / name, PINNED[name])


def verified(file: Path, digest: str) -> Path:
    """Return `file` if its SHA-256 is `digest`.

    Raises:
        WeightsInvalid: it is missing or holds other bytes.
    """
    if not file.is_file() or _digest(file) != digest:
        raise WeightsInvalid(
            f"{file} is missing or is not the file the project was released with",
            remedy="Restore it from the repository; the model card beside it names its source.",
        )
    return file


def digests(*wanted: str) -> dict[str, str]:
    """Return file name -> SHA-256 (lower-case hex) of these weight files, each one checked."""
    return {name: _digest(path(name)) for name in wanted}


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
