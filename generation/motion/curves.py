"""The control curves: the one language between what is heard and what is drawn."""

from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float32]  # (T,): one value a frame


class Controls(NamedTuple):
    """The value of every curve at one frame; units as in :class:`Curves`."""

    gap: float
    jaw: float
    wide: float
    round: float
    protrude: float
    tongue: float
    close: float
    labiodental: float
    brow: float
    blink: float
    gaze: float
    yaw: float
    pitch: float
    roll: float
    shift_x: float
    shift_y: float
    breath: float
    sway: float
    smile: float
    squint: float
    frown: float


@dataclass(frozen=True)
class Curves:
    """One value a frame for everything an engine moves; float32 arrays of one length T.

    Centimetres are those of the head (a face of average size), degrees those of the head's own
    axes, and zero everywhere is the rest pose with closed lips and open eyes.

    Raises:
        ValueError: the arrays differ in length, there is no frame, or a value is not finite.
    """

    gap: Curve  # cm between the inner lips, >= 0
    jaw: Curve  # cm the chin goes down, >= 0
    wide: Curve  # 0..1, lips spread as in "ee"
    round: Curve  # 0..1, lips rounded as in "oo"
    protrude: Curve  # 0..1, lips pushed forward
    tongue: Curve  # 0..1, tip visible at the upper teeth as in "l", "th"
    close: Curve  # 0..1, lips pressed together as in "p", "b", "m"
    labiodental: Curve  # 0..1, lower lip at the upper teeth as in "f", "v"
    brow: Curve  # cm the brows go up
    blink: Curve  # 0 open .. 1 shut
    gaze: Curve  # radians, eyes to the viewer's right positive, small
    yaw: Curve  # degrees, face to the viewer's right positive
    pitch: Curve  # degrees, face down positive
    roll: Curve  # degrees, top of the head to the viewer's left positive
    shift_x: Curve  # cm the head moves to the viewer's right
    shift_y: Curve  # cm the head moves up
    breath: Curve  # cm the shoulders rise
    sway: Curve  # cm the shoulders move to the viewer's right
    smile: Curve  # -1 corners down .. 1 corners up
    squint: Curve  # 0..1, lower lids up
    frown: Curve  # 0..1, brows together and down
    fps: float = 25.0

    def __post_init__(self) -> None:
        """Turn every curve into a float32 array and refuse what no engine could draw."""
        for name in Controls._fields:
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.float32))
        arrays = [getattr(self, name) for name in Controls._fields]
        if {a.shape for a in arrays} != {(arrays[0].size,)} or not arrays[0].size:
            raise ValueError("Curves need at least one frame and one value a frame in each.")
        if not all(np.isfinite(a).all() for a in arrays):
            raise ValueError("Curves must be finite.")

    @classmethod
    def rest(cls, frames: int, fps: float = 25.0) -> Self:
        """Return ``frames`` frames of the rest pose, to build on with :meth:`with_`."""
        zero = np.zeros(frames, np.float32)
        return cls(**{f.name: zero for f in fields(cls) if f.name != "fps"}, fps=fps)

    def with_(self, **curves: Curve) -> Self:
        """Return a copy with some curves replaced."""
        values: dict[str, Any] = dict(curves)
        return replace(self, **values)

    def __len__(self) -> int:
        """Number of frames."""
        return int(self.gap.size)

    def at(self, index: int) -> Controls:
        """Return the value of every curve at one frame."""
        return Controls(*(float(getattr(self, name)[index]) for name in Controls._fields))
