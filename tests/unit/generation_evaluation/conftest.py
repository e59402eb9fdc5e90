"""One short clip, drawn and looked at once, that every test of the judge shares."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from generation.audio import SAMPLE_RATE, Speech, load
from generation.evaluation.alignment import aligned
from generation.evaluation.report import Report
from generation.mesh import MeshEngine
from generation.motion.speaking import from_speech
from generation.prompt import understand
from generation.resident import landmarker
from tests.benchmarks.judging.faults import Clip, judged, make_clip

cv2.setNumThreads(1)
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
SAID = "Please leave your message after the tone. When done hang up or press the pound key."
SIDE = 256


@pytest.fixture(scope="session")
def photo() -> Path:
    return FIXTURES / "portrait.png"


@pytest.fixture(scope="session")
def speech() -> Speech:
    """The sample speech, and most of a second of silence after it."""
    spoken = load(FIXTURES / "speech.wav").samples
    return Speech(np.r_[spoken, np.zeros(int(0.8 * SAMPLE_RATE), np.float32)])


@pytest.fixture(scope="session")
def clip(photo: Path, speech: Speech) -> Clip:
    with Image.open(photo) as image:
        pixels = np.asarray(image.convert("RGB"))
    engine = MeshEngine(pixels, SIDE, SIDE, landmarker=landmarker())
    curves = from_speech(speech, understand("calm"), seed=0)
    return make_clip(engine, (photo, pixels), speech, curves, aligned(speech, SAID))


@pytest.fixture(scope="session")
def sound(clip: Clip) -> Report:
    """The report of the clip as it is."""
    return judged(clip)


@pytest.fixture(scope="session")
def video(clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clip as a file, without sound."""
    path = tmp_path_factory.mktemp("judged") / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "18"})
        stream.width = stream.height = SIDE
        stream.pix_fmt = "yuv420p"
        for frame in clip.frames[:60]:
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path
