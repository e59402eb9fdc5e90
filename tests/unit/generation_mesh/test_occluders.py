import pickle

import cv2
import numpy as np
import pytest

from generation.faces import topology
from generation.faces.hands import hand_finder
from generation.mesh import MeshEngine, foreground
from generation.mesh.foreground import Before, take_away
from generation.mesh.layering import Layers
from generation.mesh.occluders import find_occluders
from generation.mesh.scene import AS_IN_PHOTO
from generation.motion.curves import Curves
from tests.things import FINGERS, with_hand

SKIN = (150, 100, 80)
AT_CHIN, AT_CHEEK, AT_MOUTH, AT_CHEST = (5, 15.5), (-11, 9.5), (2, 9), (4, 38)  # cm from the chin


def hand(portrait, face, wrist, degrees=-14.0):
    """A hand before the portrait, its mask and how many px a cm has."""
    cm = face.height / 17
    at = face.points[topology.CHIN, :2] + np.array(wrist) * cm
    return (*with_hand(portrait, at, degrees, cm, SKIN), cm)


@pytest.fixture(scope="module")
def at_chin(portrait, face):
    return hand(portrait, face, AT_CHIN)


@pytest.fixture(scope="module")
def covered(landmarker, at_chin):
    return MeshEngine(at_chin[0], landmarker=landmarker)


@pytest.fixture(scope="module")
def moves():
    t = np.arange(8) / 8
    moved = {
        "gap": 0.5 + 0.5 * np.sin(9 * t),
        "jaw": 0.35 + 0.35 * np.sin(9 * t),
        "yaw": 6 * np.sin(6 * t),
        "pitch": 4 * np.sin(5 * t),
        "shift_x": 0.3 * np.sin(4 * t),
    }
    return Curves.rest(8).with_(**{k: v.astype(np.float32) for k, v in moved.items()})


@pytest.fixture(scope="module")
def frames(covered, moves):
    return np.stack(list(covered.render(moves)))


# --- finding


def test_a_hand_is_found_with_its_fingers(at_chin, face):
    picture, _, cm = at_chin
    [found] = hand_finder()(picture)
    assert found.score > 0.8
    a = np.radians(-14)
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    wrist = face.points[topology.CHIN, :2] + np.array(AT_CHIN) * cm
    tips = np.array([finger[-1] for finger in FINGERS]) * (1, -1) * cm @ turn.T + wrist
    assert np.linalg.norm(found.points[4::4] - tips, axis=1).max() < 2 * cm


def test_there_is_no_hand_where_there_is_none(portrait):
    assert hand_finder()(portrait) == []


@pytest.mark.parametrize(("wrist", "degrees"), [(AT_CHIN, -14), (AT_CHEEK, 22)])
def test_the_outline_is_that_of_the_hand(portrait, face, wrist, degrees):
    picture, drawn, _ = hand(portrait, face, wrist, degrees)
    cover = find_occluders(picture, face.points).cover
    above = np.s_[: int(face.points[topology.CHIN, 1] + 0.45 * face.height)]  # without the arm
    inside, outside = drawn[above] > 0.9, cv2.dilate(drawn, np.ones((9, 9)))[above] < 0.1
    assert (cover[above][inside] > 0.9).mean() > 0.9
    assert (cover[above][outside] > 0.1).mean() < 0.01


@pytest.mark.parametrize("wrist", [AT_MOUTH, AT_CHEST])
def test_what_covers_the_lips_or_is_far_from_the_face_is_not_held(portrait, face, wrist):
    picture, _, _ = hand(portrait, face, wrist)
    assert hand_finder()(picture)
    assert find_occluders(picture, face.points) is None


# --- drawing


def test_a_photo_without_a_hand_is_drawn_as_if_none_were_looked_for(
    landmarker, portrait, engine, moves, monkeypatch
):
    layers = Layers.of(engine.frame, engine.points, AS_IN_PHOTO)
    assert take_away(layers, engine.frame, engine.points) == (layers, None)
    monkeypatch.setattr(foreground, "find_occluders", lambda *_: None)
    blind = MeshEngine(portrait, landmarker=landmarker)
    for one, other in zip(engine.render(moves), blind.render(moves), strict=True):
        assert one.tobytes() == other.tobytes()


def test_a_hand_holds_still_while_the_face_moves_behind_it(covered, frames):
    found = find_occluders(covered.frame, covered.points)
    whole = found.cover * found.held > 0.999
    assert whole.sum() > 3000
    held = frames[:, whole].astype(int)
    assert ((held - held[0]) == 0).all(axis=(0, 2)).mean() > 0.97
    assert np.abs(held - covered.frame[whole]).mean() < 0.5
    face = np.zeros(whole.shape, np.uint8)
    oval = covered.points[list(topology.FACE_OVAL), :2].astype(np.int32)
    cv2.fillPoly(face, [oval], 1)
    moved = np.abs(np.diff(frames[:, (face > 0) & ~whole].astype(int), axis=0)).mean()
    assert moved > 3


def test_lips_open_beside_a_hand_at_the_chin(landmarker, covered):
    asked = Curves.rest(2).with_(
        gap=np.array([0, 1], np.float32), jaw=np.array([0, 0.7], np.float32)
    )
    shut, opened = (landmarker.track(f, covered.points).mouth_gap() for f in covered.render(asked))
    assert opened - shut > 0.4


def test_person_and_hand_put_together_are_the_photo(covered):
    layers = Layers.of(covered.frame, covered.points, AS_IN_PHOTO)
    bare, things = take_away(layers, covered.frame, covered.points)
    whole, before = bare.whole(), layers.whole()  # what the matte takes apart, it does not get back
    assert np.abs(whole.astype(int) - before)[things.cover > 0.9].mean() > 20
    Before(things.picture, things.cover).draw(whole)
    away = np.abs(whole.astype(int) - before)
    assert away.mean() < 0.3
    assert (away.max(2) > 40).mean() < 0.001


def test_a_process_that_is_handed_the_engine_draws_the_same_hand(covered, frames, moves):
    handed = pickle.loads(pickle.dumps(covered))  # noqa: S301  our own bytes
    assert next(handed.render(moves)).tobytes() == frames[0].tobytes()


def test_what_lies_before_a_frame_is_mixed_by_its_coverage():
    cover = np.array([[0, 0.5, 1]], np.float32)
    before = Before(np.full((1, 3, 3), 200, np.uint8), cover)
    region = np.full((1, 3, 3), 100, np.uint8)
    before.draw(region)
    assert region[0, :, 0].tolist() == [100, 150, 200]
