"""Which pixels of a picture are a person: MediaPipe's selfie segmentation, run by LiteRT."""

import functools

import cv2
import numpy as np

from generation import weights
from generation.faces.arrays import Floats, Image
from generation.faces.litert import Network

WEIGHTS = "selfie_segmentation.tflite"
SIDE = 256  # px of the network's input and answer, whatever the picture's shape


class PersonSegmenter:
    """The network, loaded."""

    def __init__(self) -> None:
        """Load the pinned weights.

        Raises:
            WeightsInvalid: the weight file is not the pinned one.
        """
        self._network = Network(weights.path(WEIGHTS))

    def __call__(self, rgb: Image) -> Floats:
        """Return how much each pixel of (H, W, 3) is a person: (H, W), 0..1, soft at the edges."""
        small = cv2.resize(rgb, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        answer = self._network(small[None].astype(np.float32) / np.float32(255))
        mask = next(iter(answer.values())).reshape(SIDE, SIDE)
        size = (rgb.shape[1], rgb.shape[0])
        return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR), np.float32)


@functools.cache
def segmenter() -> PersonSegmenter:
    """Return the network, loaded at first use and kept for the life of the process."""
    return PersonSegmenter()
