import numpy as np
import pytest

from generation.faces import topology
from generation.mesh.framing import Crop, choose_crop, cut


def synthetic_face(centre, height):
    """Landmarks (478, 2) of which only the oval, forehead and chin matter here."""
    points = np.tile(np.array(centre, float), (478, 1))
    for i, vertex in enumerate(topology.FACE_OVAL):
        angle = 2 * np.pi * i / len(topology.FACE_OVAL)
        points[vertex] += (0.38 * height * np.sin(angle), -0.5 * height * np.cos(angle))
    return points


@pytest.mark.parametrize("frame", [(512, 512), (1280, 720), (720, 1280), (480, 640)])
def test_a_generous_photo_is_framed_without_padding(frame):
    points = synthetic_face((2000, 1400), 500)
    crop = choose_crop(points, (4000, 4000), frame)
    assert crop.left >= 0
    assert crop.top >= 0
    assert crop.left + crop.width <= 4000
    assert crop.top + crop.height <= 4000
    assert crop.width / crop.height == pytest.approx(frame[1] / frame[0], rel=0.01)
    headroom = (points[topology.FOREHEAD, 1] - crop.top) / 500
    below = (crop.top + crop.height - points[topology.CHIN, 1]) / 500
    assert 0.5 < headroom < below + 0.2
    assert crop.left + crop.width / 2 == pytest.approx(2000, abs=2)


def test_a_tight_photo_is_used_whole():
    crop = choose_crop(synthetic_face((300, 330), 380), (600, 600), (512, 512))
    assert crop == Crop(0, 0, 600, 600)


def test_a_photo_that_is_too_tight_is_padded_all_around_the_face():
    points = synthetic_face((150, 150), 280)
    crop = choose_crop(points, (300, 300), (512, 512))
    assert crop.height > 300
    assert crop.left < 0
    assert crop.left + crop.width > 300


def test_a_face_at_the_edge_is_framed_inside_the_photo():
    crop = choose_crop(synthetic_face((180, 700), 300), (1400, 1400), (512, 512))
    assert crop.left == 0
    assert crop.top >= 0


@pytest.mark.parametrize(("width", "height"), [(512, 512), (256, 256), (720, 1280)])
def test_the_cut_has_the_size_asked_for(portrait, width, height):
    assert cut(portrait, Crop(100, 20, 250, 250), width, height).shape == (height, width, 3)


def test_shrinking_averages_what_it_covers():
    stripes = np.zeros((400, 400, 3), np.uint8)
    stripes[::2] = 200
    assert np.unique(cut(stripes, Crop(0, 0, 400, 400), 100, 100)) == pytest.approx([100])


def test_padding_continues_the_photo_without_a_jump(portrait):
    whole = cut(portrait, Crop(0, -100, 512, 612), 512, 612).astype(int)
    assert (whole[100:] == portrait).all()
    assert np.abs(whole[99] - whole[100]).max() < 12
    inside = np.abs(np.diff(portrait.astype(int), axis=1)).mean()
    assert (
        np.abs(np.diff(whole[:20], axis=1)).mean() < inside / 4
    )  # far away it is only soft colour


def test_the_same_photo_is_cut_the_same_each_time(portrait):
    crop = Crop(-20, -30, 560, 560)
    assert (cut(portrait, crop, 300, 300) == cut(portrait, crop, 300, 300)).all()
