"""Networks that stay loaded for the life of the process."""

import functools

from generation.faces import FaceLandmarker
from generation.faces.embedding import FaceEmbedder


@functools.cache
def landmarker() -> FaceLandmarker:
    """Return the face networks, loaded at first use.

    Raises:
        WeightsInvalid: the weight file is not the pinned one.
    """
    return FaceLandmarker()


@functools.cache
def embedder() -> FaceEmbedder:
    """Return the network that compares faces, loaded at first use.

    Raises:
        WeightsInvalid: the weight files are not the pinned ones.
    """
    return FaceEmbedder()
