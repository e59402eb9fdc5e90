"""An operator's own talking-head videos as training data, in the synthetic set's format.

Beside each video lies a JSON of the same name: whose it is, under what licence, that the person
agreed, and who it is. A video without one is refused, and nothing of it is read.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from generation.audio import load
from generation.evaluation.video import describe, frames
from generation.faces import Face
from generation.faces.arrays import AnyArray, Floats, Image, Points
from generation.faces.landmarker import MIN_PRESENCE
from generation.motion.curves import Controls
from generation.portraittalk.cropping import SIDE, FaceCrop
from generation.portraittalk.features import clip_rows, frame_windows, speech_features
from generation.portraittalk.training.errors import TrainingDataRefused
from generation.portraittalk.training.rights import HOW, Rights, read_rights
from generation.portraittalk.training.shards import (
    HELD_OUT,
    TRAIN,
    WINDOW,
    Clip,
    Description,
    write_shard,
)
from generation.resident import embedder, landmarker

FPS = 25.0
LONGEST, SHORTEST = 50, 16  # frames of a window
MOST = 60  # windows of one video
VIDEOS = frozenset({".mp4", ".mov", ".mkv", ".webm", ".avi"})
SPLIT_RULE = (
    "A person is held out when the CRC-32 of the name in the sidecar is a multiple of ten, or when "
    'the sidecar says so ("split": "held-out").'
)
_LABELS = ("expression", "light", "background", "clothing")


@dataclass(frozen=True)
class Sidecar:
    """What is said of a video: rights, who it shows, and what is seen, as far as anybody wrote."""

    rights: Rights
    person: str
    split: str
    caption: str
    labels: dict[str, str]


def sidecar(video: Path) -> Sidecar:
    """Read what lies beside a video.

    Raises:
        TrainingDataRefused: there is nothing, or it leaves open who agreed to what.
    """
    file = video.with_suffix(".json")
    if not file.is_file():
        raise TrainingDataRefused(
            f"{video.name} has no licence: there is no {file.name} beside it.",
            code="rights-missing",
            remedy=f'{HOW} It also names the "person".',
        )
    rights = read_rights(file)[""]
    said: dict[str, Any] = json.loads(file.read_text("utf-8"))
    person = str(said.get("person") or "").strip()
    if not person or person.startswith(".") or set(person) & set("/\\"):
        raise TrainingDataRefused(
            f"{file.name} does not say whom the video shows.",
            code="person-missing",
            remedy='Add "person": a name without slashes, the same in every video of a person.',
        )
    default = HELD_OUT if crc32(person.encode()) % 10 == 0 else TRAIN
    split = HELD_OUT if said.get("split") == HELD_OUT else default
    labels = {name: str(said[name]) for name in _LABELS if said.get(name)}
    return Sidecar(rights, person, split, str(said.get("caption") or "a person talking"), labels)


def prepare(video: Path, root: Path) -> int:
    """Cut a video into windows of one face and write them; returns how many.

    Raises:
        TrainingDataRefused: no licence, no sound, or no face for long enough.
        AudioError: the sound cannot be read.
        VideoError: the pictures cannot be read.
    """
    about = sidecar(video)
    if not describe(video).sound:
        raise _refused(video, "it has no sound")
    heard, windows = speech_features(load(video)), list(_windows(video))
    if not windows:
        raise _refused(video, f"no face stays in view for {SHORTEST / FPS:.2g} s")
    clips, first = [], 0
    for window in windows:
        clips.append(Clip(WINDOW, first, len(window.frames), about.caption, about.labels,
                          {"name": video.name, "licence": about.rights.licence}))  # fmt: skip
        first += len(window.frames)
    description = Description(
        f"{about.person}-{video.stem}", about.split, about.rights, video.name, tuple(clips),
        {"person": about.person},
    )  # fmt: skip
    write_shard(root, description, _arrays(windows, heard))
    return len(windows)


@dataclass
class _Window:
    """Frames of one face in one unmoving square."""

    crop: FaceCrop
    begins: int  # frame of the video at 25 a second
    first: tuple[Image, Face]
    frames: list[Image] = field(default_factory=list)
    points: list[Points] = field(default_factory=list)

    def add(self, picture: Image, face: Face) -> None:
        self.frames.append(self.crop.cut(picture))
        self.points.append(self.crop.to_crop(face.points))

    def holds(self, face: Face) -> bool:
        """Whether the face is still one, and inside the square."""
        flat = self.crop.to_crop(face.points)[:, :2]
        return face.score >= MIN_PRESENCE and bool((flat > 0).all() and (flat < SIDE).all())


def _windows(video: Path) -> Iterator[_Window]:
    found, going = 0, None
    last: Points | None = None
    for number, picture in enumerate(_at_25(video)):
        face = landmarker().track(picture, last) if going and last is not None else None
        if going and (face is None or not going.holds(face) or len(going.frames) == LONGEST):
            if len(going.frames) >= SHORTEST:
                yield going
                found += 1
            going = None
        if found == MOST:
            return
        if going is None:
            faces = landmarker().faces(picture)
            if len(faces) != 1:
                continue
            face = faces[0]
            going = _Window(FaceCrop.around(face.points), number, (picture, face))
        if face is not None:
            going.add(picture, face)
            last = face.points
    if going and len(going.frames) >= SHORTEST:
        yield going


def _at_25(video: Path) -> Iterator[Image]:
    """Yield the picture that is seen in the middle of each 25th of a second."""
    rate, wanted = describe(video).fps, 0
    for number, picture in enumerate(frames(video)):
        while (wanted + 0.5) / FPS * rate < number + 1:
            yield picture
            wanted += 1


def _arrays(windows: list[_Window], heard: Floats) -> dict[str, AnyArray]:
    count = sum(len(w.frames) for w in windows)
    picture, face = windows[0].first
    rows = [frame_windows(clip_rows(heard, w.begins, len(w.frames))) for w in windows]
    seen = [embedder()(*window.first) for window in windows]
    return {
        "frames": np.stack([f for w in windows for f in w.frames]),
        "points": np.stack([p[:, :2] for w in windows for p in w.points]).astype(np.float16),
        "curves": np.full((count, len(Controls._fields)), np.nan, np.float32),
        "heard": np.concatenate(rows).astype(np.float16),
        "reference": windows[0].crop.cut(picture),
        "reference_points": windows[0].crop.to_crop(face.points).astype(np.float32),
        "embeddings": np.stack([embedder()(picture, face), *seen]).astype(np.float32),
    }


def _refused(video: Path, why: str) -> TrainingDataRefused:
    return TrainingDataRefused(
        f"{video.name} cannot be trained on: {why}.",
        code="video-unusable",
        remedy="Give a video of one person talking to the camera, with the sound of the voice.",
    )
