"""The inaudible mark: the same 64 bits of asset id that the pixels carry, in the sound.

Here is what a process needs that only expands patterns. Whoever touches samples imports ``marker``,
``detector`` and ``files`` by name.
"""

from compliance.audiomark.layout import AudioPattern, expand_audio

__all__ = ["AudioPattern", "expand_audio"]
