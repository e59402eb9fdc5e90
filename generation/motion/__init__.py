"""From speech to movement: what the face does at each frame.

``from_speech`` and ``animate`` live in :mod:`generation.motion.speaking`; they are not imported
here, so that an engine can name :class:`Curves` without loading what listens.
"""

from generation.motion.curves import Controls, Curve, Curves

__all__ = ["Controls", "Curve", "Curves"]
