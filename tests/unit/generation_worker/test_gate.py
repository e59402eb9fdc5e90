import json
import struct
import wave
import zlib

import numpy as np
import pytest
from PIL import Image

from compliance.permit import Verdict
from generation.__main__ import main
from generation.errors import PortraitError
from generation.gate import check_portrait, check_voice
from generation.gate.findings import Limits, result
from generation.gate.texts import TEXTS
from generation.media.photo import load_photo


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


def test_two_faces_are_one_too_many(tmp_path, portrait):
    one = load_photo(portrait).rgb
    path = tmp_path / "two.png"
    Image.fromarray(np.hstack([one, one])).save(path)
    measured = check_portrait(path)
    assert (measured.verdict, measured.facts["faces"]) == (Verdict.UNUSABLE, 2)


def test_a_tiny_face_is_unusable(tmp_path, portrait):
    path = tmp_path / "small.png"
    Image.open(portrait).resize((256, 256)).save(path)
    assert _verdicts(check_portrait(path))["face-height"] is Verdict.UNUSABLE


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


def test_sixteen_bit_pictures_are_refused_rather_than_clipped(tmp_path):
    path = tmp_path / "deep.png"
    Image.fromarray(np.full((8, 8), 40_000, np.uint16)).save(path)
    with pytest.raises(PortraitError, match="8 bits"):
        load_photo(path)


def test_the_sample_voice_is_usable(voice):
    assert check_voice(voice).verdict is Verdict.USABLE


def _sound(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def test_noise_without_speech_is_unusable(tmp_path):
    noise = 0.1 * np.random.default_rng(0).normal(size=48000)
    assert _verdicts(check_voice(_sound(tmp_path / "a.wav", noise)))["speech"] is Verdict.UNUSABLE


def test_an_overdriven_and_a_quiet_voice_are_doubtful(tmp_path, voice):
    with wave.open(str(voice)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    loud = check_voice(_sound(tmp_path / "loud.wav", samples * 8))
    quiet = check_voice(_sound(tmp_path / "quiet.wav", samples * 0.02))
    assert _verdicts(loud)["clipping"] is Verdict.WARNINGS
    assert _verdicts(quiet)["level"] is Verdict.WARNINGS


def test_a_voice_of_a_third_of_a_second_is_too_short(tmp_path, voice):
    with wave.open(str(voice)) as file:
        samples = np.frombuffer(file.readframes(5000), "<i2") / 32768
    measured = check_voice(_sound(tmp_path / "a.wav", samples))
    assert _verdicts(measured)["duration"] is Verdict.UNUSABLE


def test_silence_and_a_text_file_are_findings_and_not_errors(tmp_path):
    silence = check_voice(_sound(tmp_path / "a.wav", np.zeros(16000)))
    (tmp_path / "b.wav").write_text("no sound")
    text = check_voice(tmp_path / "b.wav")
    assert [m.findings[0].check for m in (silence, text)] == ["audio-silent", "audio-unreadable"]
    assert {m.verdict for m in (silence, text)} == {Verdict.UNUSABLE}


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
    assert all(all(text) for text in TEXTS.values())


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
