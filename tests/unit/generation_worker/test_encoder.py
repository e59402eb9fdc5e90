import threading

import av
import numpy as np
import pytest

from compliance.audiomark.files import detect_sound
from compliance.carrier import Carrier
from compliance.watermark.detector import Detector
from generation import engines
from generation.errors import AudioError, EncodingError, EngineMissing
from generation.media.colour import PlaneConverter
from generation.media.encoder import Encoder, VideoFormat
from generation.media.photo import load_photo

SMALL = VideoFormat(512, 512, 25)


@pytest.fixture
def carrier(watermark_key):
    return Carrier.of(watermark_key, "0123456789abcdef")


@pytest.fixture
def picture(portrait):
    return load_photo(portrait).rgb


def _encode(path, picture, count, **options):
    with Encoder(path, SMALL, **options) as encoder:
        for _ in range(count):
            encoder.write(picture)
    return encoder


def test_every_frame_and_the_sound_carry_the_mark(
    tmp_path, picture, short_voice, carrier, watermark_key
):
    path = tmp_path / "a.mp4"
    _encode(path, picture, 33, audio=short_voice, carrier=carrier)
    with av.open(str(path)) as container:
        planes = [frame.to_ndarray() for frame in container.decode(video=0)]
    found = Detector(watermark_key).detect(planes)
    assert (found.state, found.asset_id) == ("found", "0123456789abcdef")
    heard = detect_sound(path, watermark_key, known="0123456789abcdef")
    assert (heard.asset_id, heard.share) == ("0123456789abcdef", 1.0)
    plain = PlaneConverter().planes(picture)
    for frame in planes:  # the mark lives in U: nothing was written without it
        assert np.abs(frame[512:640].astype(int) - plain[512:640]).mean() > 0.5


def test_colours_come_back_as_they_went_in(tmp_path, picture, short_voice, carrier):
    path = tmp_path / "a.mp4"
    _encode(path, picture, 33, audio=short_voice, carrier=carrier)
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        assert (int(frame.colorspace), int(frame.color_range)) == (1, 1)
        luma = frame.to_ndarray()[:512].astype(float)
    expected = 16 + (picture @ np.array([0.2126, 0.7152, 0.0722])) * 219 / 255
    assert (luma - expected).mean() == pytest.approx(0, abs=0.3)


def test_conversion_has_no_drift(picture):
    planes = PlaneConverter().planes(picture).astype(float)
    red, green, blue = (picture[..., i].astype(float) for i in range(3))
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    chroma = ((blue - luma) / 1.8556).reshape(256, 2, 256, 2).mean((1, 3)) * 224 / 255 + 128
    assert (planes[:512] - (16 + luma * 219 / 255)).mean() == pytest.approx(0, abs=0.05)
    assert (planes[512:640].reshape(256, 256) - chroma).mean() == pytest.approx(0, abs=0.05)


def test_sound_and_picture_have_the_length_of_the_voice(tmp_path, picture, short_voice, carrier):
    path = tmp_path / "a.mp4"
    encoder = _encode(path, picture, 33, audio=short_voice, carrier=carrier)
    with av.open(str(path)) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        samples = sum(frame.samples for frame in container.decode(sound))
        assert float(video.duration * video.time_base) == pytest.approx(1.32, abs=0.001)
        assert samples / sound.rate == pytest.approx(1.3, abs=0.1)
    assert encoder.seconds == pytest.approx(1.32)


def test_nothing_is_written_without_a_carrier(tmp_path, short_voice):
    with pytest.raises(EncodingError) as error:
        Encoder(tmp_path / "a.mp4", SMALL, audio=short_voice, carrier=None)
    assert error.value.code == "encoding-unmarked"
    assert list(tmp_path.iterdir()) == []


def test_a_failure_in_the_middle_leaves_no_file(tmp_path, picture, short_voice, carrier):
    path = tmp_path / "a.mp4"

    def draw_and_fail():
        with Encoder(path, SMALL, audio=short_voice, carrier=carrier) as encoder:
            encoder.write(picture)
            raise RuntimeError("the engine broke")

    with pytest.raises(RuntimeError, match="the engine broke"):
        draw_and_fail()
    assert list(tmp_path.iterdir()) == []
    assert not [t for t in threading.enumerate() if t.name.startswith("ahead")]


def test_a_picture_shorter_than_the_voice_is_not_finished(tmp_path, picture, short_voice, carrier):
    with pytest.raises(EncodingError) as error:
        _encode(tmp_path / "a.mp4", picture, 10, audio=short_voice, carrier=carrier)
    assert error.value.code == "encoding-too-short"
    assert list(tmp_path.iterdir()) == []


def test_a_finished_file_is_kept_when_a_new_one_fails(tmp_path, picture, short_voice, carrier):
    path = tmp_path / "a.mp4"
    _encode(path, picture, 33, audio=short_voice, carrier=carrier)
    before = path.read_bytes()
    with pytest.raises(EncodingError):
        _encode(path, picture, 3, audio=short_voice, carrier=carrier)
    assert path.read_bytes() == before


def test_a_frame_of_another_size_is_refused(tmp_path, picture, short_voice, carrier):
    with pytest.raises(EncodingError, match="shape"):
        _encode(tmp_path / "a.mp4", picture[:256], 1, audio=short_voice, carrier=carrier)


def test_a_broken_voice_leaves_no_file(tmp_path, carrier):
    (tmp_path / "voice.wav").write_text("no sound")
    with pytest.raises(AudioError):
        Encoder(tmp_path / "a.mp4", SMALL, audio=tmp_path / "voice.wav", carrier=carrier)
    assert [p.name for p in tmp_path.iterdir()] == ["voice.wav"]


def test_a_folder_that_is_not_there_is_a_clear_error(tmp_path, short_voice, carrier):
    with pytest.raises(EncodingError, match="could not be written"):
        Encoder(tmp_path / "no" / "a.mp4", SMALL, audio=short_voice, carrier=carrier)


def test_the_mesh_engine_is_here_and_says_what_it_draws_with():
    mesh = engines.get("mesh")
    assert engines.available() == ("mesh", "portraittalk")
    looking = {"face_landmarker.task", "selfie_segmentation.tflite"}
    looking |= {"palm_detection_full.tflite", "hand_landmark_full.tflite"}
    assert set(mesh.models()) == looking


@pytest.mark.parametrize("name", ["portraittalk", "unheard-of"])
def test_an_engine_that_is_not_here_says_what_is_missing(name, monkeypatch, tmp_path):
    monkeypatch.delenv("RAKKAN_PORTRAITTALK", raising=False)
    monkeypatch.setattr("generation.portraittalk.weights.SHIPPED", tmp_path / "left out")
    with pytest.raises(EngineMissing) as error:
        engines.get(name)
    assert error.value.code == "engine-missing"
    assert "mesh" in error.value.remedy
