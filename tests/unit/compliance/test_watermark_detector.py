"""What the detector says when there is nothing to find, and what it needs to find something."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from compliance.errors import InvalidInput
from compliance.watermark import WatermarkKey, expand
from compliance.watermark.detector import DetectionState, Detector
from compliance.watermark.files import detect_file
from compliance.watermark.marker import Marker
from tests.unit.compliance.videos import Frame, encode, marked_frames, synthetic_frames

KEY = WatermarkKey(bytes(range(32)))
OTHER = WatermarkKey(bytes(range(1, 33)))
ASSET = "fedcba9876543210"


@pytest.fixture(scope="module")
def plain() -> list[Frame]:
    return list(synthetic_frames(256, 256, 60))


@pytest.fixture(scope="module")
def marked(plain: list[Frame]) -> list[Frame]:
    return list(marked_frames(plain, expand(KEY, ASSET)))


def test_an_unmarked_video_gives_nothing(plain: list[Frame]) -> None:
    found = Detector(KEY).detect(plain)
    assert (found.state, found.asset_id, found.frames) == (DetectionState.NOT_FOUND, None, 60)
    assert found.marked_frames == found.asset_frames == 0
    assert found.agreement == 0.0


def test_a_still_picture_gives_nothing(plain: list[Frame]) -> None:
    assert Detector(KEY).detect(plain[:1] * 100).state is DetectionState.NOT_FOUND


def test_one_flat_colour_gives_nothing() -> None:
    flat = [np.full((384, 256), 128, np.uint8)] * 30
    assert Detector(KEY).detect(flat).state is DetectionState.NOT_FOUND


def test_no_frame_gives_nothing() -> None:
    found = Detector(KEY).detect([])
    assert (found.state, found.frames, found.pilot_score) == (DetectionState.NOT_FOUND, 0, 0.0)


def test_another_key_finds_nothing_where_the_right_one_does(marked: list[Frame]) -> None:
    assert Detector(OTHER).detect(marked).state is DetectionState.NOT_FOUND
    found = Detector(KEY).detect(marked)
    assert (found.state, found.asset_id) == (DetectionState.FOUND, ASSET)
    assert found.marked_frames == found.asset_frames == found.frames == 60
    assert found.agreement == 1.0


def test_no_chance_word_passes_in_many_unmarked_tries() -> None:
    random = np.random.default_rng(5)
    for _ in range(20):
        noise = list(random.integers(16, 240, (25, 384, 256), np.uint8))
        assert Detector(KEY).detect(noise).state is DetectionState.NOT_FOUND


def test_frames_marked_in_part_are_counted(plain: list[Frame], marked: list[Frame]) -> None:
    found = Detector(KEY).detect(marked[:30] + plain[30:])
    assert found.asset_id == ASSET
    assert found.marked_frames == found.asset_frames == 30
    assert found.frames == 60


@pytest.mark.parametrize("turns", ["one after the other", "frame by frame"])
def test_frames_of_another_asset_are_not_counted_as_this_one_s(
    turns: str, plain: list[Frame], marked: list[Frame]
) -> None:
    foreign = list(marked_frames(plain, expand(KEY, "00000000000000aa")))
    after = turns == "one after the other"
    own = [i < 36 if after else i % 5 < 3 for i in range(60)]

    found = Detector(KEY).detect([marked[i] if own[i] else foreign[i] for i in range(60)])

    assert (found.asset_id, found.marked_frames) == (ASSET, 60)  # its pilots are the same
    assert found.asset_frames == 36


def test_two_assets_in_halves_are_neither_s_video(plain: list[Frame], marked: list[Frame]) -> None:
    foreign = list(marked_frames(plain, expand(KEY, "00000000000000aa")))

    found = Detector(KEY).detect(marked[:30] + foreign[30:])

    assert found.marked_frames == 60
    assert found.asset_frames <= 30


def test_frames_may_come_in_one_buffer_that_is_used_again(marked: list[Frame]) -> None:
    def reused() -> Iterator[Frame]:
        buffer = np.empty_like(marked[0])
        for frame in marked:
            buffer[:] = frame
            yield buffer

    assert Detector(KEY).detect(reused()).asset_id == ASSET


def test_a_second_mark_of_the_same_key_replaces_the_first(marked: list[Frame]) -> None:
    second = list(marked_frames(marked, expand(KEY, "00000000000000aa")))
    assert Detector(KEY).detect(second).asset_id == "00000000000000aa"


def test_two_keys_do_not_disturb_each_other_into_false_ids(marked: list[Frame]) -> None:
    both = list(marked_frames(marked, expand(OTHER, "00000000000000aa")))
    assert Detector(OTHER).detect(both).asset_id == "00000000000000aa"
    assert Detector(KEY).detect(both).asset_id in (ASSET, None)


def test_a_file_is_read_up_to_the_frame_asked_for(marked: list[Frame], tmp_path: Path) -> None:
    path = encode(marked, tmp_path / "a.mp4")
    assert detect_file(path, KEY).frames == 60
    short = detect_file(path, KEY, max_frames=30)
    assert (short.frames, short.asset_id) == (30, ASSET)


@pytest.mark.parametrize("content", [b"", b"no video at all", b"\x00\x00\x00\x18ftypmp42"])
def test_a_file_that_is_no_video_says_so(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        detect_file(tmp_path / "a.mp4", KEY)
    assert caught.value.code == "video-unreadable"


def test_a_file_that_names_other_files_is_not_followed(marked: list[Frame], tmp_path: Path) -> None:
    real = encode(marked, tmp_path / "real.mp4")
    playlist = tmp_path / "a.mp4"
    playlist.write_text(f"ffconcat version 1.0\nfile '{real.name}'\n")
    with pytest.raises(InvalidInput) as caught:
        detect_file(playlist, KEY)
    assert caught.value.code == "video-unreadable"


def test_another_container_is_not_guessed(marked: list[Frame], tmp_path: Path) -> None:
    disguised = encode(marked, tmp_path / "a.mkv").rename(tmp_path / "a.mp4")
    with pytest.raises(InvalidInput) as caught:
        detect_file(disguised, KEY)
    assert caught.value.code == "video-unreadable"


def test_a_video_of_more_frames_than_allowed_is_refused(
    marked: list[Frame], tmp_path: Path
) -> None:
    path = encode(marked, tmp_path / "a.mp4")
    assert detect_file(path, KEY, most=60).frames == 60
    with pytest.raises(InvalidInput) as caught:
        detect_file(path, KEY, most=59)
    assert caught.value.code == "video-too-long"


def test_a_picture_of_too_many_pixels_is_not_decoded(tmp_path: Path) -> None:
    path = encode([np.full((4098 * 3 // 2, 4098), 128, np.uint8)], tmp_path / "a.mp4", 40)
    with pytest.raises(InvalidInput) as caught:
        detect_file(path, KEY)
    assert caught.value.code in ("video-too-large", "video-unreadable")


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        detect_file(tmp_path / "none.mp4", KEY)
    assert caught.value.code == "video-unreadable"


@pytest.mark.parametrize(("width", "height"), [(255, 256), (256, 301), (254, 400), (0, 0)])
def test_a_size_that_cannot_carry_the_mark_is_refused(width: int, height: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        Marker(expand(KEY, ASSET), width, height)
    assert caught.value.code == "frame-size"


@pytest.mark.parametrize(
    "frame",
    [
        np.zeros((384, 258), np.uint8),
        np.zeros((384, 256), np.float32),
        np.zeros((768, 256), np.uint8)[::2],
    ],
    ids=["size", "type", "gaps"],
)
def test_a_frame_that_was_not_announced_is_refused(frame: Frame) -> None:
    with pytest.raises(InvalidInput) as caught:
        Marker(expand(KEY, ASSET), 256, 256).mark(frame, 0)
    assert caught.value.code == "frame-layout"
