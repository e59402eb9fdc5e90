"""The invisible mark: 64 bits of asset id in the pixels of every frame."""

from compliance.watermark.key import WatermarkKey

__all__ = ["WatermarkKey"]
