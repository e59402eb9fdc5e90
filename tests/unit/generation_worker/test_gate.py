import json
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from compliance.permit import Verdict
from generation.__main__ import main
from generation.faces.age import age_of_cut, looks_aged
from generation.gate import check_portrait
from generation.gate.findings import Limits, result
from generation.gate.guide import limits_table
from generation.gate.portrait import PORTRAIT_LIMITS
from generation.gate.texts import TEXTS
from generation.gate.trial import TRIAL_LIMITS, apart, tried, try_out
from generation.gate.trial_texts import TRIAL_TEXTS
from generation.media.photo import load_photo
from generation.mesh import MeshEngine
from generation.motion import Curves
from generation.resident import landmarker
from tests.benchmarks.gating.degraded import WAYS
from tests.benchmarks.samples import FIXTURES


def _verdicts(measured):
    return {finding.check: finding.verdict for finding in measured.findings}


def _png_header(path, width, height):
    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )
    return path


# At its worst the sample is only warned about: the engine draws it, or nearly. docs/photo-gate.md
MILD = {"tinted", "drawn", "turned", "off a screen", "compressed", "cut off", "smaller"}


@pytest.fixture(scope="module")
def sharp():
    """The sample portrait and its face, twice as large: nothing but what is done to it is wrong."""
    rgb = load_photo(FIXTURES / "portrait.png").rgb
    large = np.asarray(Image.fromarray(rgb).resize((1024, 1024), Image.Resampling.LANCZOS))
    return large, landmarker().only(large)


def test_the_sample_portrait_is_usable_with_warnings_about_what_is_small_and_open(portrait):
    measured = check_portrait(portrait)
    assert measured.verdict is Verdict.WARNINGS
    doubtful = {check for check, verdict in _verdicts(measured).items() if verdict != "usable"}
    assert doubtful == {"face-height", "mouth-gap"}


def test_a_text_file_named_jpg_is_no_picture(tmp_path):
    path = tmp_path / "me.jpg"
    path.write_text("not a picture")
    measured = check_portrait(path)
    assert (measured.verdict, measured.facts["readable"]) == (Verdict.UNUSABLE, False)
    [finding] = measured.findings
    assert finding.check == "portrait-unreadable"
    assert "JPEG" in finding.remedy["en"]
    assert "JPEG" in finding.remedy["ja"]


def test_a_picture_in_another_format_is_refused(tmp_path, portrait):
    path = tmp_path / "me.jpg"
    Image.open(portrait).save(path, format="BMP")
    assert check_portrait(path).findings[0].check == "portrait-unreadable"


def test_a_truncated_jpeg_is_refused(tmp_path, portrait):
    path = tmp_path / "me.jpg"
    Image.open(portrait).save(path)
    path.write_bytes(path.read_bytes()[:20_000])
    assert check_portrait(path).findings[0].check == "portrait-unreadable"


@pytest.mark.parametrize("megapixels", [50, 120, 200, 900])
def test_a_huge_picture_is_refused_by_its_header_alone(tmp_path, megapixels):
    path = _png_header(tmp_path / "huge.png", 10_000, megapixels * 100)
    measured = check_portrait(path)
    assert measured.verdict is Verdict.UNUSABLE
    assert measured.findings[0].check == "portrait-too-large"


def test_a_picture_without_a_face_says_so(tmp_path):
    path = tmp_path / "sky.png"
    gradient = np.linspace(90, 200, 512).astype(np.uint8)[:, None, None]
    Image.fromarray(np.broadcast_to(gradient, (512, 512, 3)).copy()).save(path)
    measured = check_portrait(path)
    assert measured.verdict is Verdict.UNUSABLE
    assert measured.facts["faces"] == 0


def _two_faces(portrait, folder):
    one = load_photo(portrait).rgb
    path = folder / "two.png"
    Image.fromarray(np.hstack([one, one])).save(path)
    return path


def test_two_faces_are_one_too_many(tmp_path, portrait):
    measured = check_portrait(_two_faces(portrait, tmp_path))
    assert (measured.verdict, measured.facts["faces"]) == (Verdict.UNUSABLE, 2)


def test_a_tiny_face_is_unusable(tmp_path, portrait):
    path = tmp_path / "small.png"
    Image.open(portrait).resize((136, 136)).save(path)
    assert _verdicts(check_portrait(path))["face-height"] is Verdict.UNUSABLE


def test_a_trial_says_of_frames_what_numbers_of_the_photo_only_guess(sharp, tmp_path):
    unharmed, face = sharp
    for way, strength, check in (("enlarged", 25, "trial-blur"), ("cut off", 0.3, "trial-lips")):
        worse = WAYS_OF[way].change(unharmed, face, strength)
        seen = {each.check: each for each in tried(worse, face, 0.25)}
        assert seen[check].verdict is Verdict.UNUSABLE, seen
        assert seen[check].remedy["en"]
        assert seen[check].remedy["ja"]
    assert all(each.verdict is Verdict.USABLE for each in tried(unharmed, face, 0.25))


def test_a_smile_is_another_face_with_lips_that_speak_more_than_a_calm_face_is(sharp):
    smiling, _ = sharp
    calm = next(MeshEngine(smiling, 1024, 1024, landmarker=landmarker()).render(Curves.rest(1)))
    apart_of = [try_out(each, landmarker().only(each)).unlike for each in (calm, smiling)]
    assert apart_of[0] < 0.85 * apart_of[1]


@pytest.mark.parametrize(
    ("foretold", "unlike", "refused"),
    [
        (0.25, 0.15, False),  # a usual face on a usual photo
        (0.34, 0.15, False),  # a bad photo
        (0.36, 0.25, True),  # as bad a photo, of somebody who smiles
        (0.23, 0.37, False),  # somebody who laughs, on a good photo
        (0.28, 0.37, True),  # on one a little worse
        (0.25, 0.41, True),  # somebody whom lips that speak make another one
    ],
)
def test_what_the_photo_lost_and_what_speaking_changes_are_judged_together(
    foretold, unlike, refused
):
    limits = {each.check: each for each in TRIAL_LIMITS}["trial-likeness"]
    verdict = limits.judge(apart(foretold, unlike)).verdict
    assert (verdict is Verdict.UNUSABLE) == refused


def test_a_photo_that_cannot_be_drawn_loses_its_face_in_the_trial(sharp):
    [lost] = tried(np.full((300, 300, 3), 128, np.uint8), sharp[1], 0.25)
    assert (lost.check, lost.verdict, lost.value) == ("trial-face", Verdict.UNUSABLE, 1.0)


def test_another_face_is_foretold_with_what_makes_it_so(sharp, tmp_path):
    unharmed, face = sharp
    for way, check in (
        ("noisy", "noise"),
        ("sunglasses", "eyes-covered"),
        ("mask", "mouth-covered"),
    ):
        worse = WAYS_OF[way].change(unharmed, face, WAYS_OF[way].strengths[-1])
        Image.fromarray(worse).save(tmp_path / "worse.png")
        findings = {each.check: each for each in check_portrait(tmp_path / "worse.png").findings}
        told, text = findings["likeness"], TEXTS[check]
        assert (told.verdict, told.threshold) == (Verdict.UNUSABLE, 0.375)
        assert told.reason["en"].endswith(text.bad_en)
        assert told.reason["ja"].endswith(text.bad_ja)
        assert told.remedy == {"en": text.remedy_en, "ja": text.remedy_ja}


def test_a_lost_photo_is_not_tried(sharp, tmp_path, monkeypatch):
    monkeypatch.setattr("generation.gate.portrait.tried", lambda _: pytest.fail("tried"))
    unharmed, face = sharp
    Image.fromarray(WAYS_OF["dark"].change(unharmed, face, -7)).save(tmp_path / "dark.png")
    assert check_portrait(tmp_path / "dark.png").verdict is Verdict.UNUSABLE


WAYS_OF = {way.name: way for way in WAYS}


@pytest.mark.parametrize(
    ("way", "check"),
    [(way.name, check) for way in WAYS for check in way.checks[:1] if way.name not in MILD],
)
def test_a_portrait_made_hopeless_is_refused_for_what_was_done_to_it(sharp, tmp_path, way, check):
    unharmed, face = sharp
    done = WAYS_OF[way]
    worse = done.change(unharmed, face, done.strengths[-1])
    Image.fromarray(worse).save(tmp_path / "worse.png")
    measured = check_portrait(tmp_path / "worse.png")
    verdicts = _verdicts(measured)
    assert measured.verdict is Verdict.UNUSABLE, verdicts
    named = {c for c, verdict in verdicts.items() if verdict is not Verdict.USABLE}
    assert named & {check, *done.checks, "faces"}


@pytest.mark.parametrize(
    ("way", "check"),
    [
        ("tinted", "colour-cast"),
        ("drawn", "drawing"),
        ("turned", "roll"),
        ("off a screen", "screen"),
        ("compressed", "compression"),
        ("cut off", "face-inside"),
    ],
)
def test_what_the_engine_can_draw_is_warned_about(sharp, tmp_path, way, check):
    unharmed, face = sharp
    worse = WAYS_OF[way].change(unharmed, face, WAYS_OF[way].strengths[-1])
    Image.fromarray(worse).save(tmp_path / "worse.png")
    assert _verdicts(check_portrait(tmp_path / "worse.png"))[check] is Verdict.WARNINGS


def test_a_grey_photo_may_be_a_statue(sharp, tmp_path):
    Image.fromarray(sharp[0]).convert("L").save(tmp_path / "grey.png")
    verdicts = _verdicts(check_portrait(tmp_path / "grey.png"))
    assert verdicts["no-colour"] is Verdict.WARNINGS
    assert verdicts["colour-cast"] is Verdict.USABLE


def test_an_enlarged_photo_is_told_from_a_small_one(sharp, portrait, tmp_path):
    small = _verdicts(check_portrait(portrait))
    assert (small["face-height"], small["face-detail"]) == (Verdict.WARNINGS, Verdict.USABLE)
    unharmed, face = sharp
    Image.fromarray(WAYS_OF["enlarged"].change(unharmed, face, 45)).save(tmp_path / "big.png")
    big = _verdicts(check_portrait(tmp_path / "big.png"))
    assert (big["face-height"], big["face-detail"]) == (Verdict.USABLE, Verdict.WARNINGS)


def test_lips_are_seen_however_the_head_is_tilted(sharp, tmp_path):
    for degrees in (40, 80):
        Image.fromarray(sharp[0]).rotate(degrees).save(tmp_path / "tilted.png")
        tilted = _verdicts(check_portrait(tmp_path / "tilted.png"))
        assert tilted["mouth-covered"] is Verdict.USABLE


def test_ages_are_those_of_the_network_as_its_makers_run_it(portrait):
    """The numbers come from face-api.js itself, on the same pixels."""
    y, x = np.mgrid[:112, :112]
    ramp = np.stack([x * 2, y * 2, x + y], -1).astype(np.uint8)
    assert age_of_cut(ramp) == pytest.approx(9.0691, abs=1e-3)
    rgb = load_photo(portrait).rgb
    assert looks_aged(rgb, landmarker().only(rgb)) == pytest.approx(34.079, abs=0.01)


def test_a_face_that_looks_young_asks_a_person_and_refuses_nothing(portrait, monkeypatch):
    monkeypatch.setattr("generation.gate.portrait.looks_aged", lambda *_: 12.0)
    measured = check_portrait(portrait)
    [young] = [each for each in measured.findings if each.check == "age"]
    assert (young.verdict, measured.verdict) == (Verdict.WARNINGS, Verdict.WARNINGS)
    assert "guardian" in young.remedy["en"]
    assert "同意" in young.remedy["ja"]


def test_a_sheet_draws_what_was_measured(portrait, tmp_path, capsys):
    for photo in (portrait, _two_faces(portrait, tmp_path)):
        sheet = tmp_path / "sheet.png"
        main(["check", str(photo), "--sheet", str(sheet)])
        with Image.open(sheet) as drawn:
            assert drawn.size[0] == 1380
            assert len(set(drawn.convert("RGB").resize((64, 64)).get_flattened_data())) > 200
        sheet.unlink()


def test_a_sheet_that_cannot_be_written_says_what_to_do(portrait, tmp_path, capsys):
    assert main(["check", str(portrait), "--sheet", str(tmp_path / "no" / "sheet.png")]) == 2
    assert ".png" in capsys.readouterr().err


@pytest.mark.parametrize("way", ["blurred", "dark", "flat", "compressed", "noisy", "side light"])
def test_a_portrait_made_a_little_worse_is_not_refused(sharp, tmp_path, way):
    unharmed, face = sharp
    worse = WAYS_OF[way].change(unharmed, face, WAYS_OF[way].strengths[0])
    Image.fromarray(worse).save(tmp_path / "worse.png")
    assert check_portrait(tmp_path / "worse.png").verdict is not Verdict.UNUSABLE


def test_skin_of_any_shade_is_neither_dark_nor_tinted(sharp, tmp_path):
    unharmed, face = sharp
    for stops in (0.4, -0.8, -1.5):
        shade = WAYS_OF["dark"].change(unharmed, face, stops)
        Image.fromarray(shade).save(tmp_path / "shade.png")
        verdicts = _verdicts(check_portrait(tmp_path / "shade.png"))
        assert verdicts["colour-cast"] is Verdict.USABLE
        assert verdicts["contrast"] is Verdict.USABLE
        assert verdicts["mouth-covered"] is Verdict.USABLE


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_shooting_guide_shows_the_limits_that_the_gate_judges_by(checkout, language, capsys):
    page = (checkout / "docs" / "shooting-guide.md").read_text(encoding="utf-8")
    assert limits_table(language) in page, "run `python -m generation guide` and put it in"
    assert main(["guide", "--language", language]) == 0
    assert capsys.readouterr().out.strip() == limits_table(language)


def test_the_page_on_the_gate_names_every_limit(checkout):
    page = (checkout / "docs" / "photo-gate.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    for limits in PORTRAIT_LIMITS:
        [row] = [line for line in rows if f"`{limits.check}`" in line.split("|")[1]]
        for bound in (limits.warn, limits.reject):
            assert not np.isfinite(bound) or f" {bound:g}" in row, limits


def test_a_tilted_head_and_a_dark_photo_are_noticed(tmp_path, portrait):
    turned, dark = tmp_path / "turned.png", tmp_path / "dark.png"
    Image.open(portrait).rotate(30).save(turned)
    Image.fromarray(load_photo(portrait).rgb // 5).save(dark)
    assert _verdicts(check_portrait(turned))["roll"] is Verdict.WARNINGS
    assert _verdicts(check_portrait(dark))["brightness"] is not Verdict.USABLE


def test_a_photo_is_turned_as_its_camera_meant_it(tmp_path, portrait):
    path = tmp_path / "rotated.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    Image.open(portrait).rotate(90).save(path, exif=exif, quality=95)
    assert np.abs(load_photo(path).rgb.astype(int) - load_photo(portrait).rgb).mean() < 2


def test_transparency_becomes_white_and_not_black(tmp_path):
    path = tmp_path / "clear.png"
    Image.new("RGBA", (64, 64), (0, 0, 0, 0)).save(path)
    assert load_photo(path).rgb.min() == 255


def test_limits_work_upwards_and_downwards():
    up, down = Limits("yaw", "", 15, 25), Limits("face-height", "", 200, 100)
    assert [up.judge(v).verdict.value for v in (15, 16, 26)] == [
        "usable",
        "usable-with-warnings",
        "unusable",
    ]
    assert [down.judge(v).verdict.value for v in (200, 150, 99)] == [
        "usable",
        "usable-with-warnings",
        "unusable",
    ]


def test_no_finding_at_all_is_unusable():
    assert result([], {}).verdict is Verdict.UNUSABLE


def test_every_text_is_there_in_both_languages():
    assert all(all(text) for text in (TEXTS | TRIAL_TEXTS).values())


@pytest.mark.parametrize(("name", "status"), [("portrait.png", 0), ("speech.wav", 0)])
def test_the_command_line_says_usable_with_status_0(portrait, name, status, capsys):
    assert main(["check", str(portrait.with_name(name)), "--language", "ja"]) == status
    assert "usable" in capsys.readouterr().out


def test_the_command_line_tells_unusable_from_unreadable(tmp_path, capsys):
    Image.new("RGB", (300, 300), "grey").save(tmp_path / "grey.png")
    (tmp_path / "text.jpg").write_text("text")
    assert main(["check", str(tmp_path / "grey.png")]) == 1
    assert main(["check", str(tmp_path / "text.jpg"), "--json"]) == 2
    printed = capsys.readouterr().out
    assert json.loads(printed[printed.index("{") :])["verdict"] == "unusable"


def test_the_command_line_lists_the_vocabulary(capsys):
    assert main(["vocabulary"]) == 0
    assert "smiling: honoured" in capsys.readouterr().out
