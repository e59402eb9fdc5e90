"""From speech to movement: what the face does at each frame."""

from generation.motion.curves import Controls, Curve, Curves

__all__ = ["Controls", "Curve", "Curves"]
