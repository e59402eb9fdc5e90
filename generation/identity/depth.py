"""Whether what turns is a head or a picture of one.

Landmarks of a flat picture move by a homography, however it is held; those of a head do not,
because its nose is nearer than its cheeks (Hartley and Zisserman, 2nd ed., 13.1).
"""

import numpy as np

from compliance.permit.challenge import TURNS, Action, Challenge, Prompt
from generation.faces.arrays import Points
from generation.identity.actions import LATE, SETTLED
from generation.identity.track import Seen, Track, rigid_points


def least_depth(track: Track, challenge: Challenge) -> float | None:
    """Return how far the turn that is nearest to flat departs from a homography.

    Returns:
        RMS residual in percent of the face's height; None where there is no turn to look at.
    """
    rest = _mean([s for s in track.seen if SETTLED <= s.time < challenge.prompts[0].start])
    turns = [_most_turned(track, p) for p in challenge.prompts if p.action in TURNS]
    if rest is None or not turns or any(turn is None for turn in turns):
        return None
    found = [flat_residual(rest, turn) for turn in turns if turn is not None]
    return min(found)


def flat_residual(rest: Points, turned: Points) -> float:
    """Return the RMS distance of `turned` from the best homography of `rest`, both (n, 2) px.

    In percent of the height that `turned` spans.
    """
    a = _normal(rest)
    b = _normal(turned)
    ones = np.ones((len(a), 1))
    x, zero = np.c_[a, ones], np.zeros((len(a), 3))
    system = np.r_[np.c_[x, zero, -b[:, :1] * x], np.c_[zero, x, -b[:, 1:] * x]]
    h = np.linalg.svd(system, full_matrices=False)[2][-1].reshape(3, 3)
    mapped = x @ h.T
    gone = mapped[:, :2] / mapped[:, 2:] - b
    span = np.ptp(b[:, 1])
    return float(np.sqrt((gone**2).sum(1).mean()) / span * 100)


def _normal(points: Points) -> Points:
    """Return points about their mean at unit distance, which keeps the solution stable."""
    about = points - points.mean(0)
    size = float(np.sqrt((about**2).sum(1).mean()))
    unit: Points = about / size
    return unit


def _rigid(seen: Seen) -> Points | None:
    return None if seen.points is None else seen.points[rigid_points(), :2]


def _mean(pictures: list[Seen]) -> Points | None:
    found = [points for s in pictures if (points := _rigid(s)) is not None]
    return np.median(found, axis=0) if found else None


def _most_turned(track: Track, prompt: Prompt) -> Points | None:
    inside = [s for s in track.seen if prompt.start <= s.time < prompt.end + LATE and s.values]
    side = 1 if prompt.action is Action.TURN_LEFT else -1
    return _rigid(max(inside, key=lambda s: side * s.values["yaw"])) if inside else None
