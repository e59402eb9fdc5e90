"""Two people to train on: the committed portrait, and one that is drawn from it."""

import json
import shutil
from pathlib import Path
from zlib import crc32

import cv2
import numpy as np
import pytest
from PIL import Image

from generation.portraittalk.training.rights import read_rights
from generation.portraittalk.training.shards import HELD_OUT, TRAIN
from generation.portraittalk.training.speech_set import choose, hear
from generation.portraittalk.training.synthetic import Plan, identity_split, make_person

cv2.setNumThreads(1)
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
PLAN = Plan(seed=3, scenes=2, expressions=1, stills=2, windows=1, frames=6)


@pytest.fixture(scope="session")
def portrait():
    """The public-domain portrait, (512, 512, 3) RGB."""
    with Image.open(FIXTURES / "portrait.png") as image:
        return np.array(image.convert("RGB"))


@pytest.fixture(scope="session")
def folders(tmp_path_factory, portrait):
    """A folder of two portraits, of either split, and one of a speaker."""
    root = tmp_path_factory.mktemp("given")
    people, voices = root / "people", root / "xx_Reader"
    people.mkdir()
    voices.mkdir()
    names = {identity_split(f"face-{n}"): f"face-{n}" for n in range(60)}
    other = np.ascontiguousarray(portrait[:, ::-1, ::-1])  # mirrored, red and blue exchanged
    for split, picture in ((TRAIN, portrait), (HELD_OUT, other)):
        Image.fromarray(picture).save(people / f"{names[split]}.png")
    even = {crc32(f"said-{n}".encode()) % 2: f"said-{n}" for n in range(20)}
    for name in even.values():
        shutil.copy(FIXTURES / "speech.wav", voices / f"{name}.wav")
    return people, voices


@pytest.fixture(scope="session")
def rights(tmp_path_factory):
    """Rights of pictures and voices, as a file."""
    file = tmp_path_factory.mktemp("rights") / "rights.json"
    said = {"source": "tests", "licence": "CC0-1.0", "holder": "nobody", "people": "consented"}
    file.write_text(json.dumps({"portraits": said, "speech": said}))
    return file


@pytest.fixture(scope="session")
def voices(folders, tmp_path_factory):
    """What is heard of the recordings."""
    kept = tmp_path_factory.mktemp("voices")
    chosen = choose([folders[1]], frozenset(), {TRAIN: 5, HELD_OUT: 5})
    return [hear(about, path, kept) for about, path in chosen]


@pytest.fixture(scope="session")
def make(folders, voices, rights):
    """Make both people into a folder."""

    def make_into(root, plan=PLAN):
        said = read_rights(rights, "portraits", "speech")
        for photo in sorted(folders[0].iterdir()):
            split = identity_split(photo.stem)
            heard = [v for v in voices if v.about.split == split]
            assert make_person(photo, photo.stem, root, heard=heard, rights=said, plan=plan)
        return root

    return make_into


@pytest.fixture(scope="session")
def training_set(make, tmp_path_factory):
    """The two people, made."""
    return make(tmp_path_factory.mktemp("set"))
