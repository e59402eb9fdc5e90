"""Finding a face in a picture and measuring it."""

from generation.faces.detector import Detection
from generation.faces.headpose import HeadPose, fit_head
from generation.faces.landmarker import Face, FaceLandmarker

__all__ = ["Detection", "Face", "FaceLandmarker", "HeadPose", "fit_head"]
