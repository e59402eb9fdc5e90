"""The picture behind the person, as a job's input: decoded, and without people in it."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compliance.permit import JobSpec
from generation.errors import InputError, PortraitError
from generation.media.photo import load_photo
from generation.resident import landmarker
from generation.worker.errors import JobRefused

ROLE = "background"  # of the input, and the change that a consent permits


class BackgroundError(InputError):
    """The picture behind the person cannot be used."""

    code = "background-unreadable"


def background_of(spec: JobSpec, inputs: Mapping[str, Path]) -> NDArray[np.uint8] | None:
    """Return the picture (H, W, 3) RGB; None where the permit names none.

    Raises:
        JobRefused: the consent permits no other background.
        BackgroundError: it cannot be read, or shows a face: nobody has asked that person.
    """
    if ROLE not in inputs:
        return None
    if ROLE not in spec.permitted_changes:
        raise JobRefused(
            "The permit names a picture for the background, and the consent permits none.",
            code="background-not-permitted",
        )
    try:
        picture = load_photo(inputs[ROLE]).rgb
    except PortraitError as error:
        raise BackgroundError(
            f"The picture for the background cannot be used: {error}", remedy=error.remedy
        ) from error
    if landmarker().faces(picture):
        raise BackgroundError(
            "The picture for the background shows a face.",
            code="background-shows-people",
            remedy="Give a picture without people: nobody has asked whether they want to be in it.",
        )
    return picture
