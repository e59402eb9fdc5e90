import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from compliance.permit import Action, Challenge, Prompt
from generation.identity import check_identity
from tests import recordings

cv2.setNumThreads(1)
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
ORDER = (Action.TURN_LEFT, Action.OPEN_MOUTH, Action.BLINK, Action.RAISE_BROWS)


@pytest.fixture(scope="session")
def portrait():
    """The public-domain portrait, (512, 512, 3) RGB."""
    with Image.open(FIXTURES / "portrait.png") as image:
        return np.array(image.convert("RGB"))


@pytest.fixture(scope="session")
def closeup(portrait):
    """The face of it, as large as before a camera."""
    return cv2.resize(portrait[10:270, 95:355], (520, 520), interpolation=cv2.INTER_CUBIC)


@pytest.fixture(scope="session")
def challenge():
    times = (1.7, 4.0, 6.3, 8.6)
    prompts = [Prompt(action, t, t + 2.2) for action, t in zip(ORDER, times, strict=True)]
    return Challenge(tuple(prompts), 11.0)


@pytest.fixture(scope="session")
def moves(challenge):
    return recordings.perform(challenge, seed=3)


@pytest.fixture(scope="session")
def frames(closeup, moves):
    """A drawn head that does what it is asked."""
    return recordings.drawn(closeup, moves)


@pytest.fixture(scope="session")
def clip(frames, tmp_path_factory):
    return recordings.write(tmp_path_factory.mktemp("clips") / "performed.webm", frames)


@pytest.fixture
def judge(tmp_path):
    def judge_(photo, clip, challenge):
        portrait, asked = tmp_path / "portrait.png", tmp_path / "challenge.json"
        Image.fromarray(photo).save(portrait)
        asked.write_text(json.dumps(challenge.to_dict()))
        inputs = {"clip": clip, "portrait": portrait, "challenge": asked}
        return check_identity(inputs, lambda part, stage: None)

    return judge_
