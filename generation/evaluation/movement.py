"""How the face moves: still in silence, blinks, the head, and the smoothness of all of it."""

import numpy as np
from numpy.typing import NDArray

from generation.evaluation.intervals import mean_interval, median_interval, rate_interval
from generation.evaluation.measures import DOWN, NEITHER, Measure
from generation.evaluation.openings import Marks, Track
from generation.evaluation.watched import Watched
from generation.faces import topology

_RIGID = (33, 133, 263, 362, 1, 4, 168, 5)  # eye corners, bridge and tip of the nose
_LIPS = topology.OUTER_LIPS + topology.UPPER_INNER_LIP + topology.LOWER_INNER_LIP
_FEWEST = 5
_SHUT = 0.6  # of the lids' usual opening
_LONGEST_BLINK = 0.8  # s
_FACE_CM = 17.66  # forehead to chin of the canonical face


def head_points(watched: Watched, vertices: tuple[int, ...]) -> NDArray[np.float64]:
    """Return landmarks (T, n, 2) in cm, the head's place, tilt and size taken out."""
    points = watched.points[..., :2].astype(np.float64)
    rigid = points[:, list(_RIGID)]
    centre = rigid.mean(1, keepdims=True)
    return _turned(points[:, list(vertices)] - centre, watched)


def _turned(offsets: NDArray[np.float64], watched: Watched) -> NDArray[np.float64]:
    roll = np.radians(watched.pose[:, 2])
    cos, sin = np.cos(roll), np.sin(roll)
    back = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)
    turned = np.einsum("tij,tnj->tni", back, offsets)
    scaled: NDArray[np.float64] = turned / watched.scale[:, None, None]
    return scaled


def stillness(watched: Watched, silence: Marks, speech: Marks) -> list[Measure]:
    """Return how fast the lips move (cm/s) while nobody speaks, and while somebody does."""
    speed = np.full(watched.gap.size, np.nan)
    lips = head_points(watched, _LIPS)
    step = np.diff(lips - lips.mean(1, keepdims=True), axis=0)  # what a nod moves is no speech
    speed[1:] = np.sqrt((step**2).sum(-1).mean(-1)) * watched.fps
    found = []
    for name, where, better in (("silence", silence, DOWN), ("speech", speech, NEITHER)):
        kept = speed[where]
        if np.isfinite(kept).sum() < _FEWEST:
            note = f"{int(where.sum())} frames of {name} are too few"
            found.append(Measure(f"lip_speed_{name}", np.nan, "cm/s", better, note=note))
            continue
        note = f"{int(where.sum())} frames"
        bounds = mean_interval(kept, watched.fps)
        value = float(np.nanmean(kept))
        found.append(Measure(f"lip_speed_{name}", value, "cm/s", better, bounds, note))
    return found


def blinks(watched: Watched) -> list[tuple[int, int]]:
    """Return first and last frame of each blink: the lids nearly meet, for a moment."""
    lids = watched.lids
    open_lids = np.nanpercentile(lids, 75)
    shut = np.nan_to_num(lids, nan=open_lids) < _SHUT * open_lids
    edges = np.flatnonzero(np.diff(np.r_[False, shut, False].astype(int)))
    spans = [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return [span for span in spans if span[1] - span[0] <= _LONGEST_BLINK * watched.fps]


def liveliness(watched: Watched) -> list[Measure]:
    """Return the rate of blinks and how the head turns."""
    minutes = watched.gap.size / watched.fps / 60
    count = len(blinks(watched))
    rate = Measure(
        "blinks", count / minutes, "a minute", NEITHER, rate_interval(count, minutes),
        f"{count} seen; people who talk blink 10 to 30 times a minute (Bentivoglio 1997)",
    )  # fmt: skip
    found = [rate]
    for index, name in enumerate(("yaw", "pitch", "roll")):
        angle = watched.pose[:, index]
        spread = (angle - np.nanmean(angle)) ** 2
        low, high = (np.sqrt(b) for b in mean_interval(spread, watched.fps))
        value = float(np.sqrt(np.nanmean(spread)))
        found.append(Measure(f"{name}_deviation", value, "degrees", NEITHER, (low, high)))
    turn = np.linalg.norm(np.diff(watched.pose, axis=0), axis=1) * watched.fps
    fastest = float(np.nanpercentile(turn, 95))
    return [*found, Measure("head_speed", fastest, "degrees/s", NEITHER, note="95th percentile")]


def smoothness(watched: Watched) -> list[Measure]:
    """Return jerk of the head in the picture, flicker and warping error."""
    jerk = head_jerk(watched)
    flicker = _flicker(watched)
    return [
        Measure(
            "jerk", float(np.sqrt(np.nanmean(jerk**2))), "cm/frame\u00b3", DOWN,
            _root_interval(jerk, watched.fps), "third difference of eyes and nose in the picture",
        ),
        Measure(
            "flicker", float(np.nanmedian(flicker)), "grey levels", DOWN,
            median_interval(flicker, watched.fps), "upper face, against its neighbours in time",
        ),
        Measure(
            "warping_error", 1000 * float(np.nanmean(watched.warp)), "1/1000", DOWN,
            _thousand(mean_interval(watched.warp, watched.fps)), "what flow does not explain",
        ),
    ]  # fmt: skip


def head_jerk(watched: Watched) -> Track:
    """Return the third difference of the rigid points (T - 3,), cm a frame cubed."""
    points = watched.points[:, list(_RIGID), :2].astype(np.float64)
    third = np.diff(points, 3, axis=0) / np.nanmedian(watched.scale)
    found: Track = np.sqrt((third**2).sum(-1).mean(-1))
    return found


def _flicker(watched: Watched) -> Track:
    """Return how far each frame's brightness is from the mean of its neighbours, in grey levels."""
    upper = watched.faces[:, :28]  # down to the middle of the nose: lips move by right
    between = upper[1:-1] - (upper[:-2] + upper[2:]) / 2
    # Blocks of 4 x 4: what is left is light, not the landmarker's half pixel.
    coarse = between.reshape(len(between), 7, 4, 12, 4).mean((2, 4))
    found: Track = 255 * np.abs(coarse).mean((1, 2)).astype(np.float64)
    return found


def _root_interval(values: Track, fps: float) -> tuple[float, float]:
    low, high = mean_interval(values**2, fps)
    return float(np.sqrt(low)), float(np.sqrt(high))


def _thousand(bounds: tuple[float, float]) -> tuple[float, float]:
    return 1000 * bounds[0], 1000 * bounds[1]
