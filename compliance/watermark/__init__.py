"""The invisible mark: 64 bits of asset id in the pixels of every frame."""

from compliance.watermark.detector import Detection, DetectionState, Detector
from compliance.watermark.files import detect_file
from compliance.watermark.key import WatermarkKey
from compliance.watermark.layout import Pattern, expand
from compliance.watermark.marker import Marker

__all__ = [
    "Detection",
    "DetectionState",
    "Detector",
    "Marker",
    "Pattern",
    "WatermarkKey",
    "detect_file",
    "expand",
]
