"""The input gate: is this photo, is this voice track good enough, and if not, what helps."""

from generation.gate.portrait import check_portrait
from generation.gate.transcript import Said
from generation.gate.voice import check_voice
from generation.gate.voice_match import check_track

__all__ = ["Said", "check_portrait", "check_track", "check_voice"]
