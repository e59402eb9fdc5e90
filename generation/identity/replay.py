"""Signs that the pictures did not come from a camera just now: loops, stills, too even a clock."""

import numpy as np

from generation.faces.arrays import Floats, Mask, Points
from generation.identity.track import Seen, Track

WINDOW = 12  # pictures (about a second) of which a repetition must consist
APART = 1.0  # s between a stretch and its repetition
_LOOK = (1, 33, 263, 61, 291, 13, 14, 105, 334, 152, 159, 145)  # nose, eyes, mouth, brows, chin
_HEAD = 0.9  # face heights around the face's middle that count as the head
_STRIP = 0.06  # of the picture's width: a border is looked at even beside a large face


def repetition(track: Track) -> float | None:
    """Return how exactly the most alike pair of moving stretches repeats: 0 exactly, 1 not at all.

    The distance of the two stretches over the motion within them; None where nothing moves.
    """
    features = _features(track)
    if features is None:
        return None
    times, values = features
    best: float | None = None
    for lag in range(WINDOW, len(values) - WINDOW):
        gone = ((values[lag:] - values[:-lag]) ** 2).sum(1)
        apart = times[lag:] - times[:-lag] >= APART
        for at in range(0, len(gone) - WINDOW, 2):
            stretch = values[at : at + WINDOW]
            motion = float(((stretch - stretch.mean(0)) ** 2).sum(1).mean())
            if motion < _LEAST_MOTION**2 or not apart[at]:
                continue
            ratio = float(np.sqrt(gone[at : at + WINDOW].mean() / motion))
            best = ratio if best is None else min(best, ratio)
    return best


_LEAST_MOTION = 0.05  # face heights, all points together: less is standing still


def _features(track: Track) -> tuple[Points, Points] | None:
    """Return times (n,) and where the face's points are (n, 24), in face heights."""
    found = [s for s in track.seen if s.points is not None]
    if len(found) < 3 * WINDOW:
        return None
    height = float(np.median([s.height for s in found]))
    points = np.array([s.points[list(_LOOK), :2] for s in found if s.points is not None])
    return np.array([s.time for s in found]), points.reshape(len(found), -1) / height


def frozen(track: Track) -> float:
    """Return the fraction of pictures that repeat the one before to the last grey level."""
    pairs = zip(track.seen, track.seen[1:], strict=False)
    same = [bool((a.thumb == b.thumb).all()) for a, b in pairs]
    return float(np.mean(same)) if same else 1.0


def surroundings(track: Track) -> float | None:
    """Return the median motion of what is not head, in grey levels (temporal deviation).

    A camera's noise and a body that breathes are never still; a picture behind a drawn face is.
    None where the head fills the picture.
    """
    if not track.seen:
        return None
    around = ~_head(track)
    if around.sum() < 50:
        return None
    stack = np.stack([s.thumb for s in track.seen])
    return float(np.median(stack.std(0)[around]))


def _head(track: Track) -> Mask:
    """Return where a head ever was in the small pictures, as (h, w)."""
    high, wide = track.seen[0].thumb.shape
    scale = wide / track.width
    rows, columns = np.mgrid[:high, :wide]
    mask = np.zeros((high, wide), bool)
    for seen in track.seen:
        mask |= _disc(seen, scale, rows, columns)
    strip = int(wide * _STRIP)
    mask[:, :strip] = mask[:, -strip:] = False
    return mask


def _disc(seen: Seen, scale: float, rows: Floats, columns: Floats) -> Mask:
    if seen.points is None:
        return np.zeros(rows.shape, bool)
    x, y = seen.points[:, :2].mean(0) * scale
    radius = _HEAD * seen.height * scale
    disc: Mask = (columns - x) ** 2 + (rows - y) ** 2 < radius**2
    return disc


def evenness(track: Track) -> float | None:
    """Return how uneven the clock of the pictures is: deviation over mean of their distances."""
    gaps = np.diff(track.times)
    if len(gaps) < 10 or gaps.mean() <= 0:
        return None
    return float(gaps.std() / gaps.mean())
