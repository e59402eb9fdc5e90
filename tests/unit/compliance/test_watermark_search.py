"""Copies that show the picture in part, mirrored or turned, and rings of several keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from compliance.errors import InvalidInput
from compliance.watermark import KeyRing, WatermarkKey, expand
from compliance.watermark.blocks import cb_plane, cr_plane
from compliance.watermark.colour import BT601, BT709, of_wrong_matrix
from compliance.watermark.detector import Detector
from compliance.watermark.files import find_file
from compliance.watermark.finder import Finder
from tests.unit.compliance.videos import Frame, decode, encode, marked_frames, synthetic_frames

KEY = WatermarkKey(bytes(range(32)))
OTHER = WatermarkKey(bytes(range(1, 33)))
ASSET = "fedcba9876543210"
Picture = Frame


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> list[Frame]:
    path = tmp_path_factory.mktemp("search") / "a.mp4"
    return decode(encode(marked_frames(synthetic_frames(512, 512, 25), expand(KEY, ASSET)), path))


def _changed(frames: list[Frame], change: Callable[[Picture], Picture]) -> list[Frame]:
    """Return frames after a change of their pictures, (H, W, 3) BGR."""
    pictures = (change(cv2.cvtColor(frame, cv2.COLOR_YUV2BGR_I420)) for frame in frames)
    return [
        cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_BGR2YUV_I420) for picture in pictures
    ]


def _turned(picture: Picture, degrees: float) -> Picture:
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return cv2.warpAffine(picture, turn, (width, height), flags=cv2.INTER_CUBIC)


def _cut(picture: Picture, left: int, top: int, side: int) -> Picture:
    return picture[top : top + side, left : left + side]


def _enlarged(picture: Picture) -> Picture:
    return cv2.resize(picture, (512, 512), interpolation=cv2.INTER_CUBIC)


CHANGES: dict[str, Callable[[Picture], Picture]] = {
    "a tenth cut off": lambda p: _cut(p, 26, 26, 460),
    "cut off and enlarged": lambda p: _enlarged(_cut(p, 26, 26, 460)),
    "three quarters, from anywhere": lambda p: _cut(p, 91, 37, 384),
    "half, enlarged": lambda p: _enlarged(_cut(p, 131, 74, 256)),
    "cut to another shape": lambda p: p[100:388],
    "mirrored": lambda p: p[:, ::-1],
    "mirrored and cut": lambda p: _cut(p[:, ::-1], 50, 20, 400),
    "turned by 2 degrees": lambda p: _turned(p, 2),
    "turned by 5 degrees": lambda p: _turned(p, -5),
    "turned by 9.5 degrees": lambda p: _turned(p, 9.5),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_part_or_a_turned_picture_gives_the_id(
    name: str, delivered: list[Frame], tmp_path: Path
) -> None:
    path = encode(_changed(delivered, CHANGES[name]), tmp_path / "copy.mp4", 23)
    found = find_file(path, KEY)
    assert found.asset_id == ASSET
    assert found.place is not None
    assert found.place["mirrored"] == ("mirrored" in name)


@pytest.mark.parametrize("size", [(256, 256), (384, 384), (640, 360)])
def test_a_part_of_a_small_picture_gives_the_id(size: tuple[int, int], tmp_path: Path) -> None:
    """Small pictures carry a coarser mark."""
    marked = marked_frames(synthetic_frames(*size, 25), expand(KEY, ASSET))
    small = decode(encode(marked, tmp_path / "a.mp4", 18))
    cut = _changed(small, lambda p: p[12:-12, 12:-12])
    assert find_file(encode(cut, tmp_path / "b.mp4", 23), KEY).asset_id == ASSET


def test_it_says_where_the_part_lay(delivered: list[Frame]) -> None:
    found = Finder(KEY).find(_changed(delivered, lambda p: _cut(p, 128, 64, 384)))
    assert found.place is not None
    expected = {"shown_across": 0.75, "shown_down": 0.75, "from_left": 0.25, "from_top": 0.125}
    assert {name: found.place[name] for name in expected} == pytest.approx(expected, abs=0.015)


def test_an_untouched_copy_is_answered_by_its_first_second(delivered: list[Frame]) -> None:
    def endless() -> Iterator[Frame]:  # more than a second is never asked for
        yield from delivered
        raise AssertionError

    found = Finder(KEY).find(endless())
    assert (found.asset_id, found.hypotheses, found.frames) == (ASSET, 1, 25)


def test_one_picture_is_enough(delivered: list[Frame]) -> None:
    assert Finder(KEY).find(delivered[12:13]).asset_id == ASSET


@pytest.mark.parametrize("seed", range(3))
def test_a_search_finds_nothing_where_nothing_is(seed: int) -> None:
    found = Finder(KEY).find(synthetic_frames(512, 512, 25, seed))
    assert found.asset_id is None
    assert found.place is None
    assert found.hypotheses > 1


def test_a_search_with_another_key_finds_nothing(delivered: list[Frame]) -> None:
    assert Finder(OTHER).find(delivered).asset_id is None


def test_no_frame_is_nothing() -> None:
    found = Finder(KEY).find([])
    assert (found.asset_id, found.detection, found.frames) == (None, None, 0)


def test_every_key_of_a_ring_reads_and_the_first_marks(delivered: list[Frame]) -> None:
    ring = KeyRing((OTHER, KEY))
    assert ring.current == OTHER
    found = Detector(ring).detect(delivered)
    assert (found.asset_id, found.key_id) == (ASSET, KEY.key_id)
    cut = _changed(delivered, lambda p: _cut(p, 26, 26, 460))
    searched = Finder(ring).find(cut)
    assert searched.detection is not None
    assert (searched.asset_id, searched.detection.key_id) == (ASSET, KEY.key_id)


def test_a_ring_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "watermark.key"
    path.write_text(KEY.to_text(), encoding="ascii")
    assert KeyRing.load(path).keys == (KEY,)
    ring = KeyRing((OTHER, KEY))
    path.write_text(ring.to_text(), encoding="ascii")
    assert KeyRing.load(path) == ring


@pytest.mark.parametrize("content", ["", "not hexadecimal\n", "00\n", ("ab" * 32 + "\n") * 2])
def test_what_is_no_ring_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "watermark.key"
    path.write_text(content, encoding="ascii")
    with pytest.raises(InvalidInput) as caught:
        KeyRing.load(path)
    assert caught.value.code == "key-unreadable"


def test_a_file_that_is_no_video_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no video")
    with pytest.raises(InvalidInput) as caught:
        find_file(tmp_path / "a.mp4", KEY)
    assert caught.value.code == "video-unreadable"


@pytest.mark.parametrize(("written", "read"), [(BT601, BT709), (BT709, BT601)])
def test_a_matrix_that_was_taken_for_another_is_undone(
    written: tuple[float, float], read: tuple[float, float]
) -> None:
    random = np.random.default_rng(4)
    cb, cr = random.integers(40, 216, (2, 64, 64), np.uint8)
    once = of_wrong_matrix(written, read)(cb, cr)
    swapped = of_wrong_matrix(written[::-1], read[::-1])(cr, cb)  # of Cr, with red for blue
    back = of_wrong_matrix(read, written)(once, swapped)
    assert np.abs(back - cb).max() < 0.01
    grey = np.full((8, 8), 128, np.uint8)
    assert np.allclose(of_wrong_matrix(written, read)(grey, grey), 128)


def test_a_copy_in_the_wrong_matrix_gives_the_id(delivered: list[Frame]) -> None:
    copies = []
    for frame in delivered:
        copy = frame.copy()
        cr = cr_plane(copy)
        cr[:] = np.clip(cr.astype(int) + np.arange(256)[None] // 6 - 20, 16, 240)  # as faces vary
        copy_cb = of_wrong_matrix(BT601, BT709)(cb_plane(copy), cr)
        cb_plane(copy)[:] = np.rint(np.clip(copy_cb, 16, 240))
        changed = of_wrong_matrix(BT601[::-1], BT709[::-1])(cr, cb_plane(frame))
        cr[:] = np.rint(np.clip(changed, 16, 240))
        copies.append(copy)
    found = Finder(KEY).find(copies)
    assert (found.asset_id, found.place and found.place["shown_across"]) == (ASSET, 1.0)
