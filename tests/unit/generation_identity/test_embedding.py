import cv2
import numpy as np
import pytest

from generation.faces.embedding import SAME_BELOW, SIDE, distance, face_chip
from generation.resident import embedder, landmarker


@pytest.fixture(scope="module")
def face(portrait):
    return landmarker().only(portrait)


def embedding(rgb):
    return embedder()(rgb, landmarker().only(rgb))


def test_the_same_photo_smaller_turned_and_compressed_is_the_same_person(portrait, face):
    here = embedder()(portrait, face)
    small = cv2.resize(portrait, (256, 256), interpolation=cv2.INTER_AREA)
    packed = cv2.imdecode(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 50])[1], 1)
    assert distance(here, embedding(packed)) < SAME_BELOW / 2
    tilt = cv2.getRotationMatrix2D((225, 140), 15, 1.0)
    assert distance(here, embedding(cv2.warpAffine(portrait, tilt, (512, 512)))) < SAME_BELOW / 2


def test_the_chip_is_upright_with_the_eyes_where_dlib_has_them(portrait, face):
    tilt = cv2.getRotationMatrix2D((225, 140), -20, 1.0)
    tilted = cv2.warpAffine(portrait, tilt, (512, 512))
    chip = face_chip(tilted, landmarker().only(tilted).points)
    assert chip.shape == (SIDE, SIDE, 3)
    found = landmarker().only(cv2.resize(chip, (300, 300))).points[:, :2] / 2
    left, right = found[[263, 362]].mean(0), found[[33, 133]].mean(0)
    assert abs(left[1] - right[1]) < 4
    assert left[0] - right[0] == pytest.approx(0.525 / 1.5 * SIDE, abs=5)


def test_an_embedding_is_128_numbers_of_about_unit_length_and_always_the_same(portrait, face):
    one, two = (embedder()(portrait, face) for _ in range(2))
    assert one.shape == (128,)
    assert one.dtype == np.float32
    assert (one == two).all()
    assert 1.0 < np.linalg.norm(one) < 2.0
