"""What is heard: any voice track as 16 kHz samples, the phonemes in it, and what lips do."""

from generation.audio.container import MAX_SECONDS
from generation.audio.phonemes import Heard, Phone, listen, models
from generation.audio.remembered import hear
from generation.audio.speech import SAMPLE_RATE, Speech, load

__all__ = [
    "MAX_SECONDS",
    "SAMPLE_RATE",
    "Heard",
    "Phone",
    "Speech",
    "hear",
    "listen",
    "load",
    "models",
]
