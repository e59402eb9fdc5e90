"""Networks that stay loaded for the life of the process."""

import functools

from generation.faces import FaceLandmarker


@functools.cache
def landmarker() -> FaceLandmarker:
    """Return the face networks, loaded at first use.

    Raises:
        WeightsInvalid: the weight file is not the pinned one.
    """
    return FaceLandmarker()
