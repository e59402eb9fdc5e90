"""Training data on disk: one folder a person, plain arrays that are mapped instead of read.

A shard is written under another name and renamed when it is whole: what is there is whole, so a
preparation that was interrupted goes on where it was.

| file | array | what |
|---|---|---|
| frames.npy | (N, 128, 128, 3) uint8 | RGB, all clips one after the other |
| points.npy | (N, 478, 2) float16 | landmarks, px |
| curves.npy | (N, 21) float32 | what moved the face (`Controls._fields`); NaN: not known |
| heard.npy | (N, 10, SIZE) float16 | speech features that each frame hears |
| reference.npy | (128, 128, 3) uint8 | the person's photo as it is |
| reference_points.npy | (478, 3) float32 | its landmarks |
| embeddings.npy | (1 + scenes, 128) float32 | face embeddings: the photo's, then one a scene |
| shard.json | | identity, split, rights, and the clips with their labels and captions |
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from generation.faces.arrays import AnyArray
from generation.portraittalk.training.errors import TrainingDataRefused
from generation.portraittalk.training.rights import Rights

TRAIN, HELD_OUT = "train", "held-out"
DESCRIPTION = "shard.json"
FORMAT = 1
STILLS, WINDOW = "stills", "window"


@dataclass(frozen=True)
class Clip:
    """Some frames of a shard.

    Attributes:
        kind: "stills" (frames far apart) or "window" (25 a second, one after the other).
        first: row of its first frame in the shard.
        count: how many frames.
        caption: what is seen, in English.
        labels: expression, light, background, clothing, scene; as far as they are known.
        speech: file, speaker, language, split and licence of what is heard.
    """

    kind: str
    first: int
    count: int
    caption: str
    labels: dict[str, str] = field(default_factory=dict)
    speech: dict[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> slice:
        """Its rows in the shard's arrays."""
        return slice(self.first, self.first + self.count)


@dataclass(frozen=True)
class Description:
    """What a shard's JSON says.

    Attributes:
        identity: name of the person, and of the folder.
        split: "train" or "held-out".
        rights: of the pictures.
        source: the file they come from, by its name.
        clips: in the order of their frames.
        facts: numbers about the making (gain, lead, seed).
    """

    identity: str
    split: str
    rights: Rights
    source: str
    clips: tuple[Clip, ...]
    facts: dict[str, Any] = field(default_factory=dict)


class Shard:
    """One person's data, its arrays mapped anew when they are asked for: no file stays open."""

    def __init__(self, folder: Path) -> None:
        """Read what the folder says.

        Raises:
            TrainingDataRefused: it is not a shard, is of another format, or has no rights.
        """
        self.folder = folder
        try:
            said = json.loads((folder / DESCRIPTION).read_text("utf-8"))
            clips = tuple(Clip(**clip) for clip in said["clips"])
            form = said["format"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise _unreadable(folder, str(error)) from error
        if form != FORMAT:
            raise _unreadable(folder, f"it is of format {form}, not {FORMAT}")
        rights = Rights.of(said.get("rights"), str(folder / DESCRIPTION))
        self.about = Description(
            said["identity"], said["split"], rights, said["source"], clips, said["facts"]
        )

    def array(self, name: str) -> AnyArray:
        """Return one of its arrays, mapped and not writable."""
        try:
            array: AnyArray = np.load(self.folder / f"{name}.npy", mmap_mode="r")
        except (OSError, ValueError) as error:
            raise _unreadable(self.folder, str(error)) from error
        return array

    def clip_at(self, row: int) -> Clip:
        """Return the clip that a row belongs to."""
        return next(c for c in self.about.clips if c.first <= row < c.first + c.count)

    @property
    def frames(self) -> AnyArray:
        """(N, 128, 128, 3) uint8."""
        return self.array("frames")

    @property
    def points(self) -> AnyArray:
        """(N, 478, 2) float16 px."""
        return self.array("points")


def _unreadable(folder: Path, why: str) -> TrainingDataRefused:
    return TrainingDataRefused(
        f"{folder} is not a whole shard of training data: {why}.",
        code="shard-unreadable",
        remedy="Delete this folder and run the preparation again: it makes what is missing.",
    )


def write_shard(root: Path, about: Description, arrays: Mapping[str, AnyArray]) -> Path:
    """Write a person's data as a whole or not at all; returns the folder."""
    final, partial = root / about.identity, root / f".{about.identity}.{os.getpid()}"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for name, array in arrays.items():
        np.save(partial / f"{name}.npy", array)
    said = {"format": FORMAT, **asdict(about)}
    (partial / DESCRIPTION).write_text(json.dumps(said, indent=1, ensure_ascii=False), "utf-8")
    partial.rename(final)
    return final


def shards(root: Path, split: str = "") -> Iterator[Shard]:
    """Yield the shards of a folder in the order of their names, of one split or of all.

    Raises:
        TrainingDataRefused: there are none, or one cannot be used.
    """
    found = sorted(f.parent for f in root.glob(f"[!.]*/{DESCRIPTION}"))
    chosen = [s for s in map(Shard, found) if split in ("", s.about.split)]
    if not chosen:
        raise TrainingDataRefused(
            f"{root} holds no {split or 'training'} data.",
            code="no-training-data",
            remedy="Make some: python -m generation train-data --help.",
        )
    yield from chosen
