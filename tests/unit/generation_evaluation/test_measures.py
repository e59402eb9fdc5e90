# ruff: noqa: RUF001  the letters are IPA and are meant
import cv2
import numpy as np
import pytest

from generation.audio import Phone
from generation.evaluation.intervals import interval, mean_interval, rate_interval, share_interval
from generation.evaluation.joint import frechet
from generation.evaluation.openings import CLOSED, OPEN, aperture, during
from generation.evaluation.picture import FlowWarp, blur_effect
from generation.evaluation.synchrony import correlate, moving, shifts, synchrony


@pytest.fixture
def random():
    return np.random.default_rng(3)


@pytest.fixture
def signal(random):
    """A track as smooth as speech, (250,)."""
    return np.convolve(random.normal(size=262), np.hanning(13), "valid")


@pytest.mark.parametrize("late", [-5, 0, 3])
def test_the_best_shift_is_how_late_the_lips_are(signal, late):
    found = shifts(np.roll(signal, late), signal, 25.0)
    assert found.lag == pytest.approx(late, abs=0.3)
    assert found.confidence > 0.5


def test_lips_that_never_move_follow_nothing(signal):
    assert correlate(np.full(250, 0.2), signal) == 0
    names = [each.name for each in synchrony("x", np.full(250, 0.2), signal, 25.0)]
    assert names == ["r_x", "lag_x", "confidence_x"]
    trembling = 0.2 + 0.01 * signal / np.abs(signal).max()
    assert correlate(moving(trembling), signal) == 0
    assert np.isnan(shifts(moving(trembling), signal, 25.0).lag)


def test_an_interval_holds_the_mean_and_narrows_with_length(random):
    long, short = random.normal(2, 1, 1000), random.normal(2, 1, 60)
    low, high = mean_interval(long, 25.0)
    assert low < long.mean() < high
    narrow, wide = high - low, np.ptp(mean_interval(short, 25.0))
    assert narrow < wide


def test_an_interval_of_nothing_is_nothing():
    assert np.isnan(interval(lambda at: float("nan"), 100, 25.0)).all()


def test_a_share_of_all_is_not_certain():
    low, high = share_interval(1.0, 5)
    assert (low, high) == (pytest.approx(0.478, abs=0.001), 1.0)
    assert share_interval(0.5, 10) == pytest.approx((0.187, 0.813), abs=0.001)


def test_no_event_in_two_minutes_still_allows_some():
    assert rate_interval(0, 2.0)[0] == 0
    assert rate_interval(0, 2.0)[1] == pytest.approx(3.689 / 2, abs=0.01)


def test_the_distance_of_two_normal_samples_is_that_of_their_means(random):
    one = random.normal(size=(4000, 3))
    assert frechet(one, one) == pytest.approx(0, abs=1e-4)
    assert frechet(one, one + np.array([3, 0, 0])) == pytest.approx(np.sqrt(9 / 3), abs=0.02)


def test_sounds_say_where_lips_are_shut_and_how_far_they_are_apart():
    phones = [Phone("m", 0.2, 0.4), Phone("aɪ", 0.4, 0.8), Phone("pʰ", 0.8, 0.9)]
    times = np.array([0.1, 0.3, 0.45, 0.75, 0.85])
    assert during(phones, CLOSED, times).tolist() == [False, True, False, False, True]
    assert during(phones, OPEN, times).tolist() == [False, False, True, False, False]
    gap = aperture(phones, times)
    assert gap[0] < 0.1
    assert gap[2] > gap[3] > gap[1]


def test_a_blurred_picture_is_blurred_more(random):
    picture = random.integers(0, 255, (90, 90)).astype(np.float32)
    found = [blur_effect(cv2.GaussianBlur(picture, (0, 0), sigma)) for sigma in (0.4, 1, 2, 4)]
    assert found == sorted(found)
    assert found[0] < 0.3
    assert found[-1] > 0.6


def test_flow_explains_what_moves_and_not_what_changes(random):
    coarse = random.integers(0, 255, (20, 20)).astype(np.uint8)
    still = np.repeat(np.kron(coarse, np.ones((13, 13), np.uint8))[..., None], 3, 2)
    flow = FlowWarp()
    assert np.isnan(flow.step(still))
    moved = flow.step(np.roll(still, 2, axis=1))
    brighter = flow.step(np.clip(np.roll(still, 2, axis=1) + 25.0, 0, 255).astype(np.uint8))
    assert moved < 0.2 * brighter
