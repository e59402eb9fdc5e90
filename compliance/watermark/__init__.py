"""The invisible mark: 64 bits of asset id in the pixels of every frame.

Here is what a process needs that only expands patterns; it loads neither OpenCV nor FFmpeg. Whoever
touches pixels imports ``marker``, ``detector`` and ``files`` by name.
"""

from compliance.watermark.key import WatermarkKey
from compliance.watermark.layout import Pattern, expand

__all__ = ["Pattern", "WatermarkKey", "expand"]
