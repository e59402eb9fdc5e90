"""Our own training set: people who do not exist, moved by the mesh engine to real voices.

Everything about a frame is known: which curves moved it, where each landmark went, which light,
background and clothes were asked for. The same seed gives the same set, person by person, and what
is there already is not made again.
"""

from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import cv2
import numpy as np

from generation.faces import FaceLandmarker
from generation.faces.arrays import AnyArray, Image, Points
from generation.faces.errors import FaceNotFound, SeveralFaces
from generation.media.photo import load_photo
from generation.mesh import MeshEngine
from generation.mesh.calibration import USUAL
from generation.motion.curves import Controls, Curves
from generation.motion.speaking import animate
from generation.portraittalk.clothing import clothes, dyed
from generation.portraittalk.cropping import SIDE, FaceCrop
from generation.portraittalk.features import clip_rows, frame_windows
from generation.portraittalk.structure_drawing import FaceGeometry
from generation.portraittalk.training import conditions
from generation.portraittalk.training.conditions import Look
from generation.portraittalk.training.rights import Rights
from generation.portraittalk.training.shards import (
    HELD_OUT,
    STILLS,
    TRAIN,
    WINDOW,
    Clip,
    Description,
    write_shard,
)
from generation.portraittalk.training.speech_set import Recording
from generation.resident import embedder, landmarker

DRAWN = 2 * SIDE  # px: drawn twice as large and made smaller, edges come out clean
PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
SPLIT_RULE = (
    "A person is held out when the photo's name ends with an odd digit and the CRC-32 of the "
    "name without its ending is a multiple of four. Names that end with an even digit are those "
    "that the mesh engine was tuned on; none of them is held out here."
)
_GIVEN_UP = (FaceNotFound, SeveralFaces)


@dataclass(frozen=True)
class Plan:
    """How much is made of each person.

    Attributes:
        seed: decides everything that is left to chance.
        scenes: looks of a person; the first is the photo as it is.
        expressions: clips of stills in each scene, each with another expression.
        stills: frames of each such clip, far apart in one utterance.
        windows: clips of running frames, one in each of the first scenes.
        frames: of each window, at 25 a second.
    """

    seed: int = 0
    scenes: int = 6
    expressions: int = 3
    stills: int = 4
    windows: int = 2
    frames: int = 50


def identity_split(stem: str) -> str:
    """Return the split of a photo by its name; see :data:`SPLIT_RULE`."""
    odd = stem[-1:] in tuple("13579")
    return HELD_OUT if odd and crc32(stem.encode()) % 4 == 0 else TRAIN


def photos(folder: Path) -> list[Path]:
    """Return the pictures below a folder, mixed: a set that is not whole yet is like the whole."""
    found = (p for p in folder.rglob("*") if p.suffix.lower() in PICTURES)
    return sorted(found, key=lambda p: crc32(identity_name(p, folder).encode()))


def identity_name(photo: Path, folder: Path) -> str:
    """Return a person's name in the set: the photo's way below the folder."""
    return "-".join(photo.relative_to(folder).with_suffix("").parts)


def make_person(
    photo: Path, identity: str, root: Path, *, heard: list[Recording], rights: dict[str, Rights],
    plan: Plan,
) -> bool:  # fmt: skip
    """Write one person's shard; returns False where the photo shows no single face.

    Args:
        photo: the picture's file.
        identity: the person's name in the set.
        root: the set's folder.
        heard: voices of the person's split.
        rights: of "portraits" and of "speech".
        plan: how much is made.

    Raises:
        PortraitError: the file is not a picture.
    """
    whole = load_photo(photo).rgb
    try:
        person = _Person(whole, identity, heard, plan, rights["speech"])
    except _GIVEN_UP:
        return False
    for number in range(plan.scenes):
        person.draw_scene(number)
    about = Description(
        identity, identity_split(photo.stem), rights["portraits"], photo.name,
        tuple(person.clips), {"seed": plan.seed, "clothed": person.clothed, **vars(person.opening)},
    )  # fmt: skip
    write_shard(root, about, person.arrays())
    return True


class _Person:
    """One person's clips while they are made."""

    def __init__(
        self, whole: Image, identity: str, heard: list[Recording], plan: Plan, speech_rights: Rights
    ) -> None:
        self._finder: FaceLandmarker = landmarker()
        face = self._finder.only(whole)
        crop = FaceCrop.around(face.points, DRAWN)
        self._photo = crop.cut(whole)
        self._points = self._finder.track(self._photo, crop.to_crop(face.points)).points
        self._cover = clothes(self._photo, self._points)
        self.clothed, self.opening = self._cover is not None, USUAL
        self._rng = np.random.default_rng([plan.seed, crc32(identity.encode())])
        self._heard, self._plan, self._speech_rights = heard, plan, speech_rights
        self.clips: list[Clip] = []
        self._rows: dict[str, list[AnyArray]] = {}
        self._embeddings = [embedder()(whole, face)]

    def draw_scene(self, number: int) -> None:
        """Draw all clips of one look; the first is the photo as it is."""
        look = Look() if number == 0 else conditions.draw_look(self._rng)
        look = look.possible(cut_out=True, clothed=self.clothed)
        engine = MeshEngine(self._dressed(look), DRAWN, DRAWN, scene=look.scene())
        look = look.possible(cut_out=engine.cut_out, clothed=self.clothed)
        self.opening = engine.opening
        # The photo's own landmarks: those found anew in another light lie elsewhere by chance.
        geometry = FaceGeometry(self._points, DRAWN, engine.opening)
        plan = self._plan
        names = self._rng.permutation(list(conditions.EXPRESSIONS))
        for expression in names[: plan.expressions]:
            self._clip(engine, geometry, STILLS, (str(expression), look, number))
        if number < plan.windows:
            expression = str(self._rng.choice(list(conditions.EXPRESSIONS)))
            self._clip(engine, geometry, WINDOW, (expression, look, number))

    def arrays(self) -> dict[str, AnyArray]:
        """Return what the shard holds, by name."""
        small = cv2.resize(self._photo, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        return {name: np.concatenate(rows) for name, rows in self._rows.items()} | {
            "reference": small,
            "reference_points": _shrunk(self._points).astype(np.float32),
            "embeddings": np.stack(self._embeddings).astype(np.float32),
        }

    def _dressed(self, look: Look) -> Image:
        if look.clothing == conditions.ORIGINAL or self._cover is None:
            return self._photo
        return dyed(self._photo, self._cover, look.clothing)

    def _clip(
        self, engine: MeshEngine, geometry: FaceGeometry, kind: str, shown: tuple[str, Look, int]
    ) -> None:
        expression, look, number = shown
        said = self._heard[int(self._rng.integers(len(self._heard)))]
        effects = conditions.effects_of(expression)
        seed = int(self._rng.integers(2**31))
        curves = animate(said.speech, said.sounds, effects, seed=seed)
        at = self._moments(kind, len(curves))
        chosen = _picked(curves, at)
        drawn = list(engine.render(chosen))
        if kind == STILLS and len(self._embeddings) == 1 + number:
            found = self._finder.track(drawn[0], engine.points)
            self._embeddings.append(embedder()(drawn[0], found))
        self._keep(drawn, geometry.moved(chosen), chosen, (said, at))
        self.clips.append(
            Clip(
                kind,
                sum(clip.count for clip in self.clips),
                len(at),
                conditions.caption(self._rng, expression, look),
                {**vars(look), "expression": expression, "scene": str(number)},
                {**vars(said.about), "licence": self._speech_rights.licence},
            )
        )

    def _moments(self, kind: str, length: int) -> list[int]:
        """Return which frames of an utterance are drawn."""
        if kind == STILLS:
            count = min(self._plan.stills, length)
            return sorted(int(i) for i in self._rng.choice(length, count, replace=False))
        count = min(self._plan.frames, length)
        first = int(self._rng.integers(length - count + 1))
        return list(range(first, first + count))

    def _keep(
        self,
        drawn: list[Image],
        points: AnyArray,
        curves: Curves,
        heard: tuple[Recording, list[int]],
    ) -> None:
        said, at = heard
        rows = frame_windows(clip_rows(said.features, 0, max(at) + 1))[at]
        small = [cv2.resize(f, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for f in drawn]
        moved = np.stack([getattr(curves, name) for name in Controls._fields], 1)
        for name, value in (
            ("frames", np.stack(small)),
            ("points", _shrunk(points).astype(np.float16)),
            ("curves", moved),
            ("heard", rows.astype(np.float16)),
        ):
            self._rows.setdefault(name, []).append(value)


def _picked(curves: Curves, at: list[int]) -> Curves:
    return Curves(**{n: getattr(curves, n)[at] for n in Controls._fields}, fps=curves.fps)


def _shrunk(points: AnyArray) -> Points:
    """Return points of the drawn size in pixels of the kept size."""
    moved = np.asarray(points, np.float64).copy()
    moved[..., :2] = (moved[..., :2] + 0.5) * SIDE / DRAWN - 0.5
    moved[..., 2:] *= SIDE / DRAWN
    return moved
