"""All shapes of a face by name, and how the controls of one frame weigh them."""

from collections.abc import Callable

import numpy as np

from generation.faces.arrays import Floats, Points
from generation.faces.topology import BROWS, LEFT_EYE, RIGHT_EYE
from generation.mesh import mouth_shapes
from generation.mesh.calibration import Opening
from generation.mesh.mouth_shapes import Grin, MouthGeometry, measure_mouth
from generation.mesh.sampling import smoothstep
from generation.motion.curves import Controls

BEGUN = 0.08  # cm asked for at which lips are apart, however little
ROUND_SHUT = 0.12  # of the rounding that shut lips leave out: pursed shut, faces are other faces


def brow(m: MouthGeometry) -> Points:
    """Brows up by 1 cm, the forehead above them with them."""
    y, middle = m.head[:, 1], m.head[list(BROWS), 1].mean()
    reach = np.exp(-(((y - middle) / np.where(y > middle, 2.2, 1.0)) ** 2))
    return _offsets(m, up=np.where(y > middle - 1.6, reach, 0))


def frown(m: MouthGeometry) -> Points:
    """Inner brows down by 1 cm and together."""
    middle = m.head[list(BROWS), 1].mean()
    near = np.exp(-(((m.side - 1.2) / 1.3) ** 2) - (((m.head[:, 1] - middle) / 1.0) ** 2))
    return _offsets(m, right=-m.sign * 0.4 * near, up=-near)


def squint(m: MouthGeometry) -> Points:
    """Lower lids up by 1 cm in the middle of the eye."""
    x, y = m.head[:, 0], m.head[:, 1]
    total = np.zeros(len(x))
    for upper, lower, _ in (RIGHT_EYE, LEFT_EYE):
        first, last = m.head[upper[0], 0], m.head[upper[-1], 0]
        along = (x - min(first, last)) / abs(first - last)
        profile = np.clip(1 - (2 * along - 1) ** 2, 0, 1)
        lid = m.head[list(lower)]
        lid = lid[np.argsort(lid[:, 0])]
        lid_y = np.interp(x, lid[:, 0], lid[:, 1])
        near = np.exp(-(((y - lid_y) / 0.8) ** 2))
        total += np.where((y <= lid_y + 0.05) & (y > lid_y - 1.8), profile * near, 0)
    return _offsets(m, up=total)


SHAPES: dict[str, Callable[[MouthGeometry], Points]] = {
    "jaw": mouth_shapes.jaw,
    "lower_lip": mouth_shapes.lower_lip,
    "upper_lip": mouth_shapes.upper_lip,
    "wide": mouth_shapes.wide,
    "corner": mouth_shapes.corner,
    "press": mouth_shapes.press,
    "protrude": mouth_shapes.protrude,
    "close": mouth_shapes.close,
    "brow": brow,
    "frown": frown,
    "squint": squint,
}


def build_shapes(head: Points) -> Points:
    """Return (K, 468, 3) cm: every shape of SHAPES, in its order, for a face in head space."""
    mouth = measure_mouth(head)
    return np.stack([shape(mouth) for shape in SHAPES.values()])


def lip_gap(c: Controls, opening: Opening) -> float:
    """Return the distance between the inner lips to draw, cm.

    `close` and `labiodental` are ceilings, not factors: curves that already narrow the gap around
    a closure are not narrowed twice, and a full closure is closed whatever the gap says. The lead
    carries openings over what the landmarker, and a viewer, still take for closed.
    """
    ceiling = min(1.8 * (1 - c.close), 0.10 + 1.8 * (1 - c.labiodental))
    gap = max(0.0, min(c.gap, ceiling))
    begun = float(smoothstep(np.array(gap / BEGUN)))
    return gap * opening.gain + opening.lead * begun


def let_go(c: Controls) -> float:
    """Return how much of the photo's grin a sound lets go of, 0..1.

    Rounded and closed lips cannot be made with the corners drawn back, nor lowered ones; a little
    of it always gives way, for nobody talks through a photographer's smile. A smile that is asked
    for stays.
    """
    lips = max(c.round, 0.8 * c.protrude, 0.75 * c.close, 0.6 * c.labiodental)
    sound = max(lips, -1.2 * c.smile)
    return (0.2 + 0.8 * min(1.0, sound)) * (1 - 0.7 * max(0.0, min(1.0, c.smile)))


def shape_weights(c: Controls, opening: Opening, grin: Grin) -> Floats:
    """Return (K,) weights in the order of SHAPES for one frame.

    The lips reach their target whatever the jaw does: the lower lip's own shape makes up the
    difference.
    """
    gap = lip_gap(c, opening)
    jaw = max(0.0, c.jaw) * (1 - 0.15 * c.round)
    upper = 0.20 * gap + 0.10 * c.labiodental + 0.08 * c.protrude
    smile, sad = max(0.0, c.smile), max(0.0, -c.smile)
    eased = let_go(c)
    rounded = c.round * (1 - ROUND_SHUT * max(0.0, 2 * c.close - 1))
    weights = {
        "jaw": jaw,
        "lower_lip": 0.80 * gap - jaw - 0.02 * c.close - 0.10 * c.labiodental,
        "upper_lip": upper,
        "wide": 0.42 * c.wide - 0.62 * rounded + 0.28 * smile - 0.85 * eased * grin.width,
        "corner": 0.42 * smile - 0.30 * sad - 0.80 * eased * grin.lift,
        "press": (0.22 + opening.press) * c.close + 0.10 * c.labiodental,
        "protrude": 0.16 * c.protrude + 0.22 * eased * grin.width,  # stretched lips are thin
        "close": opening.seal,
        "brow": c.brow,
        "frown": 0.75 * c.frown,
        "squint": 0.18 * c.squint + 0.05 * smile,
    }
    return np.array([weights[name] for name in SHAPES], np.float32)


def _offsets(m: MouthGeometry, *, right: Points | None = None, up: Points | None = None) -> Points:
    zero = np.zeros(len(m.side))
    return np.stack([zero if right is None else right, zero if up is None else up, zero], 1)
