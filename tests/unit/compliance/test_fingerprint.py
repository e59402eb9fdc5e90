"""A copy is known by its pictures, and laid beside its original to the tenth of a second."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from compliance.errors import InvalidInput
from compliance.fingerprint import VIEWS, Kind, PrintHash, distance
from compliance.fingerprint.hashes import distinct, picture_hash, small
from compliance.fingerprint.pictures import pack, unpack
from compliance.fingerprint.placing import Part, place
from compliance.fingerprint.prints import Print, border, image_print, video_print
from compliance.provenance.store import manifest_store
from tests.benchmarks import samples

Frames = list[np.ndarray]
START = 1.4  # seconds of the original at which the clip begins


@pytest.fixture(scope="module")
def frames() -> Frames:
    return list(islice(samples.engine().render(samples.curves()), 100))


@pytest.fixture(scope="module")
def original(frames: Frames, tmp_path_factory: pytest.TempPathFactory) -> Print:
    path = tmp_path_factory.mktemp("original") / "original.mp4"
    write(path, frames)
    return video_print(path, views=True)


def write(path: Path, frames: Frames, *, fps: int = 25, crf: int = 23) -> None:
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": str(crf), "preset": "veryfast"}
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


def whole(frame: np.ndarray) -> np.ndarray:
    return frame


def half(frame: np.ndarray) -> np.ndarray:
    return cv2.resize(frame, (256, 256), interpolation=cv2.INTER_AREA)


def cropped(frame: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(frame[26:-26, 26:-26])


def quarter_cropped(frame: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(frame[64:-64, 64:-64])


def mirrored(frame: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(frame[:, ::-1])


def lit(frame: np.ndarray) -> np.ndarray:
    return np.clip(frame.astype(float) * 1.2 + 10, 0, 255).astype(np.uint8)


def boxed(frame: np.ndarray) -> np.ndarray:
    return cv2.copyMakeBorder(frame, 0, 0, 96, 96, cv2.BORDER_CONSTANT)


@pytest.mark.parametrize("change", [whole, half, cropped, quarter_cropped, mirrored, lit, boxed])
def test_a_clip_is_found_and_placed_whatever_was_done_to_it(
    change: Callable[[np.ndarray], np.ndarray], frames: Frames, original: Print, tmp_path: Path
) -> None:
    clip = tmp_path / "clip.mp4"
    write(clip, [change(frame) for frame in frames[round(START * 25) :][:50]], crf=30)
    asked = video_print(clip, views=False)
    apart, view = min(
        (distance(a.bits, b.bits), b.view) for a in asked.hashes for b in original.hashes
    )
    assert apart <= 6
    placed = max(
        (place(asked.pictures, original.pictures, view=view, mirrored=m) for m in (False, True)),
        key=lambda placement: placement.score,
    )
    assert placed.holds
    assert placed.seconds == pytest.approx(START, abs=0.15)
    assert placed.mirrored is (change is mirrored)


def test_a_screenshot_is_found_within_a_video(
    frames: Frames, original: Print, tmp_path: Path
) -> None:
    path = tmp_path / "shot.jpg"
    page = boxed(cv2.resize(frames[60], (700, 700), interpolation=cv2.INTER_LINEAR))
    cv2.imwrite(str(path), page[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 80])
    asked = image_print(path)
    assert min(distance(asked.hashes[0].bits, b.bits) for b in original.hashes) <= 6
    placed = place(asked.pictures, original.pictures)
    assert placed.holds
    assert placed.seconds == pytest.approx(60 / 25, abs=0.5)


def test_a_crop_off_the_middle_is_placed_where_the_mark_says_what_it_shows(
    frames: Frames, original: Print, tmp_path: Path
) -> None:
    clip = tmp_path / "clip.mp4"
    write(
        clip, [np.ascontiguousarray(f[64:448, 128:512]) for f in frames[round(START * 25) :][:50]]
    )
    asked = video_print(clip, views=False)
    placed = place(asked.pictures, original.pictures, part=Part(0.25, 0.125, 0.75, 0.75))
    assert placed.holds
    assert placed.seconds == pytest.approx(START, abs=0.15)
    assert not place(asked.pictures, original.pictures).holds


def test_another_face_is_neither_near_nor_in_place(
    frames: Frames, original: Print, tmp_path: Path
) -> None:
    other = tmp_path / "other.mp4"
    rng = np.random.default_rng(3)
    backdrop = cv2.resize(rng.integers(0, 255, (8, 8, 3)).astype(np.uint8), (512, 512))
    write(other, [cv2.addWeighted(frame, 0.2, backdrop, 0.8, 0) for frame in frames[:50]])
    asked = video_print(other, views=False)
    assert min(distance(a.bits, b.bits) for a in asked.hashes for b in original.hashes) > 10
    assert not place(asked.pictures, original.pictures).holds


def test_a_clip_that_begins_before_its_original_is_placed_before_it(original: Print) -> None:
    late = original.pictures[15:]
    placed = place(original.pictures[10:30], late)
    assert placed.seconds == pytest.approx(-0.5)


def test_every_view_is_hashed_and_what_keeps_still_is_hashed_once(original: Print) -> None:
    assert {each.view for each in original.hashes} == set(range(len(VIEWS)))
    still = [PrintHash(Kind.PICTURE, 0, at, 0b1011) for at in range(5)]
    assert distinct(still, 4) == still[:1]
    assert distinct([*still, PrintHash(Kind.PICTURE, 1, 0, 0b1011)], 4)[-1].view == 1


def test_light_and_contrast_change_no_hash() -> None:
    luma = np.random.default_rng(1).integers(40, 180, (200, 300)).astype(np.uint8)
    assert picture_hash(small(luma)) == picture_hash(small(luma) * 1.3 + 9)


def test_a_border_is_taken_off_and_a_dark_picture_has_none() -> None:
    luma = np.zeros((90, 120), np.uint8)
    luma[20:70, 30:100] = np.random.default_rng(2).integers(0, 255, (50, 70))
    assert border(luma) == (slice(20, 70), slice(30, 100))
    assert border(np.zeros((90, 120), np.uint8)) == (slice(0, 90), slice(0, 120))


def test_small_pictures_come_back_as_they_were(original: Print) -> None:
    assert np.array_equal(unpack(original.pack()), original.pictures)
    for broken in (b"", b"RKP1", b"RKP1\x00", pack(original.pictures)[:-9], b"X" * 40):
        with pytest.raises(InvalidInput):
            unpack(broken)


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("words")
    with pytest.raises(InvalidInput, match="no PNG"):
        image_print(path)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    with pytest.raises(InvalidInput):
        image_print(path)


def test_a_file_without_a_manifest_has_no_store(frames: Frames, tmp_path: Path) -> None:
    path = tmp_path / "plain.mp4"
    write(path, frames[:5])
    with pytest.raises(InvalidInput, match="no manifest store"):
        manifest_store(path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InvalidInput, match="no manifest store"):
        manifest_store(path)
