"""Where in a photo each place of a face is found, by where its landmarks stand in both."""

from __future__ import annotations

import numpy as np
import pytest

from generation.faces.topology import CHIN, FOREHEAD, LOWER_INNER_LIP
from generation.portraittalk.flow import CELL, backward_flow
from generation.portraittalk.structure_drawing import ABOVE_MOUTH, draw_structure

SIDE = 128


@pytest.fixture(name="face")
def _face() -> np.ndarray:
    """Return (478, 2) px, all over the middle of a picture."""
    return np.random.default_rng(3).uniform(30, 100, (478, 2)).astype(np.float32)


def places() -> np.ndarray:
    """Return the middles of the field's cells, (2, n, n) px."""
    middle = (np.arange(SIDE // CELL) + 0.5) * CELL - 0.5
    return np.stack(np.meshgrid(middle, middle))


def test_a_face_that_stands_where_it_stood_is_found_there(face: np.ndarray) -> None:
    assert np.abs(backward_flow(face, [face], SIDE)).max() < 1e-4


def test_a_head_that_turns_and_moves_takes_what_is_around_it_along(face: np.ndarray) -> None:
    turned = np.array([[0.98, -0.1], [0.1, 0.98]])
    found = backward_flow(face, [face @ turned.T + (3, -2)], SIDE) * (SIDE / 2)
    wanted = np.einsum("ij,jhw->ihw", turned, places()) + np.array([3, -2])[:, None, None]
    assert np.abs(found - (wanted - places())).max() < 0.01


def test_one_brow_that_rises_is_found_lower_and_nothing_else(face: np.ndarray) -> None:
    raised = face.copy()
    brow, far = (50.0, 40.0), (90.0, 90.0)
    near = np.linalg.norm(face - brow, axis=1) < 8
    raised[near, 1] -= 4  # in the picture it stands higher than in the photo
    down = backward_flow(raised, [face], SIDE)[1] * (SIDE / 2)
    at = (np.array([brow, far]) / CELL).astype(int)
    assert down[at[0, 1] - 1, at[0, 0]] == pytest.approx(4, abs=1)
    assert down[at[1, 1], at[1, 0]] == pytest.approx(0, abs=0.3)


def test_without_the_mouth_lips_and_chin_say_nothing(face: np.ndarray) -> None:
    spoken = face.copy()
    spoken[[CHIN, *LOWER_INNER_LIP]] += (0, 6)
    assert np.array_equal(
        backward_flow(spoken, [face], SIDE, mouth=False),
        backward_flow(face, [face], SIDE, mouth=False),
    )
    lines = draw_structure(face, SIDE, mouth=False)
    for number in range(len(face)):
        moved = face.copy()
        moved[number] += (5, 7)
        drawn = draw_structure(moved, SIDE, mouth=False)
        assert number in ABOVE_MOUTH or np.array_equal(drawn, lines)
    nodded = face.copy()
    nodded[FOREHEAD] += (0, 6)
    assert np.abs(backward_flow(nodded, [face], SIDE, mouth=False)).max() > 0.01


def test_each_of_several_photos_has_its_own_flow(face: np.ndarray) -> None:
    others = face + np.array([2, 0]), face[:, ::-1]
    both = backward_flow(face, others, SIDE)
    alone = [backward_flow(face, [other], SIDE) for other in others]
    assert np.allclose(both, np.concatenate(alone), atol=1e-6)
    assert np.allclose(both[0], 2 / (SIDE / 2), atol=1e-4)
