"""From a real photo and a real voice to frames, with networks of the size that we ship."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from generation.audio import load
from generation.faces.topology import CHIN, LOWER_INNER_LIP, RIGHT_EYE
from generation.motion.curves import Curves
from generation.motion.speaking import from_speech
from generation.portraittalk import features, small
from generation.portraittalk.autoencoder import PatchedAutoencoder, small_autoencoder
from generation.portraittalk.blinking import DEPTH
from generation.portraittalk.clip import Clip, Sampling
from generation.portraittalk.driving import LARGER, Sitter, SpokenDrive, portraits_of
from generation.portraittalk.flow import CELL
from generation.portraittalk.guidance import Guidance
from generation.portraittalk.pipeline import PortraitTalkPipeline
from generation.portraittalk.structure_drawing import mouth_opening
from generation.portraittalk.text import tokenizer_of
from generation.prompt import PromptEffects

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    with Image.open(FIXTURES / "portrait.png") as image:
        return np.array(image.convert("RGB"))


@pytest.fixture(scope="module")
def sitter(photo: np.ndarray) -> Sitter:
    return Sitter.of(photo)


@pytest.fixture(scope="module")
def spoken(sitter: Sitter) -> tuple[SpokenDrive, Curves]:
    speech = load(FIXTURES / "speech.wav")
    curves = from_speech(speech, PromptEffects(), seed=1)
    return SpokenDrive(sitter, curves, features.speech_features(speech)), curves


def test_the_drawn_lips_open_with_the_curves(
    sitter: Sitter, spoken: tuple[SpokenDrive, Curves]
) -> None:
    drive, curves = spoken
    wide = int(np.argmax(curves.gap[:100]))
    shut = int(np.argmin(curves.gap[:100] - curves.close[:100]))
    scenes = {at: drive.scene(at, at + 1) for at in (wide, shut)}
    inside = [(scenes[at].drawn[0, 2] > 0.9).sum() for at in (wide, shut)]
    assert inside[0] > 1.3 * inside[1]
    moved = sitter.geometry.moved(Curves.rest(1))
    assert mouth_opening(moved)[0] < 0.05


def test_any_part_of_a_clip_is_what_the_whole_shows_there(
    spoken: tuple[SpokenDrive, Curves],
) -> None:
    drive, curves = spoken
    assert drive.frames == len(curves)
    whole, part = drive.scene(0, 12), drive.scene(7, 12)
    for name in ("drawn", "voice", "face", "lips", "flow"):
        assert torch.equal(getattr(whole, name)[7:], getattr(part, name))
    assert whole.voice.shape == (12, features.SEEN, features.SIZE)
    assert 0 < whole.lips.mean() < whole.face.mean() < 1
    assert (whole.lips <= 1).all()


def test_where_lips_are_found_in_the_photo_follows_the_curves(
    sitter: Sitter, spoken: tuple[SpokenDrive, Curves]
) -> None:
    drive, curves = spoken
    wide = int(np.argmax(curves.gap[:100]))
    flow = drive.scene(wide, wide + 1).flow[0, :2]
    side = sitter.crop.side
    moved = sitter.geometry.moved(curves)[wide] / LARGER
    for point in (LOWER_INNER_LIP[5], CHIN):
        column, row = (moved[point] / CELL).astype(int)
        away = flow[:, row, column].numpy() * side / 2
        assert np.abs(moved[point] + away - sitter.points[point]).max() < 1.5
    silent = SpokenDrive(sitter, curves, np.zeros((1, features.SIZE), np.float32), mouth=False)
    assert not torch.equal(silent.scene(wide, wide + 1).flow[0, :2], flow)


def test_in_a_blink_lids_are_found_where_they_are_down(
    sitter: Sitter, spoken: tuple[SpokenDrive, Curves]
) -> None:
    curves = spoken[1].with_(blink=np.full(len(spoken[1]), DEPTH, np.float32))
    drive = SpokenDrive(sitter, curves, np.zeros((1, features.SIZE), np.float32))
    flow = drive.scene(0, 1).flow[0]
    moved = sitter.geometry.moved(curves)[0] / LARGER
    lid = RIGHT_EYE[0][4]
    column, row = (moved[lid] / CELL).astype(int)
    there, lowered = sitter.points[lid], sitter.blinking.points[lid]
    found = [moved[lid] + flow[part, row, column].numpy() * sitter.crop.side / 2
             for part in (slice(2), slice(2, 4))]  # fmt: skip
    assert np.linalg.norm(found[1] - lowered) < 1 < np.linalg.norm(found[1] - there)
    assert np.linalg.norm(found[0] - there) < np.linalg.norm(found[0] - lowered)
    person = portraits_of([sitter])
    assert not torch.equal(person.blinking, person.pictures)


def test_person_and_clothes_are_found_in_the_square(sitter: Sitter) -> None:
    person, worn = portraits_of([sitter]).parts[0]
    nose, chin = sitter.points[4].astype(int), sitter.points[CHIN].astype(int)
    assert person[nose[1], nose[0]] > 0.9
    assert person[:8, :8].max() < 0.1
    assert worn[nose[1], nose[0]] == 0
    assert worn[chin[1] :].mean() > 10 * worn[: chin[1]].mean()


def test_a_photo_and_a_voice_go_through_networks_of_the_shipped_size(
    photo: np.ndarray, sitter: Sitter, spoken: tuple[SpokenDrive, Curves], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    networks, tokenizer = small.denoiser(), tokenizer_of(["a calm person"], small.PROMPT)
    pipeline = PortraitTalkPipeline(
        small_autoencoder(), small.text_encoder(tokenizer), tokenizer,
        networks.animate_net, networks.identity_net, small.scheduler(),
    )  # fmt: skip
    pipeline.save_pretrained(tmp_path)
    pipeline = PortraitTalkPipeline.from_pretrained(tmp_path)
    assert isinstance(pipeline.vae, PatchedAutoencoder)
    clip = Clip("a calm person", portraits_of([sitter, sitter]), spoken[0])
    frames = pipeline.stream(clip, Sampling(steps=1, window=4, overlap=1, guidance=Guidance()))
    first = next(frames)
    assert first.shape == (small.SIDE, small.SIDE, 3)
    pasted = sitter.crop.paste(photo, first)
    assert pasted.shape == photo.shape
    assert (pasted != photo).any(axis=2).mean() > 0.1
    written = sum(file.stat().st_size for file in tmp_path.rglob("*.safetensors"))
    assert written / 2 < 60e6  # in half precision
