import json

import av
import numpy as np
import pytest

from generation.__main__ import main
from generation.evaluation.meanings import MEANINGS
from generation.evaluation.page import page

WORDS = "Please leave your message after the tone."


@pytest.fixture
def heard(photo):
    return str(photo.with_name("speech.wav"))


def test_a_video_is_measured_and_a_page_drawn(video, photo, heard, tmp_path, capsys):
    out = tmp_path / "page.html"
    arguments = ["evaluate", str(video), "--photo", str(photo), "--audio", heard]
    assert main([*arguments, "--reference", str(video), "--json", "--html", str(out)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["frames"] == found["frames_with_face"] == 60
    assert found["measures"]["picture"]["vmaf"]["value"] > 95
    assert found["measures"]["joint"]["joint_S"]["value"] == 0
    assert found["measures"]["SyncNet"]["LSE_C"]["value"] is None
    assert "--syncnet" in found["measures"]["SyncNet"]["LSE_C"]["note"]
    text = out.read_text(encoding="utf-8")
    assert text.count("<svg") == 5
    assert text.count("data:image/jpeg") >= 10
    assert "http" not in text.replace("http-equiv", "")


def test_every_measure_has_words(sound):
    assert set(sound.measures()) <= set(MEANINGS)


def test_a_page_of_a_clip_names_every_measure(sound):
    text = page(sound)
    assert all(f"<code>{name}</code>" in text for name in sound.measures())


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("none.mp4", None, "There is no file"),
        ("text.mp4", b"not a video at all", "is no video"),
        ("empty.mp4", b"", "is no video"),
    ],
)
def test_what_is_no_video_is_refused_with_a_reason(tmp_path, photo, capsys, name, content, says):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert main(["evaluate", str(path), "--photo", str(photo)]) == 2
    assert says in capsys.readouterr().err


def test_a_video_without_sound_asks_for_it(video, photo, capsys):
    assert main(["evaluate", str(video), "--photo", str(photo)]) == 2
    assert "audio" in capsys.readouterr().err


def test_a_video_without_a_face_is_refused(tmp_path, photo, heard, capsys):
    path = tmp_path / "grey.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width = stream.height = 128
        stream.pix_fmt = "yuv420p"
        grey = np.full((128, 128, 3), 90, np.uint8)
        for _ in range(30):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode(None))
    assert main(["evaluate", str(path), "--photo", str(photo), "--audio", heard]) == 2
    assert "A face was found in 0 of 30 frames" in capsys.readouterr().err


def test_a_transcript_that_is_no_text_is_refused(tmp_path, video, photo, heard, capsys):
    path = tmp_path / "words.txt"
    path.write_bytes(b"\xff\xfe\x00broken")
    arguments = ["evaluate", str(video), "--photo", str(photo), "--audio", heard]
    assert main([*arguments, "--transcript", str(path)]) == 2
    assert "UTF-8" in capsys.readouterr().err
