"""A copy that no blind search reads, asked whether it comes from one certain release."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from compliance.errors import InvalidInput
from compliance.watermark import WatermarkKey, expand
from compliance.watermark.companion import add_companion, cell_statistics
from compliance.watermark.finder import Finder
from compliance.watermark.informed import FOUND_BELOW, InformedState, informed, judged, lay_over
from compliance.watermark.reference import Reference
from tests.unit.compliance.videos import Frame, decode, encode, marked_frames, synthetic_frames

KEY = WatermarkKey(bytes(range(32)))
ASSET = "5d1c09e2b7a4f836"  # ids are random
PATTERN = expand(KEY, ASSET)


def _scene() -> list[Frame]:
    """Return 25 frames with flat parts, as portraits have, and detail to find one's way by."""
    frames = []
    for index, frame in enumerate(synthetic_frames(512, 512, 25)):
        picture = cv2.GaussianBlur(cv2.cvtColor(frame, cv2.COLOR_YUV2BGR_I420), (0, 0), 2)
        random = np.random.default_rng(7)
        for x, y in random.integers(20, 490, (40, 2)):
            colour = [int(c) for c in random.integers(40, 220, 3)]
            cv2.circle(picture, (int(x), int(y)), int(random.integers(3, 9)), colour, -1)
        cv2.circle(picture, (256 + index, 300), 20, (60, 60, 160), -1)
        frames.append(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420))
    return frames


@pytest.fixture(scope="module")
def plain() -> list[Frame]:
    return _scene()


@pytest.fixture(scope="module")
def delivered(plain: list[Frame], tmp_path_factory: pytest.TempPathFactory) -> list[Frame]:
    path = tmp_path_factory.mktemp("informed") / "a.mp4"
    return decode(encode(marked_frames(plain, PATTERN), path, 18))


@pytest.fixture(scope="module")
def reference(delivered: list[Frame]) -> Reference:
    return Reference.from_bytes(Reference.of(delivered).to_bytes())


def _changed(frames: list[Frame], change: Callable[[Frame], Frame], path: Path) -> list[Frame]:
    pictures = (change(cv2.cvtColor(frame, cv2.COLOR_YUV2BGR_I420)) for frame in frames)
    planes = (cv2.cvtColor(np.ascontiguousarray(p), cv2.COLOR_BGR2YUV_I420) for p in pictures)
    return decode(encode(planes, path, 23))


def _grey(picture: Frame) -> Frame:
    return np.repeat(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)[..., None], 3, axis=2)


def _in_a_corner(picture: Frame) -> Frame:
    whole = np.full_like(picture, 90)
    whole[40:376, 150:486] = cv2.resize(picture, (336, 336), interpolation=cv2.INTER_AREA)
    return whole


def _filmed(picture: Frame) -> Frame:
    corners = np.array([[0, 0], [512, 0], [512, 512], [0, 512]], np.float32)
    seen = np.array([[30, 46], [476, 16], [496, 480], [20, 460]], np.float32)
    return cv2.warpPerspective(picture, cv2.getPerspectiveTransform(corners, seen), (512, 512))


CHANGES: dict[str, Callable[[Frame], Frame]] = {
    "nothing": lambda p: p,
    "grey": _grey,
    "mirrored grey": lambda p: _grey(p)[:, ::-1],
    "a picture in a picture": _in_a_corner,
    "a filmed screen": _filmed,
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_release_is_found_in_what_was_made_of_it(
    name: str, delivered: list[Frame], reference: Reference, tmp_path: Path
) -> None:
    copy = _changed(delivered, CHANGES[name], tmp_path / "b.mp4")
    found = informed(copy, reference, KEY, ASSET)
    assert found.state is InformedState.FOUND
    assert found.p_value < 1e-6
    assert found.likeness > 0.7


def test_a_grey_copy_is_beyond_the_blind_search(delivered: list[Frame], tmp_path: Path) -> None:
    assert Finder(KEY).find(_changed(delivered, _grey, tmp_path / "b.mp4")).asset_id is None


def test_the_same_pictures_without_the_mark_are_not_found(
    plain: list[Frame], reference: Reference
) -> None:
    found = informed(plain, reference, KEY, ASSET)
    assert found.likeness > 0.9
    assert found.state is InformedState.NOT_FOUND


def test_another_release_of_the_same_pictures_is_not_found(
    plain: list[Frame], reference: Reference
) -> None:
    other = list(marked_frames(plain, expand(KEY, "e2408bd3917f6c05")))
    assert informed(other, reference, KEY, ASSET).state is InformedState.NOT_FOUND


def test_no_chance_is_understated(delivered: list[Frame], reference: Reference) -> None:
    laid = lay_over(delivered, reference)
    assert laid is not None
    evidence = laid.under(KEY)
    random = np.random.default_rng(300)
    others = np.array([evidence.chances(random.bytes(8).hex()) for _ in range(400)])
    for p in (0.1, 0.01):
        assert ((others <= p).mean(axis=0) <= p).all()
    assert others.min() > FOUND_BELOW
    assert max(evidence.chances(ASSET)) < 1e-15


def test_an_id_that_can_be_read_is_the_only_one(
    delivered: list[Frame], reference: Reference
) -> None:
    other = ASSET[:-1] + "7"  # a bit apart: most of its coded bits are the same
    found = informed(delivered, reference, KEY, other)
    assert (found.state, found.read) == (InformedState.NOT_FOUND, ASSET)


def test_who_asks_for_many_has_to_be_surer() -> None:
    one = judged(1e-8, 0.9)
    assert one.state is InformedState.FOUND
    assert one.one_of(1000).state is InformedState.WEAKLY
    assert one.one_of(10**9) == judged(1.0, 0.9)


def test_other_pictures_cannot_be_laid_over_it(reference: Reference) -> None:
    random = np.random.default_rng(3)
    noise = [random.integers(16, 235, (768, 512), np.uint8) for _ in range(3)]
    found = informed(noise, reference, KEY, ASSET)
    assert (found.state, found.p_value, found.likeness) == (InformedState.NOT_FOUND, 1.0, 0.0)
    assert informed([], reference, KEY, ASSET).state is InformedState.NOT_FOUND


def test_a_reference_survives_being_kept_and_stays_small(delivered: list[Frame]) -> None:
    made = Reference.of(delivered * 80)  # 80 seconds
    data = made.to_bytes()
    read = Reference.from_bytes(data)
    assert (read.width, read.height, read.indexes) == (512, 512, made.indexes)
    assert len(made.indexes) <= 32
    assert len(data) < 32 * 20_000
    for before, after in zip(made.pictures, read.pictures, strict=True):
        assert before.shape == after.shape == (384, 256)
        assert cv2.PSNR(before, after) > 30


@pytest.mark.parametrize("size", [(256, 256), (640, 360), (362, 640)])
def test_a_reference_keeps_the_shape(size: tuple[int, int]) -> None:
    picture = Reference.of(synthetic_frames(*size, 1)).pictures[0]
    height, width = picture.shape[0] * 2 // 3, picture.shape[1]
    assert min(width, height) == 256
    assert width / height == pytest.approx(size[0] / size[1], rel=0.01)


@pytest.mark.parametrize("cut", [0, 4, 8, 30, 200, -1])
def test_what_is_no_reference_is_refused(cut: int, reference: Reference) -> None:
    with pytest.raises(InvalidInput) as caught:
        Reference.from_bytes(reference.to_bytes()[:cut])
    assert caught.value.code == "reference-invalid"


def test_no_frame_makes_no_reference() -> None:
    with pytest.raises(InvalidInput):
        Reference.of([])


@pytest.mark.parametrize(("height", "width"), [(256, 256), (512, 512), (720, 406), (358, 630)])
def test_the_companion_moves_each_flat_cell_by_its_sign(height: int, width: int) -> None:
    random = np.random.default_rng(height)
    signs = random.choice(np.array([-1, 1], np.int8), (64, 64))
    noise = random.integers(0, 256, (height, width)).astype(np.uint8)
    before = cv2.GaussianBlur(noise, (0, 0), 9)
    before[: height // 8], before[height // 8 : height // 4] = 0, 255  # and no further than that
    after = before.copy()

    add_companion(after, signs)

    deviation = cell_statistics(before)[1]
    limit = min(4.0, float(np.sort(deviation.ravel())[int(0.3 * 64 * 64)]))
    chosen = np.where(deviation < limit, signs, 0).astype(np.int8)
    spread = cv2.resize(chosen, (width, height), interpolation=cv2.INTER_NEAREST)
    assert np.array_equal(after, np.clip(before.astype(int) + spread, 0, 255))
