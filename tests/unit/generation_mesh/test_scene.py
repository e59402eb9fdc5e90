"""What a prompt changes of the picture, measured in drawn frames."""

import cv2
import numpy as np
import pytest

from generation import engines
from generation.mesh import MeshEngine
from generation.mesh.grading import Light, grade
from generation.mesh.scene import Background, Scene, scene_of
from generation.motion.curves import Curves
from generation.prompt import understand

SIZE = 256


@pytest.fixture(scope="module")
def drawn(portrait):
    """A function from a prompt to the first frame that it gives."""

    def draw(prompt, width=SIZE, height=SIZE):
        engine = engines.get("mesh").prepare(portrait, width, height, understand(prompt))
        return next(engine.render(Curves.rest(1)))

    return draw


@pytest.fixture(scope="module")
def plain(drawn):
    return drawn("")


def measures(landmarker, frame):
    """What prompts about the picture may change, each as one number."""
    face = landmarker.only(frame)
    colour = frame.reshape(-1, 3).mean(0)
    x = int(face.points[1, 0])
    left, right = frame[:, :x].mean(), frame[:, x:].mean()
    corner = frame[: SIZE // 8, : SIZE // 8]
    return {
        "warmth": float(np.log(colour[0] / colour[2])),
        "brightness": float(np.log(frame @ np.array([0.299, 0.587, 0.114]) + 1).mean()),
        "side": float(np.log(right / left)),
        "size": float(np.log(face.height)),
        "detail": float(np.log(np.abs(cv2.Laplacian(corner, cv2.CV_32F)).mean() + 0.5)),
    }


@pytest.mark.parametrize(
    ("prompt", "measure", "sign"),
    [
        ("warm light", "warmth", 1),
        ("cool light", "warmth", -1),
        ("dim light", "brightness", -1),
        ("bright light", "brightness", 1),
        ("light from the left", "side", -1),
        ("light from the right", "side", 1),
        ("blurred background", "detail", -1),
        ("close-up", "size", 1),
    ],
)
def test_a_word_moves_its_own_measure_most(landmarker, drawn, plain, prompt, measure, sign):
    before, after = measures(landmarker, plain), measures(landmarker, drawn(prompt))
    moved = {name: after[name] - before[name] for name in before}
    assert sign * moved[measure] > 0.08
    if measure == "size":  # another part of the photo is another picture
        return
    others = {name: abs(value) for name, value in moved.items() if name != measure}
    others.pop("detail", None)  # brighter and warmer edges are stronger edges
    assert max(others.values()) < 0.6 * abs(moved[measure])


def test_a_wide_shot_shows_more_of_the_photo(landmarker, drawn, plain):
    assert landmarker.only(drawn("wide shot")).height < 0.75 * landmarker.only(plain).height


@pytest.mark.parametrize(
    "light", [Light(1), Light(-1), Light(0, 1), Light(0, -1), Light(0, 0, 1), Light(0, 0, -1)]
)
def test_one_light_changes_no_part_of_the_face_by_more_than_its_bound(portrait, face, light):
    lit = grade(portrait, face.points, light).astype(float)
    oval = np.s_[int(face.points[10, 1]) : int(face.points[152, 1]), 180:270]
    ratio = (lit[oval] + 4) / (portrait[oval] + 4.0)
    lit_well = portrait[oval] > 60  # in the dark a brighter gamma may double what is nearly nothing
    assert np.percentile(ratio[lit_well], 1) > 0.6
    assert np.percentile(ratio[lit_well], 99) < 1.4


def test_no_light_asked_for_is_the_photo_itself(portrait, face):
    assert grade(portrait, face.points, Light()) is portrait


def test_a_prompt_becomes_a_scene():
    scene = scene_of(understand("blue background, warm light, close-up"))
    assert scene.background is Background.PLAIN
    assert scene.colour[2] > scene.colour[0]
    assert scene.light.warmth > 0
    assert scene.zoom > 0
    assert scene_of(understand("blurred background")).background is Background.BLUR
    assert scene_of(understand("calm")) == Scene()


@pytest.mark.parametrize(("width", "height"), [(216, 384), (384, 216), (256, 256)])
def test_the_person_is_drawn_in_every_shape_of_frame(landmarker, drawn, width, height):
    frame = drawn("", width, height)
    points = landmarker.only(frame).points
    assert 0 < points[:, 0].min() < points[:, 0].max() < width
    assert 0 < points[:, 1].min() < points[:, 1].max() < height


def test_a_photo_without_room_is_said_to_have_none(landmarker, portrait, face):
    middle, half = face.points[1, :2].astype(int), int(0.8 * face.height)
    tight = portrait[middle[1] - half : middle[1] + half, middle[0] - half : middle[0] + half]
    tight = cv2.resize(tight, (512, 512))
    for photo, zoom, framed in ((portrait, 0.8, True), (tight, 0.0, True), (tight, -0.8, False)):
        engine = MeshEngine(photo, SIZE, SIZE, scene=Scene(zoom=zoom), landmarker=landmarker)
        assert engine.framed is framed


def test_the_whole_photo_is_kept_outside_of_what_moves(landmarker, portrait):
    """A large photo with a small face: the rest of it is pasted back byte by byte."""
    large = cv2.resize(portrait, (1600, 1600), interpolation=cv2.INTER_CUBIC)
    engine = MeshEngine(large, 1600, 900, scene=Scene(zoom=-1), landmarker=landmarker)
    still, turned = (
        next(engine.render(Curves.rest(1).with_(yaw=np.full(1, yaw, np.float32)))) for yaw in (0, 6)
    )
    left, _, right, _ = engine._subject.place
    assert right - left < 1300
    assert (still[:, :left] == turned[:, :left]).all()
    assert (still[:, right:] == turned[:, right:]).all()
    moving = np.abs(still[:, left:right].astype(int) - turned[:, left:right])
    assert moving.max() > 60
