"""Whose the pictures and voices are: without an answer nothing is trained on."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from generation.portraittalk.training.errors import TrainingDataRefused

FACES = ("synthetic", "consented")
VOICES = (*FACES, "licensed")  # recorded by their speakers for a licence of changes and reuse
_FIELDS = ("source", "licence", "holder", "people")
HOW = (
    'Write a JSON file with "source", "licence" (an SPDX name or the words of a contract), '
    '"holder" and "people" ("synthetic" or "consented": they agreed to training; voices may '
    'also be "licensed"), as docs/portraittalk-training.md shows.'
)


@dataclass(frozen=True)
class Rights:
    """Under what pictures or voices may be trained on.

    Attributes:
        source: where they come from.
        licence: SPDX name or the words of a contract.
        holder: whose they are.
        people: "synthetic" (they do not exist), "consented" (they agreed to training) or, for
            voices, "licensed" (recorded by their speakers for a licence of changes and reuse).
    """

    source: str
    licence: str
    holder: str
    people: str

    @classmethod
    def of(cls, given: Any, where: str, people: tuple[str, ...] = FACES) -> "Rights":
        """Take rights out of JSON.

        Raises:
            TrainingDataRefused: something is not said, or the people did not agree.
        """
        given = given if isinstance(given, dict) else {}
        missing = [name for name in _FIELDS if not str(given.get(name) or "").strip()]
        if missing:
            raise TrainingDataRefused(
                f"{where} does not say: {', '.join(missing)}.", code="rights-missing", remedy=HOW
            )
        if given["people"] not in people:
            raise TrainingDataRefused(
                f"{where} says of its people: {given['people']!r}.",
                code="rights-missing",
                remedy=f"Train only on people who are {' or '.join(people)}. {HOW}",
            )
        return cls(**{name: str(given[name]).strip() for name in _FIELDS})

    def to_dict(self) -> dict[str, str]:
        """Return the fields by name."""
        return asdict(self)


def read_rights(file: Path, *parts: str) -> dict[str, Rights]:
    """Return what a JSON file says, for each of the parts that it has to speak of.

    Raises:
        TrainingDataRefused: the file is missing, is no JSON, or leaves something open.
    """
    try:
        said = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingDataRefused(
            f"{file} cannot be read as JSON ({error}).", code="rights-missing", remedy=HOW
        ) from error
    found = said if isinstance(said, dict) else {}
    if not parts:
        return {"": Rights.of(found, str(file))}
    allowed = {"speech": VOICES}
    return {
        part: Rights.of(found.get(part), f"{file}, {part!r},", allowed.get(part, FACES))
        for part in parts
    }
