"""Whether something lies over the mouth."""

import numpy as np

from generation.gate.appearance import Appearance

# Logistic regression over Appearance.mouth(): see docs/photo-gate.md for what it was fitted on.
_WEIGHTS = np.array([-0.0734, -24.59, 0.0595, -0.1011])
_OFFSET = 2.652


def mouth_covered(seen: Appearance) -> float:
    """Return the chance that a mask, a hand or a microphone keeps the mouth from moving, 0..1."""
    logit = float(np.array(seen.mouth()) @ _WEIGHTS + _OFFSET)
    return float(1 / (1 + np.exp(-np.clip(logit, -60, 60))))
