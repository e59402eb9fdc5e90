"""What the reading of lips is fitted to: the mouth while known sounds are said."""

import numpy as np
import pytest

from generation.audio import Phone
from generation.audio.mouth import TRACKS
from tests.benchmarks.lipreading.targets import targets

TIMES = np.arange(100) * 0.02


def track(name, *said):
    return targets([Phone(*each) for each in said], TIMES)[:, TRACKS.index(name)]


def test_an_open_vowel_is_open_and_a_pause_is_shut():
    gap = track("gap", ("a", 0.5, 0.9))
    assert gap[35] == pytest.approx(1.1, abs=0.01)
    assert not gap[:20].any()
    assert not gap[50:].any()


@pytest.mark.parametrize(("symbol", "name"), [("b", "close"), ("f", "labiodental")])
def test_lips_meet_just_while_that_is_said(symbol, name):
    found = track(name, ("a", 0.5, 0.7), (symbol, 0.7, 0.8), ("a", 0.8, 1.0))
    assert found[36:40].min() == pytest.approx(1.0)
    assert not found[:34].any()
    assert not found[41:].any()


def test_lips_that_meet_leave_the_opening_to_the_sounds_around():
    said = ("a", 0.5, 0.7), ("m", 0.7, 0.8), ("a", 0.8, 1.0)
    assert track("gap", *said)[30:46].min() == pytest.approx(1.1, abs=0.01)
    assert not track("gap", ("m", 0.7, 0.8)).any()


def test_a_mark_that_is_timed_by_itself_leaves_no_hole():
    gap = track("gap", ("n", 0.5, 0.56), ("ʲ", 0.56, 0.62), ("a", 0.62, 0.9))
    plain = track("gap", ("n", 0.5, 0.62), ("a", 0.62, 0.9))
    assert np.allclose(gap, plain)


def test_letters_of_a_symbol_share_its_time_and_marks_are_left_out():
    gap = track("gap", ("äː", 0.5, 0.9))
    assert np.allclose(gap, track("gap", ("a", 0.5, 0.9)))
    assert np.allclose(
        track("gap", ("ai", 0.5, 0.9)), track("gap", ("a", 0.5, 0.7), ("i", 0.7, 0.9))
    )


def test_rounding_begins_before_the_vowel_that_needs_it():
    rounded = track("round", ("t", 0.9, 1.0), ("u", 1.0, 1.2))
    spread = track("round", ("t", 0.9, 1.0), ("i", 1.0, 1.2))
    assert rounded[47] > spread[47] + 0.2
