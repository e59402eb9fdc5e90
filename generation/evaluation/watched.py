"""One pass over a finished video: everything that is measured of its pictures, frame by frame."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import cv2
import numpy as np

from generation.evaluation.errors import VideoError
from generation.evaluation.openings import Marks, Track
from generation.evaluation.picture import FlowWarp, blur, upright
from generation.faces import Face, FaceLandmarker
from generation.faces.arrays import Floats, Image, Points
from generation.faces.embedding import distance
from generation.resident import embedder, landmarker

EMBED_EVERY = 5  # frames
_FEWEST = 25  # frames with a face: less can be judged by nobody
SHEET = 12  # pictures of the contact sheet


@dataclass
class Watched:
    """What was seen; one value a frame, NaN where no face was.

    Attributes:
        points: (T, 478, 3) float32 px.
        gap: (T,) cm between the inner lips.
        lids: (T,) lid distance over eye width.
        pose: (T, 3) degrees: yaw, pitch, roll.
        scale: (T,) px a cm of the head.
        distances: (frame, distance of its face from the photo's) pairs.
        warp: (T - 1,) squared error between a frame and the last one moved onto it, grey 0..1.
        faces: upright grey faces (T, 48, 48), for flicker.
        blur: (frame, face, mouth) triples, 0 sharp .. 1 blurred.
        sheet: (frame, picture) pairs for people to look at.
    """

    fps: float
    points: Floats
    gap: Track
    lids: Track
    pose: Points
    scale: Track
    distances: Points
    warp: Track
    faces: Floats
    blur: Points
    sheet: list[tuple[int, Image]]

    @property
    def seen(self) -> Marks:
        """(T,) where a face was found."""
        found: Marks = np.isfinite(self.gap)
        return found

    @property
    def times(self) -> Track:
        """(T,) the middle of each frame in s."""
        middles: Track = (np.arange(self.gap.size, dtype=np.float64) + 0.5) / self.fps
        return middles


@dataclass
class _Notes:
    points: list[Floats] = field(default_factory=list)
    numbers: list[tuple[float, ...]] = field(default_factory=list)
    distances: list[tuple[float, float]] = field(default_factory=list)
    warp: list[float] = field(default_factory=list)
    faces: list[Floats] = field(default_factory=list)
    blur: list[tuple[float, float, float]] = field(default_factory=list)
    sheet: list[tuple[int, Image]] = field(default_factory=list)


def watch(pictures: Iterable[Image], fps: float, photo: Image, expected_frames: int = 0) -> Watched:
    """Look at every picture of a video once.

    Args:
        pictures: (H, W, 3) uint8 RGB.
        fps: frames a second.
        photo: whom it should show, (h, w, 3) uint8 RGB.
        expected_frames: spreads the contact sheet over the whole; 0 takes the beginning.

    Raises:
        PortraitError: the photo shows no face, or several.
        VideoError: hardly a frame shows a face.
    """
    cv2.setNumThreads(1)
    whom = embedder()(photo, landmarker().only(photo))
    notes, flow, last = _Notes(), FlowWarp(), None
    step = max(1, expected_frames // SHEET)
    for index, picture in enumerate(pictures):
        last = follow(picture, last)
        notes.warp.append(flow.step(picture))
        _note(notes, picture, last)
        if last is not None and index % EMBED_EVERY == 0:
            notes.distances.append((index, distance(embedder()(picture, last), whom)))
            notes.blur.append((index, *blur(picture, last)))
        if index % step == step // 2 and len(notes.sheet) < SHEET:
            notes.sheet.append((index, picture.copy()))
    return _summed(notes, fps)


def follow(picture: Image, last: Face | None, finder: FaceLandmarker | None = None) -> Face | None:
    """Return the face near the last one, or search it anew where that was lost."""
    finder = finder or landmarker()
    if last is not None:
        found = finder.track(picture, last.points)
        if found.score > 0.5:
            return found
    return finder.landmarks(picture)


def _note(notes: _Notes, picture: Image, face: Face | None) -> None:
    if face is None:
        notes.points.append(np.full((478, 3), np.nan, np.float32))
        notes.numbers.append((np.nan,) * 6)
        notes.faces.append(np.full((48, 48), np.nan, np.float32))
        return
    pose = face.pose()
    gap = np.linalg.norm(face.points[13, :2] - face.points[14, :2]) / pose.scale
    notes.points.append(face.points.astype(np.float32))
    row = (float(gap), face.eye_aspect_ratio(), pose.yaw, pose.pitch, pose.roll, pose.scale)
    notes.numbers.append(row)
    notes.faces.append(upright(picture, face))


def _summed(notes: _Notes, fps: float) -> Watched:
    numbers = np.array(notes.numbers, np.float64).reshape(-1, 6)
    found = int(np.isfinite(numbers[:, 0]).sum())
    if found < _FEWEST:
        raise VideoError(
            f"A face was found in {found} of {len(numbers)} frames.",
            code="video-no-face",
            remedy=f"Give a video of one person with at least {_FEWEST} frames that show the face.",
        )
    return Watched(
        fps=fps,
        points=np.stack(notes.points),
        gap=numbers[:, 0],
        lids=numbers[:, 1],
        pose=numbers[:, 2:5],
        scale=numbers[:, 5],
        distances=np.array(notes.distances, np.float64).reshape(-1, 2),
        warp=np.array(notes.warp[1:], np.float64),
        faces=np.stack(notes.faces),
        blur=np.array(notes.blur, np.float64).reshape(-1, 3),
        sheet=notes.sheet,
    )
