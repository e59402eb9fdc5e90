"""What is heard: any voice track as 16 kHz samples, and the phonemes in it."""

from generation.audio.container import MAX_SECONDS
from generation.audio.phonemes import Phone, recognise
from generation.audio.remembered import hear
from generation.audio.speech import SAMPLE_RATE, Speech, load

__all__ = ["MAX_SECONDS", "SAMPLE_RATE", "Phone", "Speech", "hear", "load", "recognise"]
