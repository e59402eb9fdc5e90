from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from generation.faces import FaceLandmarker
from generation.mesh import MeshEngine

cv2.setNumThreads(1)
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


@pytest.fixture(scope="session")
def landmarker():
    return FaceLandmarker()


@pytest.fixture(scope="session")
def portrait():
    """The public-domain portrait, (512, 512, 3) RGB; not writable."""
    with Image.open(FIXTURES / "portrait.png") as image:
        pixels = np.array(image.convert("RGB"))
    pixels.flags.writeable = False
    return pixels


@pytest.fixture(scope="session")
def face(landmarker, portrait):
    return landmarker.only(portrait)


@pytest.fixture(scope="session")
def engine(landmarker, portrait):
    return MeshEngine(portrait, landmarker=landmarker)
