"""The mark against real encoders: what any second of the video must give back."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from compliance.watermark import WatermarkKey, expand
from compliance.watermark.detector import Detector
from compliance.watermark.files import detect_file
from tests.unit.compliance.videos import (
    Frame,
    decode,
    encode,
    marked_frames,
    resize,
    synthetic_frames,
)

KEY = WatermarkKey(bytes(range(32)))
ASSET = "0123456789abcdef"
SECOND = 25  # frames


def _marked(width: int, height: int, count: int) -> list[Frame]:
    return list(marked_frames(synthetic_frames(width, height, count), expand(KEY, ASSET)))


def _found_in_each_second(frames: list[Frame]) -> set[str | None]:
    starts = range(0, len(frames) - SECOND + 1, 5)
    detector = Detector(KEY)
    return {detector.detect(frames[start : start + SECOND]).asset_id for start in starts}


@pytest.fixture(scope="module")
def square() -> list[Frame]:
    return _marked(512, 512, 60)


@pytest.mark.parametrize(
    ("width", "height", "count"),
    [
        (256, 256, 50),
        (386, 258, 50),  # neither side a multiple of four
        (640, 360, 50),
        (360, 640, 50),
        (512, 512, 50),
        (720, 1280, 30),
        (1920, 1080, 30),
    ],
)
def test_any_second_is_found_at_each_size_and_quality(
    width: int, height: int, count: int, tmp_path: Path
) -> None:
    frames = _marked(width, height, count)
    for crf in (18, 23, 28):
        assert _found_in_each_second(decode(encode(frames, tmp_path / "a.mp4", crf))) == {ASSET}


def test_three_generations_of_encoding_keep_it(square: list[Frame], tmp_path: Path) -> None:
    for crf in (18, 23, 28):
        square = decode(encode(square, tmp_path / "a.mp4", crf))
    assert _found_in_each_second(square) == {ASSET}


@pytest.mark.parametrize("codec", ["libx265", "libvpx-vp9"])
def test_another_codec_keeps_it(codec: str, square: list[Frame], tmp_path: Path) -> None:
    delivered = decode(encode(square[:SECOND], tmp_path / "a.mp4", 20))
    again = decode(encode(delivered, tmp_path / "b.mkv", 28, codec))
    assert _found_in_each_second(again) == {ASSET}


@pytest.mark.parametrize(("width", "height"), [(256, 256), (640, 360), (1280, 720)])
def test_scaling_the_whole_picture_keeps_it(
    width: int, height: int, square: list[Frame], tmp_path: Path
) -> None:
    scaled = [resize(frame, width, height) for frame in square]
    assert _found_in_each_second(decode(encode(scaled, tmp_path / "a.mp4", 23))) == {ASSET}


@pytest.mark.parametrize(("gain", "shift"), [(1.2, 0), (0.8, 0), (1.0, 3), (1.05, -2)])
def test_a_change_of_colour_keeps_it(
    gain: float, shift: float, square: list[Frame], tmp_path: Path
) -> None:
    changed = [frame.copy() for frame in square]
    for frame in changed:
        chroma = frame[512:].astype(np.float32)
        frame[512:] = np.clip((chroma - 128) * gain + 128 + shift, 0, 255)
    assert _found_in_each_second(decode(encode(changed, tmp_path / "a.mp4", 23))) == {ASSET}


def test_half_the_frame_rate_keeps_it(square: list[Frame], tmp_path: Path) -> None:
    assert Detector(KEY).detect(square[::2]).asset_id == ASSET


def test_pictures_in_other_formats_are_read(square: list[Frame], tmp_path: Path) -> None:
    path = encode(square[:SECOND], tmp_path / "a.mp4", 18)
    frames = decode(path)
    assert detect_file(path, KEY).asset_id == ASSET
    rgb = [cv2.cvtColor(frame, cv2.COLOR_YUV2BGR_I420) for frame in frames]
    _write_rgb(rgb, tmp_path / "b.mov")
    assert detect_file(tmp_path / "b.mov", KEY).asset_id == ASSET


def _write_rgb(pictures: list[Frame], path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("png", rate=25)
        stream.pix_fmt = "rgb24"
        stream.height, stream.width = pictures[0].shape[:2]
        for index, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def test_the_mark_is_hard_to_see(square: list[Frame]) -> None:
    plain = list(synthetic_frames(512, 512, 12))
    for before, after in zip(plain, square, strict=False):
        luma = np.abs(after[:512].astype(int) - before[:512])
        assert luma.max() == 1
        assert luma.mean() < 0.31  # the flattest third of the picture
        assert np.array_equal(before[640:], after[640:])  # Cr untouched
        assert cv2.PSNR(before[512:640], after[512:640]) > 46
        pictures = (cv2.cvtColor(f, cv2.COLOR_YUV2BGR_I420) for f in (before, after))
        assert cv2.PSNR(*pictures) > 44
