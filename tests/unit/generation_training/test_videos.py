import json

import av
import numpy as np
import pytest

from generation.__main__ import main
from generation.audio import load
from generation.mesh import MeshEngine
from generation.motion.speaking import from_speech
from generation.portraittalk.training.errors import TrainingDataRefused
from generation.portraittalk.training.shards import WINDOW, Shard
from generation.portraittalk.training.videos import prepare, sidecar
from generation.prompt import PromptEffects
from generation.resident import landmarker
from tests.unit.generation_training.conftest import FIXTURES

RIGHTS = {"source": "tests", "licence": "a contract", "holder": "us", "people": "consented"}


@pytest.fixture(scope="module")
def video(tmp_path_factory, portrait):
    """The portrait speaks for 1.4 s at 30 frames a second, and then is gone."""
    path = tmp_path_factory.mktemp("videos") / "take-1.mp4"
    speech = load(FIXTURES / "speech.wav")
    curves = from_speech(speech, PromptEffects(), seed=1, fps=30.0)
    drawn = MeshEngine(portrait, 256, 256, landmarker=landmarker()).render(curves)
    with av.open(str(path), "w") as out:
        pictures = out.add_stream("libx264", rate=30, options={"preset": "ultrafast"})
        pictures.width = pictures.height = 256
        sound = out.add_stream("aac", rate=16000, layout="mono")
        for _, frame in zip(range(42), drawn, strict=False):
            out.mux(pictures.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        for _ in range(10):
            grey = np.full((256, 256, 3), 128, np.uint8)
            out.mux(pictures.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        said = (speech.samples[: int(16000 * 52 / 30)] * 32767).astype(np.int16)[None]
        block = av.AudioFrame.from_ndarray(said, "s16", "mono")
        block.sample_rate = 16000
        for stream, packet in ((sound, block), (sound, None), (pictures, None)):
            out.mux(stream.encode(packet))
    return path


def describe(video, **said):
    video.with_suffix(".json").write_text(json.dumps({**RIGHTS, "person": "ada", **said}))


def test_a_video_becomes_windows_of_one_face_at_25_frames_a_second(video, tmp_path):
    describe(video, caption="a person at a desk", expression="neutral")
    assert prepare(video, tmp_path) == 1
    shard = Shard(tmp_path / "ada-take-1")
    (clip,) = shard.about.clips
    assert clip.kind == WINDOW
    assert 33 <= clip.count <= 35  # 1.4 s
    assert clip.caption == "a person at a desk"
    assert clip.speech["licence"] == "a contract"
    assert shard.array("heard").shape[:2] == (clip.count, 10)
    assert np.isnan(shard.array("curves")).all()  # nobody knows what moved a real face
    face = shard.points[0].astype(float)
    height = np.linalg.norm(face[10] - face[152]) / 128
    assert height == pytest.approx(0.6, abs=0.03)


def test_a_video_without_a_licence_is_refused_and_says_what_to_do(video, tmp_path):
    video.with_suffix(".json").unlink(missing_ok=True)
    with pytest.raises(TrainingDataRefused, match="no licence") as caught:
        prepare(video, tmp_path)
    assert "take-1.json" in str(caught.value)
    assert '"licence"' in caught.value.remedy
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "said", [{"people": "scraped"}, {"licence": ""}, {"person": ""}, {"person": "../x"}]
)
def test_a_sidecar_that_leaves_something_open_is_refused(video, said):
    describe(video, **said)
    with pytest.raises(TrainingDataRefused):
        sidecar(video)


def test_the_command_takes_what_it_may_and_names_what_it_refused(video, tmp_path, capsys):
    describe(video)
    (video.parent / "other.mp4").write_bytes(video.read_bytes())
    assert main(["prepare-videos", str(video.parent), "--out", str(tmp_path)]) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["ada-take-1"]
    assert "other.mp4 has no licence" in capsys.readouterr().err
