"""The visible label: what territories ask for, how it is drawn, and what passes for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from compliance.errors import InvalidInput
from compliance.label import PROFILES, LabelLine, LabelPlace, plan_label, profiles_for
from compliance.label.check import LabelReader, LabelRefused, check_label, read_label
from compliance.label.drawing import Drawn, draw_label, ground_cover
from compliance.label.picture import LabelPicture
from compliance.label.wording import WORDINGS, says_it
from tests.unit.compliance.videos import encode, synthetic_frames

WIDTH, HEIGHT, FPS, FRAMES = 320, 256, 25, 30
TERRITORIES = ["JP", "EU", "US", "CN", "GB", "KR", "SG", "AU"]


def heights(plan: Any) -> dict[str, float]:
    return {line.text: line.height for line in plan.lines}


def test_the_whole_world_is_every_profile() -> None:
    assert profiles_for(["WORLD"]) == PROFILES
    assert profiles_for([]) == PROFILES, "no territory means no exception"
    assert [profile.name for profile in profiles_for(["GB"])] == ["default"]
    assert {p.name for p in profiles_for(TERRITORIES)} == {p.name for p in PROFILES}


@pytest.mark.parametrize("language", sorted(WORDINGS))
@pytest.mark.parametrize("territory", [*TERRITORIES, "WORLD"])
def test_a_label_fulfils_each_of_its_profiles(territory: str, language: str) -> None:
    """One label: as high, as long, as strong and in as many languages as the strictest asks."""
    plan = plan_label([territory, "KR"], language, "Made with AI")

    for profile in profiles_for([territory, "KR"]):
        assert profile.name in plan.profiles
        assert plan.contrast >= profile.contrast
        assert plan.seconds is None or (profile.seconds and plan.seconds >= profile.seconds)
        for spoken in profile.languages or (language,):
            saying = [line for line in plan.lines if says_it(line.text, spoken)]
            assert saying, f"{profile.name}: nothing in {spoken}"
            assert max(line.height for line in saying) >= profile.text_height


def test_china_alone_is_labelled_at_the_start_and_large() -> None:
    plan = plan_label(["CN"], "zh")

    assert plan.lines == (LabelLine("AI生成", 0.05),)
    assert plan.seconds is not None
    assert plan.seconds >= 2
    assert plan.until(25) == 75


def test_with_another_territory_it_stays_for_the_whole_video() -> None:
    assert plan_label(["CN", "EU"], "zh").seconds is None


def test_the_words_of_the_consent_come_first_and_are_never_left_out() -> None:
    plan = plan_label(["CN"], "de", "  Ein   Versuch ")

    assert [line.text for line in plan.lines] == ["Ein Versuch", "KI-generiert", "AI生成"]
    assert heights(plan)["AI生成"] == 0.05


def test_words_that_say_it_need_no_other_words() -> None:
    assert heights(plan_label(["CN"], "ja", "この映像はAIで生成されました")) == {
        "この映像はAIで生成されました": 0.05
    }


@pytest.mark.parametrize(
    ("words", "language", "says"),
    [
        ("Made with AI", "en", True),
        ("MADE WITH AI", "en", True),
        ("AI-generated", "en", True),
        ("ＡＩ生成", "zh", True),
        ("人工智能合成", "zh", True),
        ("She said she made it", "en", False),
        ("Aide created", "en", False),
        ("Made with AI", "de", False),
        ("KI-generiert", "de", True),
        ("Kino, erstellt 2026", "de", False),
        ("AIで作成した映像です", "ja", True),
        ("これは映像です", "ja", False),
        ("인공지능으로 제작", "ko", True),
        ("Generado con inteligencia artificial", "es", True),
    ],
)
def test_what_says_that_a_machine_made_it(words: str, language: str, says: bool) -> None:
    assert says_it(words, language) is says


@pytest.mark.parametrize("size", [(512, 512), (576, 1024), (1024, 576), (1080, 1920), (256, 256)])
@pytest.mark.parametrize("language", ["en", "ja", "zh", "ko"])
def test_letters_are_as_high_as_the_plan_says(size: tuple[int, int], language: str) -> None:
    """Measured in the picture: the rows that hold white, of a word of capital letters."""
    plan = replace(plan_label(["CN"], language), lines=(LabelLine("HHH", 0.05),))

    drawn = draw_label(plan, language, *size, FPS)
    picture = LabelPicture.from_png(drawn.png, drawn.place)

    rows = np.flatnonzero((picture.luma > 180).any(axis=1))
    assert rows.max() - rows.min() + 1 >= 0.05 * min(size)
    drawn.place.check_within(*size)


def test_a_label_is_drawn_the_same_each_time() -> None:
    plan = plan_label(["WORLD"], "ja", "AIで生成した映像です")

    one, other = (draw_label(plan, "ja", 512, 512, FPS) for _ in range(2))

    assert one == other


@pytest.mark.parametrize("contrast", [4.5, 7.0])
def test_white_letters_are_read_on_the_brightest_picture(contrast: float) -> None:
    shown = 1 - ground_cover(contrast)
    luminance = shown / 12.92 if shown <= 0.04045 else ((shown + 0.055) / 1.055) ** 2.4

    assert 1.05 / (luminance + 0.05) >= contrast - 0.01


def test_words_that_would_cover_the_face_are_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        draw_label(plan_label(["EU"], "en", "Made with AI " * 15), "en", 512, 512, FPS)
    assert caught.value.code == "label-too-long"
    with pytest.raises(InvalidInput) as caught:
        draw_label(plan_label(["EU"], "en", "AI" * 40), "en", 512, 512, FPS)
    assert caught.value.code == "label-too-long"


@pytest.mark.parametrize("words", ["Made with AI 🤖", "AI สร้าง"])
def test_letters_that_the_font_lacks_are_refused_and_not_drawn_as_boxes(words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        draw_label(plan_label(["EU"], "en", words), "en", 512, 512, FPS)
    assert caught.value.code == "label-letters"


def test_japanese_is_broken_between_characters_but_no_line_starts_with_a_full_stop() -> None:
    words = "この映像は人工知能で作られています、本人の同意があります。"
    for width in range(360, 640, 20):
        drawn = draw_label(plan_label(["JP"], "ja", words), "ja", width, 900, FPS)
        assert "".join(drawn.lines) == words
        assert not [line for line in drawn.lines if line[0] in "。、"]


@pytest.mark.parametrize(
    "place", [(1, 2, 4, 4), (2, 2, 0, 4), (-2, 2, 4, 4), (2, 2, 4, 4, 9, 9), (2, 2, 4, 4, 0, -1)]
)
def test_a_place_that_no_frame_has_is_none(place: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInput):
        LabelPlace(*place)


@pytest.mark.parametrize(
    "data", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\x89PNG\r\n\x1a\n" + bytes(99)]
)
def test_a_label_that_is_no_png_with_transparency_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        LabelPicture.from_png(data, LabelPlace(2, 2, 8, 8))


def test_a_picture_that_announces_gigabytes_is_not_decoded() -> None:
    ihdr = (100_000).to_bytes(4, "big") * 2 + bytes([8, 6, 0, 0, 0])
    with pytest.raises(InvalidInput):
        LabelPicture.from_png(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + ihdr, LabelPlace(2, 2, 8, 8))


def test_a_label_changes_what_is_under_it_and_nothing_else() -> None:
    label, frame = drawn(), next(synthetic_frames(WIDTH, HEIGHT, 1))
    before = frame.copy()

    LabelPicture.from_png(label.png, label.place).lay_over(frame, label.place)

    place = label.place
    changed = (frame != before)[:HEIGHT]
    assert changed[place.y : place.y + place.height, place.x : place.x + place.width].mean() > 0.9
    changed[place.y : place.y + place.height, place.x : place.x + place.width] = False
    assert not changed.any()
    chroma = (frame != before)[HEIGHT:].reshape(2, HEIGHT // 2, WIDTH // 2)
    chroma[:, place.y // 2 :, place.x // 2 :][:, : place.height // 2, : place.width // 2] = False
    assert not chroma.any()


@cache
def drawn(words: str = "Made with AI", territory: str = "EU") -> Drawn:
    return draw_label(plan_label([territory], "en", words), "en", WIDTH, HEIGHT, FPS)


@dataclass(frozen=True)
class Shown:
    """What is laid over a video instead of its label."""

    label: Drawn | None
    place: LabelPlace | None = None  # as it was drawn
    strength: float = 1.0


def video(path: Path, shown: Shown) -> Path:
    """A real H.264 video of 30 frames with a label, or something like it, over some of them."""

    def frames() -> Any:
        label = shown.label
        for number, frame in enumerate(synthetic_frames(WIDTH, HEIGHT, FRAMES)):
            place = shown.place or (label.place if label else None)
            if label and place and place.shows_in(number):
                picture = LabelPicture.from_png(label.png, place)
                faint = replace(picture, cover=picture.cover * np.float32(shown.strength))
                faint.lay_over(frame, place)
            yield frame

    return encode(frames(), path, 23)


def judged(path: Path, label: Drawn, until: int = 0) -> str:
    place = replace(label.place, until=until)
    reading = read_label(path, LabelPicture.from_png(label.png, place), place)
    return check_label(reading, place, FPS)


def smaller(scale: float) -> LabelPlace:
    place = drawn().place
    return replace(
        place, width=2 * int(place.width * scale / 2), height=2 * int(place.height * scale / 2)
    )


def moved() -> LabelPlace:
    return replace(drawn().place, x=60, y=120)


def test_a_label_that_stands_as_it_has_to_passes(tmp_path: Path) -> None:
    path = video(tmp_path / "a.mp4", Shown(drawn()))

    assert "stands in 30 frames" in judged(path, drawn())


def test_a_label_at_the_start_passes_where_the_start_is_asked_for(tmp_path: Path) -> None:
    path = video(tmp_path / "a.mp4", Shown(drawn(), replace(drawn().place, until=20)))

    assert "stands in 20 frames" in judged(path, drawn(), until=20)


def test_a_video_shorter_than_the_label_has_it_to_its_end(tmp_path: Path) -> None:
    path = video(tmp_path / "a.mp4", Shown(drawn()))

    assert "stands in 30 frames" in judged(path, drawn(), until=75)


@pytest.mark.parametrize(
    ("shown", "code", "until"),
    [
        pytest.param(lambda: Shown(None), "label-missing", 0, id="dropped"),
        pytest.param(lambda: Shown(drawn(), smaller(0.5)), "label-small", 0, id="half size"),
        pytest.param(lambda: Shown(drawn(), smaller(0.8)), "label-small", 0, id="four fifths"),
        pytest.param(lambda: Shown(drawn(), strength=0.3), "label-faint", 0, id="faint"),
        pytest.param(lambda: Shown(drawn(), moved()), "label-elsewhere", 0, id="elsewhere"),
        pytest.param(lambda: Shown(drawn("Made by an AI")), "label-missing", 0, id="other words"),
        pytest.param(lambda: Shown(drawn("Made wish AI")), "label-missing", 0, id="one letter"),
        pytest.param(
            lambda: Shown(drawn(), replace(drawn().place, until=20)), "label-short", 0, id="short"
        ),
        pytest.param(
            lambda: Shown(drawn(), replace(drawn().place, until=29)), "label-short", 0, id="1 frame"
        ),
        pytest.param(
            lambda: Shown(drawn(), replace(drawn().place, first=2)), "label-missing", 0, id="late"
        ),
        pytest.param(lambda: Shown(drawn()), "label-late", 20, id="too long"),
    ],
)
def test_what_is_not_the_label_all_its_time_is_refused(
    shown: Callable[[], Shown], code: str, until: int, tmp_path: Path
) -> None:
    path = video(tmp_path / "a.mp4", shown())

    with pytest.raises(LabelRefused) as caught:
        judged(path, drawn(), until)
    assert caught.value.code == code, caught.value


def test_a_label_that_is_away_for_a_while_is_refused(tmp_path: Path) -> None:
    label = drawn()
    picture = LabelPicture.from_png(label.png, label.place)

    def frames() -> Any:
        for number, frame in enumerate(synthetic_frames(WIDTH, HEIGHT, FRAMES)):
            if number not in (10, 11):
                picture.lay_over(frame, label.place)
            yield frame

    encode(frames(), tmp_path / "a.mp4", 23)

    with pytest.raises(LabelRefused, match="frame 10") as caught:
        judged(tmp_path / "a.mp4", label)
    assert caught.value.code == "label-gap"


def test_a_flat_grey_box_of_the_same_size_is_no_label(tmp_path: Path) -> None:
    label = drawn()
    grey = np.full((label.place.height, label.place.width, 4), (90, 90, 90, 255), np.uint8)
    box = replace(label, png=cv2.imencode(".png", grey)[1].tobytes())

    with pytest.raises(LabelRefused) as caught:
        judged(video(tmp_path / "a.mp4", Shown(box)), label)
    assert caught.value.code == "label-missing"


@pytest.mark.parametrize("blur", [1.0, 1.5, 2.0, 3.0])
def test_a_small_picture_without_a_label_is_not_said_to_have_a_small_one(blur: float) -> None:
    """Some place of any picture is like a label of a few pixels."""
    label = draw_label(plan_label(["JP"], "en", "Made with AI"), "en", 256, 256, FPS)
    reader = LabelReader(LabelPicture.from_png(label.png, label.place), label.place)
    random = np.random.default_rng(1)

    for _ in range(5):
        noise = cv2.GaussianBlur(random.normal(0, 40 * blur, (256, 256)), (0, 0), blur)
        picture = np.clip(128 + noise, 0, 255).astype(np.uint8)
        assert reader.instead(picture) == ("label-missing", "label missing, or another one")
