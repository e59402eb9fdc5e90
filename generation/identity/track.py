"""From a recording to numbers over time: where the face is, what it does, what is around it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from generation.faces import Face, FaceLandmarker, topology
from generation.faces.arrays import Floats, Image, Points
from generation.faces.embedding import FaceEmbedder
from generation.identity.clip import Container, open_clip, rgb_of
from generation.identity.copies import structure

RATE = 12.5  # pictures a second that are looked at
SEARCH_EVERY = 3  # of these, one in so many is searched for further faces
EMBED_EVERY = 0.6  # s between two pictures of which the face is compared
FRONTAL = 18.0  # degrees of yaw up to which a face is compared
THUMB = 96  # px, width of the small grey picture kept of each frame

SIGNALS = ("blink", "smile", "brows", "gap", "yaw")


@dataclass(frozen=True)
class Seen:
    """One picture that was looked at.

    Attributes:
        time: seconds from the first picture.
        points: (478, 3) px, None where no face was found.
        height: of the face, px.
        values: by the names in SIGNALS; 0..1, cm (gap), degrees (yaw, to the person's left).
        thumb: (h, THUMB) float32 grey levels.
    """

    time: float
    points: Points | None
    height: float
    values: dict[str, float]
    thumb: Floats


@dataclass
class Track:
    """All that is kept of a recording. Nothing of it leaves the worker but numbers."""

    container: Container
    width: int
    height: int
    times: list[float] = field(default_factory=list)  # of every picture, looked at or not
    seen: list[Seen] = field(default_factory=list)
    most_faces: int = 0
    embeddings: list[Floats] = field(default_factory=list)
    structures: list[Floats] = field(default_factory=list)

    def series(self, name: str) -> tuple[Points, Points]:
        """Return (times, values) of one signal where a face was found."""
        found = [(s.time, s.values[name]) for s in self.seen if s.values]
        both = np.array(found, np.float64).reshape(-1, 2)
        return both[:, 0], both[:, 1]

    @property
    def found(self) -> float:
        """Fraction of the pictures looked at that show a face."""
        return sum(s.points is not None for s in self.seen) / max(1, len(self.seen))


def signals_of(face: Face) -> dict[str, float]:
    """Return what a face does, by the names in SIGNALS."""
    shapes, pose = face.blendshapes, face.pose()
    brows = shapes["browInnerUp"] + shapes["browOuterUpLeft"] + shapes["browOuterUpRight"]
    return {
        "blink": (shapes["eyeBlinkLeft"] + shapes["eyeBlinkRight"]) / 2,
        "smile": (shapes["mouthSmileLeft"] + shapes["mouthSmileRight"]) / 2,
        "brows": brows / 3,
        "gap": face.mouth_gap(),
        "yaw": pose.yaw,  # the person's left is the picture's right
    }


class Tracker:
    """Follows the face through one recording."""

    def __init__(self, landmarker: FaceLandmarker, embedder: FaceEmbedder) -> None:
        """Use networks that stay loaded."""
        self._landmarker, self._embedder = landmarker, embedder

    def read(self, path: Path, progress: Callable[[float], None], seconds: float) -> Track:
        """Look at a recording.

        Args:
            path: a WebM or MP4 file.
            progress: called with 0..1 for every picture; raises to stop.
            seconds: how long it should last, for the progress.

        Raises:
            ClipError: it cannot be read.
        """
        with open_clip(path) as (container, frames):
            track = Track(container, container.width, container.height)
            due, embed_due, last = 0.0, 0.0, None
            for moment, frame in frames:
                track.times.append(moment)
                if moment < due:
                    continue
                due = moment + 0.9 / RATE
                progress(min(1.0, moment / seconds))
                rgb = rgb_of(frame)
                last = self._face(rgb, last, track)
                track.seen.append(_seen(moment, rgb, last))
                if last and moment >= embed_due and abs(last.pose().yaw) < FRONTAL:
                    embed_due = moment + EMBED_EVERY
                    track.embeddings.append(self._embedder(rgb, last))
                    track.structures.append(structure(rgb, last.points))
        return track

    def _face(self, rgb: Image, last: Face | None, track: Track) -> Face | None:
        if last is not None and len(track.seen) % SEARCH_EVERY:
            face = self._landmarker.track(rgb, last.points)
            if face.score > 0.5:
                return face
        faces = self._landmarker.faces(rgb)
        track.most_faces = max(track.most_faces, len(faces))
        return faces[0] if faces else None


def _seen(moment: float, rgb: Image, face: Face | None) -> Seen:
    size = (THUMB, max(1, round(THUMB * rgb.shape[0] / rgb.shape[1])))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    thumb = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    if face is None:
        return Seen(moment, None, 0.0, {}, thumb)
    return Seen(moment, face.points, face.height, signals_of(face), thumb)


def rigid_points() -> list[int]:
    """Return the landmarks that a face's expression hardly moves."""
    moving = {*topology.UPPER_LIP, *topology.LOWER_LIP, *topology.LIP_CORNERS}
    moving |= {*topology.OUTER_LIPS, *topology.BROWS, *topology.CHEEKS}
    for upper, lower, brow in (topology.RIGHT_EYE, topology.LEFT_EYE):
        moving |= {*upper[1:-1], *lower[1:-1], *brow}
    return [i for i in range(topology.MESH_POINTS) if i not in moving]
