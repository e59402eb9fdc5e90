"""How lips that meet are calibrated: pressed harder where they look open, and only there."""

from types import SimpleNamespace

import numpy as np
import pytest

from generation.mesh.calibration import MET, PRESSES, USUAL, calibrate

POINTS = np.zeros((478, 3))


class Mouth:
    """A mouth whose drawing is the gap that is seen in it, in cm, and who reads that."""

    def __init__(self, met, pressed):
        self.met, self.pressed, self.drawn = met, pressed, 0

    def draw(self, asked, opening):
        self.drawn += len(asked)
        for curves in asked:
            c = curves.at(0)
            apart = opening.gain * c.gap + opening.lead * (c.gap > 0)
            yield self.met - self.pressed * opening.press if c.close else apart

    def track(self, frame, points):
        return SimpleNamespace(mouth_gap=lambda: frame)


def opening_of(mouth):
    return calibrate(POINTS, mouth, mouth.draw)


def test_lips_that_meet_are_left_as_they_are():
    mouth = Mouth(met=MET - 0.01, pressed=0.5)
    assert opening_of(mouth).press == USUAL.press == 0.0
    assert mouth.drawn == 5


@pytest.mark.parametrize(("met", "press"), [(0.12, PRESSES[0]), (0.2, PRESSES[1])])
def test_rounded_lips_that_look_open_are_pressed_until_they_do_not(met, press):
    assert opening_of(Mouth(met, pressed=0.5)).press == press


def test_lips_that_pressing_does_not_shut_are_not_pressed():
    assert opening_of(Mouth(met=0.3, pressed=-0.1)).press == 0.0
