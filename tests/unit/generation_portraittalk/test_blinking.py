"""A photo in the middle of a blink: what no photo of open eyes shows."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from generation.faces.topology import LEFT_EYE, RIGHT_EYE
from generation.portraittalk import blinking
from generation.portraittalk.blinking import Blink, photo_blinking
from generation.portraittalk.cropping import FaceCrop
from generation.portraittalk.structure_drawing import region_masks
from generation.resident import landmarker

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
SIDE = 128


def opening(points: np.ndarray) -> float:
    """Return how far the lids are apart, over an eye's width."""
    pairs = [(upper[4], lower[4], upper[0], upper[-1]) for upper, lower, _ in (RIGHT_EYE, LEFT_EYE)]
    apart = [
        np.linalg.norm(points[a, :2] - points[b, :2])
        / np.linalg.norm(points[c, :2] - points[d, :2])
        for a, b, c, d in pairs
    ]
    return float(np.mean(apart))


@pytest.fixture(name="square", scope="module")
def _square() -> tuple[np.ndarray, np.ndarray]:
    """Return a photo of twice the side, and its landmarks."""
    with Image.open(FIXTURES / "portrait.png") as image:
        photo = np.array(image.convert("RGB"))
    face = landmarker().only(photo)
    crop = FaceCrop.around(face.points, 2 * SIDE)
    cut = crop.cut(photo)
    return cut, landmarker().track(cut, crop.to_crop(face.points)).points


def enlarged(blink: Blink) -> np.ndarray:
    return np.asarray(
        cv2.resize(blink.picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8
    )


def test_lids_are_down_and_nothing_else_differs(square: tuple[np.ndarray, np.ndarray]) -> None:
    photo, points = square
    blink = photo_blinking(photo, points, SIDE)
    found = landmarker().track(enlarged(blink), points).points
    assert opening(found) < 0.6 * opening(points)
    small = cv2.resize(photo, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    differs = np.abs(blink.picture.astype(int) - small).max(2)
    shrunk = (points[:, :2] + 0.5) / 2 - 0.5
    eyes = region_masks(shrunk, SIDE)["eyes"]
    assert differs[eyes > 0.5].mean() > 10
    near = cv2.dilate(eyes, np.ones((15, 15)))  # lid and brow
    assert differs[near == 0].max() == 0


def test_its_landmarks_are_the_photos_with_lowered_lids(
    square: tuple[np.ndarray, np.ndarray],
) -> None:
    photo, points = square
    blink = photo_blinking(photo, points, SIDE)
    moved = np.linalg.norm(blink.points - ((points[:, :2] + 0.5) / 2 - 0.5), axis=1)
    lids = {i for upper, _, _ in (RIGHT_EYE, LEFT_EYE) for i in upper[1:-1]}
    assert set(np.flatnonzero(moved > 0.1)) <= lids
    assert min(moved[[upper[4] for upper, _, _ in (RIGHT_EYE, LEFT_EYE)]]) > 1
    assert 0.1 < opening(blink.points) / opening(points) < 0.5


def test_rims_of_glasses_stay_over_the_lids(
    square: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, points = square
    worn, over, ends = photo.copy(), np.zeros((SIDE, SIDE), bool), []
    for side, (upper, lower, _) in ((1, RIGHT_EYE), (-1, LEFT_EYE)):
        eye = points[[*upper, *lower], :2]
        (x, y), wide = eye.mean(0), float(np.ptp(eye[:, 0]))
        axes = (int(0.75 * wide), int(0.45 * wide))
        cv2.ellipse(worn, (int(x), int(y)), axes, 0, 0, 360, (25, 20, 20), 3, cv2.LINE_AA)
        over[: int(y) // 2 - 2, int(x - 0.5 * wide) // 2 : int(x + 0.5 * wide) // 2] = True
        ends.append((int(x + side * 0.75 * wide), int(y)))
    cv2.line(worn, *ends, (25, 20, 20), 3, cv2.LINE_AA)
    rims = cv2.resize((worn != photo).any(2).astype(np.float32), (SIDE, SIDE)) > 0.7
    small = cv2.resize(worn, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(int)

    def astray() -> float:
        drawn = photo_blinking(worn, points, SIDE).picture.astype(int)
        return float(np.abs(drawn - small)[rims & over].mean())

    kept = astray()
    monkeypatch.setattr(blinking, "take_off", lambda subject: (subject, None))
    assert kept < 12
    assert astray() > 3 * kept
