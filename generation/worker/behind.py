"""The picture behind the person, as a job's input: decoded, and without people in it."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compliance.permit import Finding, JobSpec, Verdict
from generation.errors import InputError, PortraitError
from generation.gate.findings import finding
from generation.media.photo import load_photo
from generation.resident import landmarker
from generation.worker.errors import JobRefused

ROLE = "background"  # of the input, and the change that a consent permits
UNREADABLE, SHOWS_PEOPLE = "background-unreadable", "background-shows-people"


class BackgroundError(InputError):
    """The picture behind the person cannot be used."""

    code = UNREADABLE


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
    return picture_behind(inputs[ROLE])


def check_background(path: Path) -> list[Finding]:
    """Say of a picture for the background whether it can be read, and shows nobody."""
    wrong = ""
    try:
        picture_behind(path)
    except BackgroundError as error:
        wrong = error.code
    if wrong == UNREADABLE:
        return [finding(UNREADABLE, Verdict.UNUSABLE)]
    shows = Verdict.UNUSABLE if wrong == SHOWS_PEOPLE else Verdict.USABLE
    return [finding(UNREADABLE, Verdict.USABLE), finding(SHOWS_PEOPLE, shows)]


def picture_behind(path: Path) -> NDArray[np.uint8]:
    """Return the picture (H, W, 3) RGB.

    Raises:
        BackgroundError: it cannot be read, or shows a face: nobody has asked that person.
    """
    try:
        picture = load_photo(path).rgb
    except PortraitError as error:
        raise BackgroundError(
            f"The picture for the background cannot be used: {error}", remedy=error.remedy
        ) from error
    if landmarker().faces(picture):
        raise BackgroundError(
            "The picture for the background shows a face.",
            code=SHOWS_PEOPLE,
            remedy="Give a picture without people: nobody has asked whether they want to be in it.",
        )
    return picture
