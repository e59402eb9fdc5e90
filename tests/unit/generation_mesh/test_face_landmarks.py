import cv2
import numpy as np
import pytest

from generation.errors import PortraitError
from generation.faces import topology
from generation.faces.errors import FaceNotFound, SeveralFaces


def middle(face, vertices):
    return face.points[list(vertices), :2].mean(0)


def on_canvas(picture, width, height, left, top):
    canvas = np.full((height, width, 3), 128, np.uint8)
    canvas[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return canvas


def test_one_face_is_found_where_it_is(landmarker, portrait, face):
    boxes = landmarker.detect(portrait)
    assert len(boxes) == 1
    low, high = boxes[0].box
    assert (low < middle(face, topology.FACE_OVAL)).all()
    assert (middle(face, topology.FACE_OVAL) < high).all()
    assert boxes[0].score > 0.8
    assert face.score > 0.99


def test_landmarks_form_an_upright_face(face):
    assert face.points.shape == (478, 3)
    right_eye, left_eye = middle(face, topology.RIGHT_EYE[0]), middle(face, topology.LEFT_EYE[0])
    mouth, chin = middle(face, topology.OUTER_LIPS), face.points[topology.CHIN, :2]
    assert right_eye[0] < mouth[0] < left_eye[0]
    assert max(right_eye[1], left_eye[1]) < mouth[1] < chin[1]
    between_eyes = np.linalg.norm(left_eye - right_eye)
    assert 0.3 < between_eyes / face.height < 0.6
    assert 90 < face.height < 130


def test_irises_lie_inside_the_eyes(face):
    for iris, eye in (
        (topology.RIGHT_IRIS, topology.RIGHT_EYE),
        (topology.LEFT_IRIS, topology.LEFT_EYE),
    ):
        x = sorted(face.points[[eye[0][0], eye[0][-1]], 0])
        assert x[0] < face.points[iris[0], 0] < x[1]


def test_blendshapes_say_what_the_person_does(face):
    assert len(face.blendshapes) == 52
    assert all(0 <= v <= 1 for v in face.blendshapes.values())
    assert face.blendshapes["mouthSmileLeft"] > 0.5
    assert face.blendshapes["eyeBlinkLeft"] < 0.3


def test_the_head_is_found_upright_and_facing_the_camera(face):
    pose = face.pose()
    assert abs(pose.yaw) < 10
    assert abs(pose.pitch) < 15
    assert abs(pose.roll) < 8
    assert 4 < pose.scale < 8  # pixels per cm of a face 107 pixels high


def test_a_mirrored_photo_gives_the_mirrored_face(landmarker, portrait, face):
    mirrored = landmarker.only(np.ascontiguousarray(portrait[:, ::-1]))
    assert mirrored.pose().yaw == pytest.approx(-face.pose().yaw, abs=3)
    right, left = topology.RIGHT_MOUTH_CORNER, topology.LEFT_MOUTH_CORNER
    assert 511 - mirrored.points[right, 0] == pytest.approx(face.points[left, 0], abs=2.5)


@pytest.mark.parametrize("degrees", [-25, 20])
def test_a_turned_photo_turns_the_roll_by_as_much(landmarker, portrait, face, degrees):
    turn = cv2.getRotationMatrix2D((224, 125), degrees, 1)
    turned = landmarker.only(cv2.warpAffine(portrait, turn, (512, 512)))
    assert turned.pose().roll - face.pose().roll == pytest.approx(degrees, abs=3)


@pytest.mark.parametrize("scale", [0.5, 2, 5])
def test_landmarks_scale_with_the_photo(landmarker, portrait, face, scale):
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    resized = cv2.resize(portrait, None, fx=scale, fy=scale, interpolation=method)
    found = landmarker.only(resized)
    distance = np.linalg.norm(found.points[:, :2] / scale - face.points[:, :2], axis=1)
    assert distance.mean() < 0.02 * face.height


def test_a_face_too_small_for_the_whole_view_is_found_in_tiles(landmarker, portrait):
    small = cv2.resize(portrait, (256, 256), interpolation=cv2.INTER_AREA)
    found = landmarker.only(on_canvas(small, 1600, 1200, 1100, 700))
    assert np.linalg.norm(found.points[topology.FOREHEAD, :2] - (1213, 735)) < 8


def test_tracking_from_rough_points_finds_the_same_face(landmarker, portrait, face):
    tracked = landmarker.track(portrait, face.points + np.array([3, -2, 0]))
    distance = np.linalg.norm(tracked.points[:, :2] - face.points[:, :2], axis=1)
    assert distance.mean() < 0.02 * face.height


def test_a_photo_without_a_face_is_refused_by_name(landmarker):
    ramp = np.linspace(0, 255, 400, dtype=np.uint8)
    empty = np.repeat(np.repeat(ramp[None, :, None], 300, 0), 3, 2)
    assert landmarker.detect(empty) == []
    assert landmarker.landmarks(empty) is None
    with pytest.raises(FaceNotFound) as refused:
        landmarker.only(empty)
    assert isinstance(refused.value, PortraitError)
    assert refused.value.code == "portrait-no-face"
    assert refused.value.remedy


def test_two_faces_are_refused_by_name(landmarker, portrait):
    with pytest.raises(SeveralFaces) as refused:
        landmarker.only(np.ascontiguousarray(np.hstack([portrait, portrait[:, ::-1]])))
    assert refused.value.code == "portrait-several-faces"
    assert refused.value.remedy


def test_a_bystander_far_behind_does_not_count(landmarker, portrait):
    large = cv2.resize(portrait, (900, 900), interpolation=cv2.INTER_CUBIC)
    small = cv2.resize(portrait[20:220, 120:320], (50, 50), interpolation=cv2.INTER_AREA)
    scene = on_canvas(large, 1100, 900, 0, 0)
    scene[50:100, 1000:1050] = small
    assert landmarker.only(scene).points[:, 0].max() < 700
