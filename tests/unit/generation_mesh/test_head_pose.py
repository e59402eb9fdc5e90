import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.faces import fit_head, topology
from generation.faces.canonical import canonical_mesh

ANGLES = st.floats(-40, 40)


def seen_from(yaw, pitch, roll, scale=9.0, origin=(200.0, -150.0, 20.0)):
    """Landmarks (468, 3) px, y down, of the canonical face turned by degrees."""
    a, b, c = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return (scale * canonical_mesh() @ (about_z @ about_y @ about_x).T + origin) * (1, -1, -1)


def test_the_canonical_face_is_a_symmetric_head_in_centimetres():
    mesh = canonical_mesh()
    assert mesh.shape == (468, 3)
    assert not mesh.flags.writeable
    assert mesh[topology.FOREHEAD, 1] - mesh[topology.CHIN, 1] == pytest.approx(17.7, abs=0.2)
    for right, left in zip(topology.RIGHT_EYE[0], topology.LEFT_EYE[0], strict=True):
        assert mesh[right] == pytest.approx(mesh[left] * (-1, 1, 1), abs=1e-3)


@settings(deadline=None, max_examples=40)
@given(yaw=ANGLES, pitch=ANGLES, roll=ANGLES, scale=st.floats(2, 60))
def test_a_turned_head_is_measured_back(yaw, pitch, roll, scale):
    pose = fit_head(seen_from(yaw, 0, 0, scale))
    assert (pose.yaw, pose.scale) == pytest.approx((yaw, scale), abs=1e-6)
    assert fit_head(seen_from(0, pitch, 0)).pitch == pytest.approx(pitch, abs=1e-6)
    assert fit_head(seen_from(0, 0, roll)).roll == pytest.approx(roll, abs=1e-6)
    points = seen_from(yaw, pitch, roll, scale)
    assert fit_head(points).to_head(points) == pytest.approx(canonical_mesh(), abs=1e-6)


def test_an_opening_mouth_does_not_nod_the_head():
    points = seen_from(5, 3, 1)
    opened = points.copy()
    opened[list(topology.LOWER_LIP), 1] += 15
    opened[topology.CHIN, 1] += 15
    before, after = fit_head(points), fit_head(opened)
    assert (after.yaw, after.pitch, after.roll) == (before.yaw, before.pitch, before.roll)


def test_head_offsets_become_pixels_downwards():
    pose = fit_head(seen_from(0, 0, 0, scale=10))
    assert pose.offsets_to_pixels(np.array([[1.0, 2.0, 3.0]])) == pytest.approx(
        np.array([[10.0, -20.0]]), abs=1e-6
    )
