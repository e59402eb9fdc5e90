"""The invisible mark: 64 bits of asset id in the pixels of every frame.

Here is what a process needs that only expands patterns; it loads neither OpenCV nor FFmpeg. Whoever
touches pixels imports ``marker``, ``detector``, ``finder``, ``informed`` and ``files`` by name.
"""

from compliance.watermark.key import KeyRing, WatermarkKey
from compliance.watermark.layout import Pattern, expand

__all__ = ["KeyRing", "Pattern", "WatermarkKey", "expand"]
