"""Looking at a picture between its pixels."""

import cv2
import numpy as np
import pytest

from generation.mesh.sampling import FinePicture

SIDE = 256


@pytest.fixture(scope="module")
def picture(portrait):
    return cv2.resize(portrait, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def grid(side=SIDE):
    y, x = np.mgrid[:side, :side].astype(np.float32)
    return np.stack([x, y], -1)


def test_what_does_not_move_stays_as_it_is(picture):
    assert (FinePicture(picture).at(grid()) == picture).all()


def test_it_is_nearer_to_the_truth_than_a_bicubic_look():
    rng = np.random.default_rng(0)
    noise = rng.normal(128, 400, (4 * SIDE, 4 * SIDE, 3)).astype(np.float32)
    large = np.clip(cv2.GaussianBlur(noise, (0, 0), 3.2), 0, 255)  # px of a quarter
    picture = np.round(large[::4, ::4]).astype(np.uint8)
    where = grid() + rng.uniform(-2, 2, (SIDE, SIDE, 2)).astype(np.float32)
    truth = cv2.remap(large, 4 * where, None, cv2.INTER_CUBIC)

    def error(found):
        inside = np.s_[8:-8, 8:-8]
        return float(np.square(found[inside] - truth[inside]).mean())

    bicubic = cv2.remap(picture, where, None, cv2.INTER_CUBIC)
    assert error(FinePicture(picture).at(where)) < error(bicubic)


@pytest.mark.parametrize("beyond", [0, 12])
def test_beyond_its_borders_it_is_mirrored(picture, beyond):
    fine = FinePicture(picture, beyond=beyond)
    before, after = (fine.at(grid() + np.float32(shift)) for shift in ([-3, -5], [3, 5]))
    assert (before[0, 0] == picture[5, 3]).all()
    assert (after[-1, -1] == picture[-6, -4]).all()
    assert (before[5:, 3:] == picture[:-5, :-3]).all()
    assert (after[:-5, :-3] == picture[5:, 3:]).all()


def test_a_cover_goes_on_beyond_a_border_or_ends_there():
    picture, cover = np.full((32, 32, 3), 90, np.uint8), np.zeros((32, 32), np.uint8)
    cover[:, 10:] = np.linspace(255, 100, 32)[:, None].astype(np.uint8)
    above = grid(32) - np.float32([0, 8])
    going_on = FinePicture(picture, cover, beyond=12).covered_at(above)[..., 3]
    assert (going_on[:8] == cover[0]).all()
    ended = FinePicture(picture, cover, beyond=12, ends_at_top=True).covered_at(above)[..., 3]
    assert (ended[:8] == 0).all()
    assert (ended[8:] == cover[:-8]).all()


def test_a_cover_goes_straight_from_one_pixel_to_the_next():
    picture, cover = np.full((32, 32, 3), 90, np.uint8), np.zeros((32, 32), np.uint8)
    cover[:, 16:] = 255
    fine = FinePicture(picture, cover)
    halves = fine.covered_at(grid(32) + np.float32([0.5, 0]))[..., 3]
    assert (halves[:, :15] == 0).all()  # no halo of what is wholly outside
    assert (abs(halves[:, 15].astype(int) - 127) <= 1).all()
    assert (halves[:, 16:31] == 255).all()
