"""Whether a text is what a voice says: both as broad classes of sounds, and how they align."""

from generation.transcript.alignment import Alignment, align
from generation.transcript.negation import denials
from generation.transcript.reading import LANGUAGES, read
from generation.transcript.sounds import classes

__all__ = ["LANGUAGES", "Alignment", "align", "classes", "denials", "read"]
