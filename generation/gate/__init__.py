"""The input gate: is this photo, is this voice track good enough, and if not, what helps."""

from generation.gate.portrait import check_portrait
from generation.gate.voice import check_voice

__all__ = ["check_portrait", "check_voice"]
