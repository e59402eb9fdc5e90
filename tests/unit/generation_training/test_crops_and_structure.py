import numpy as np
import pytest

from generation.faces import topology
from generation.mesh import MeshEngine
from generation.motion import Curves
from generation.portraittalk.cropping import FACE, FaceCrop
from generation.portraittalk.structure_drawing import (
    FaceGeometry,
    draw_structure,
    mouth_opening,
    region_masks,
)
from generation.resident import landmarker


@pytest.fixture(scope="module")
def face(portrait):
    return landmarker().only(portrait)


@pytest.fixture(scope="module")
def crop(face):
    return FaceCrop.around(face.points)


def test_a_face_is_always_as_large_in_its_crop(face, crop):
    points = crop.to_crop(face.points)
    height = np.linalg.norm(points[topology.FOREHEAD, :2] - points[topology.CHIN, :2])
    assert height / crop.side == pytest.approx(FACE, abs=0.01)


def test_points_go_into_a_crop_and_back(face, crop):
    assert np.allclose(crop.to_photo(crop.to_crop(face.points)), face.points)


def test_a_crop_put_back_where_nothing_was_drawn_leaves_the_photo_alone(portrait, face):
    crop = FaceCrop.around(face.points, 512)
    back = crop.paste(portrait, crop.cut(portrait))
    assert np.abs(back.astype(int) - portrait).mean() < 1
    black = crop.paste(portrait, np.zeros((512, 512, 3), np.uint8))
    nose = face.points[4, :2].astype(int)
    assert black[nose[1], nose[0]].max() == 0
    assert (black[-1] == portrait[-1]).all()


def test_a_crop_that_reaches_outside_of_the_photo_is_filled_and_put_back(portrait, face):
    tight = portrait[int(face.points[:, 1].min()) - 4 : int(face.points[:, 1].max()) + 4]
    moved = face.points - (0, int(face.points[:, 1].min()) - 4, 0)
    crop = FaceCrop.around(moved)
    assert crop.place.top < 0
    assert crop.cut(tight).shape == (128, 128, 3)
    assert crop.paste(tight, crop.cut(tight)).shape == tight.shape


def test_landmarks_move_where_the_mesh_engine_draws_them(portrait, face):
    crop = FaceCrop.around(face.points, 256)
    engine = MeshEngine(crop.cut(portrait), 256, 256, landmarker=landmarker())
    assert (engine.frame == crop.cut(portrait)).all()  # the crop is the frame, pixel for pixel
    f = np.array([0.0, 1.0], np.float32)
    curves = Curves.rest(2).with_(gap=0.8 * f, jaw=0.6 * f, yaw=6 * f, pitch=-4 * f, brow=0.4 * f)
    moved = FaceGeometry(engine.points, 256, engine.opening).moved(curves)
    drawn = list(engine.render(curves))[1]
    found = landmarker().track(drawn, engine.points).points[:, :2]
    apart = np.linalg.norm(moved[1] - found, axis=1) / (FACE * 256)
    assert apart.mean() < 0.015
    assert apart[list(topology.OUTER_LIPS)].mean() < 0.02
    assert mouth_opening(moved)[1] > mouth_opening(moved)[0] + 0.03


def test_the_drawn_face_shows_an_open_mouth_and_a_shut_eye(face, crop):
    points = crop.to_crop(face.points)
    f = np.array([0.0, 1.0], np.float32)
    shut, opened = FaceGeometry(points, 128).moved(Curves.rest(2).with_(gap=f, blink=f))
    rest, moved = draw_structure(shut, 128), draw_structure(opened, 128)
    assert rest.shape == (3, 128, 128)
    assert (moved[2] > 200).sum() > (rest[2] > 200).sum() + 20
    assert (moved[1] > 60).sum() < (rest[1] > 60).sum()
    masks = region_masks(opened, 128)
    assert masks["lips"].sum() < masks["face"].sum()
    assert masks["lips"][(moved[2] > 200)].min() > 0.5
