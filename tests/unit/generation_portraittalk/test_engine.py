"""PortraitTalk as an engine: weights in a folder, whole frames out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from generation import engines
from generation.audio import Speech, load
from generation.drawing import Take
from generation.errors import EngineMissing, InputError, MemoryExhausted, WeightsInvalid
from generation.media.photo import load_photo
from generation.mesh import MeshEngine
from generation.motion import Curves
from generation.motion.speaking import from_speech
from generation.portraittalk import fitting, weights
from generation.portraittalk.artist import artist, asked_by
from generation.portraittalk.clip import Sampling
from generation.portraittalk.cropping import FaceCrop
from generation.portraittalk.engine import PortraitTalkDrawing, at_rate, prepare
from generation.portraittalk.features import RATE, silence, speech_features
from generation.portraittalk.fitting import GIB, fit_for, precision_for
from generation.portraittalk.looks import asked_for
from generation.portraittalk.pasting import Paster, cover
from generation.portraittalk.quiet import hushed
from generation.portraittalk.training.conditions import words
from generation.prompt import PromptEffects, understand
from generation.resident import landmarker
from tests.unit.generation_portraittalk import tiny

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
SIZE = (512, 640)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.saved(tmp_path_factory.mktemp("weights") / "portraittalk")


@pytest.fixture(scope="module")
def found(folder: Path) -> weights.Weights:
    return weights.find({weights.SETTING: str(folder)})


@pytest.fixture(scope="module")
def photo() -> NDArray[np.uint8]:
    return load_photo(FIXTURES / "portrait.png").rgb


@pytest.fixture(scope="module")
def drawing(found: weights.Weights, photo: NDArray[np.uint8]) -> PortraitTalkDrawing:
    return prepare(found, photo, SIZE, PromptEffects(warmth=0.7), None)


@pytest.fixture(scope="module")
def take() -> Take:
    speech = load(FIXTURES / "speech.wav")
    short = Speech(speech.samples[: 16_000 // 2])
    return Take(from_speech(short, PromptEffects(), seed=1), short, seed=1)


def drawn(drawing: PortraitTalkDrawing, take: Take, most: int = 99) -> list[NDArray[np.uint8]]:
    with closing(drawing.frames(take)) as frames:
        return [frame for frame, _ in zip(frames, range(most), strict=False)]


def test_without_weights_it_is_not_offered_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(weights.SETTING, raising=False)
    monkeypatch.setattr(weights, "SHIPPED", tmp_path / "left out")
    assert engines.available() == ("mesh",)
    with pytest.raises(EngineMissing, match="no trained weights") as error:
        engines.get("portraittalk")
    assert weights.SETTING in error.value.remedy
    monkeypatch.setenv(weights.SETTING, str(tmp_path))
    with pytest.raises(EngineMissing, match=r"lacks model_index\.json, vae/config\.json"):
        engines.get("portraittalk")


def test_the_shipped_weights_are_the_pinned_ones_with_a_card_and_small_enough() -> None:
    found = weights.find({})
    assert found.folder == weights.SHIPPED
    assert found.digest == weights.SHIPPED_SHA256
    card = found.folder.with_suffix(".md").read_text("utf-8")
    assert found.digest in card
    files = [file for file in found.folder.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) <= 60_000_000


def test_shipped_weights_that_were_changed_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(weights.SHIPPED, tmp_path / "portraittalk")
    (tmp_path / "portraittalk" / weights.DRAWING).write_text("{}")
    monkeypatch.setattr(weights, "SHIPPED", tmp_path / "portraittalk")
    with pytest.raises(WeightsInvalid, match="is pinned"):
        weights.find({})


def test_a_folder_of_weights_is_all_that_it_needs(
    folder: Path, found: weights.Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(weights.SETTING, str(folder))
    assert engines.available() == ("mesh", "portraittalk")
    engine = engines.get("portraittalk")
    assert engine.weights == engine.models()["portraittalk"] == found.digest
    assert found.how == weights.Steps(steps=2, guidance=1.0)


def test_weights_say_how_much_voice_and_drawn_face_count() -> None:
    usual, asked = asked_by(weights.Steps()), asked_by(weights.Steps(audio=1.5, structure=1.25))
    assert usual == Sampling()
    assert (asked.weights.audio, asked.weights.structure) == (1.5, 1.25)
    assert asked.weights.identity == asked.weights.text == 1.0


def test_weights_that_are_not_the_pinned_ones_are_refused(folder: Path) -> None:
    pinned = {weights.SETTING: str(folder), weights.PIN: "0" * 64}
    with pytest.raises(WeightsInvalid) as error:
        weights.find(pinned)
    assert weights.PIN in error.value.remedy
    assert weights.find(pinned | {weights.PIN: weights.digest_of(folder)}).folder == folder


def test_the_digest_is_of_every_name_and_byte_and_sha256sum_makes_it_too(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two words").write_bytes(b"2")
    (tmp_path / "a").write_bytes(b"1")
    first = weights.digest_of(tmp_path)
    listing = "find . -type f -printf '%P\\n' | LC_ALL=C sort | xargs -d '\\n' sha256sum"
    told = subprocess.check_output(f"{listing} | sha256sum", shell=True, cwd=tmp_path)  # noqa: S602
    assert told.decode().split()[0] == first
    (tmp_path / "a").rename(tmp_path / "c")
    assert weights.digest_of(tmp_path) != first


@pytest.mark.parametrize("said", ["[]", '{"steps": "many"}', '{"unheard_of": 1}', "{"])
def test_weights_that_cannot_say_how_to_draw_are_refused(tmp_path: Path, said: str) -> None:
    (tmp_path / "drawing.json").write_text(said)
    with pytest.raises(WeightsInvalid, match=r"drawing\.json"):
        weights.steps_of(tmp_path)


def test_what_is_no_pipeline_is_refused_in_our_words(folder: Path, tmp_path: Path) -> None:
    for source in folder.rglob("*"):
        if source.is_file():
            copy = tmp_path / source.relative_to(folder)
            copy.parent.mkdir(exist_ok=True)
            copy.write_bytes(source.read_bytes())
    (tmp_path / "animate_net" / "config.json").write_text("{}")
    with pytest.raises(WeightsInvalid, match="no pipeline of PortraitTalk"):
        artist(weights.find({weights.SETTING: str(tmp_path)}))


def test_a_fresh_process_loads_them(folder: Path) -> None:
    code = "from generation.portraittalk import artist, weights; artist.artist(weights.find())"
    told = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], weights.SETTING: str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=FIXTURES.parents[1], env=told, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_every_frame_is_whole_and_the_square_around_the_face_is_the_networks(
    drawing: PortraitTalkDrawing, take: Take
) -> None:
    frames = drawn(drawing, take)
    assert len(frames) == len(take.curves)
    assert {frame.shape for frame in frames} == {(SIZE[1], SIZE[0], 3)}
    with closing(drawing._around.render(take.curves)) as around:
        first = next(around)
    place = drawing._sitter.crop.place
    outside = np.ones(SIZE[::-1], bool)
    outside[
        max(0, place.top) : place.top + place.height, max(0, place.left) : place.left + place.width
    ] = False
    assert np.array_equal(frames[0][outside], first[outside])
    assert (frames[0] != first).any(axis=2)[~outside].mean() > 0.5


def test_a_seed_gives_the_same_frames_and_each_step_is_told(
    drawing: PortraitTalkDrawing, take: Take
) -> None:
    told: list[float] = []
    again = Take(take.curves, take.speech, take.seed, tell=told.append)
    assert np.array_equal(drawn(drawing, take, 2)[1], drawn(drawing, again)[1])
    clip = tiny.clip(len(take.curves))
    steps = drawing._drawer.pipeline.steps(clip, drawing._drawer.sampling)
    assert len(told) == steps + 1
    assert told == sorted(told)
    assert told[0] == 0
    assert told[-1] < 1


def test_it_ends_within_the_step_in_which_it_is_told_to(
    drawing: PortraitTalkDrawing, take: Take
) -> None:
    told: list[float] = []

    class Enough(Exception):
        pass

    def stop(part: float) -> None:
        told.append(part)
        if len(told) == 2:
            raise Enough

    with pytest.raises(Enough):
        drawn(drawing, Take(take.curves, take.speech, take.seed, tell=stop))
    assert len(told) == 2


def test_a_card_without_memory_is_an_error_of_ours(
    drawing: PortraitTalkDrawing, take: Take
) -> None:
    def exhausted(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    hook = drawing._drawer.pipeline.animate_net.register_forward_pre_hook(exhausted)
    try:
        with pytest.raises(MemoryExhausted, match="CUDA out of memory"):
            drawn(drawing, take)
    finally:
        hook.remove()


def test_more_frames_than_it_learnt_are_refused_and_fewer_are_picked(
    drawing: PortraitTalkDrawing, take: Take
) -> None:
    with pytest.raises(InputError) as error:
        drawn(drawing, Take(Curves.rest(4, fps=30), take.speech))
    assert error.value.code == "engine-frame-rate"
    assert len(drawn(drawing, Take(Curves.rest(5, fps=12), take.speech))) == 5
    slow = Curves.rest(12, fps=12).with_(gap=np.linspace(0, 1, 12, dtype=np.float32))
    resampled = at_rate(slow)
    assert (len(resampled), resampled.fps) == (25, 25)
    assert np.all(np.diff(resampled.gap) >= 0)
    assert at_rate(resampled) is resampled


def test_a_given_picture_for_the_background_is_refused(
    found: weights.Weights, photo: NDArray[np.uint8]
) -> None:
    with pytest.raises(InputError) as error:
        prepare(found, photo, SIZE, PromptEffects(), photo)
    assert error.value.code == "engine-background-picture"


def test_a_perfect_network_leaves_no_seam_and_a_tinted_one_is_matched(
    photo: NDArray[np.uint8],
) -> None:
    engine = MeshEngine(photo, 512, 512, landmarker=landmarker())
    crop = FaceCrop.around(engine.points, 256)
    moving = Curves.rest(8).with_(
        yaw=np.linspace(-10, 10, 8, dtype=np.float32), gap=np.linspace(0, 1, 8, dtype=np.float32)
    )
    plain, tinted = Paster(crop), Paster(crop)
    for frame in engine.render(moving):
        square = crop.cut(frame)
        wrong = np.clip(square + np.array((20, -12, 8), np.int16), 0, 255).astype(np.uint8)
        seen = cast_of(plain.paste(frame, square), frame)
        matched = cast_of(tinted.paste(frame, wrong), frame)
        bare = cast_of(crop.paste(frame, wrong), frame)
        assert seen < 1  # no step along the square's border, no cast inside
        assert matched < bare / 2  # what is left is black cloth: below 0 there is no colour


def cast_of(pasted: NDArray[np.uint8], frame: NDArray[np.uint8]) -> float:
    difference = pasted.astype(np.float32) - frame
    return float(abs(cv2.GaussianBlur(difference, (0, 0), 8)).max())


def test_the_border_of_a_square_is_wholly_the_frames() -> None:
    mask = cover(128)
    assert mask[0].max() < 0.01
    assert mask[:, -1].max() < 0.01
    assert mask[20:-20, 20:-20].min() == 1


def test_hiss_in_a_pause_is_not_heard() -> None:
    rng = np.random.default_rng(0)
    speech = load(FIXTURES / "speech.wav").samples[:16_000]
    hiss = rng.normal(0, 0.004, 32_000).astype(np.float32)
    track = Speech(np.concatenate([speech, hiss, speech]))
    features = speech_features(track)
    heard = hushed(features, track)
    pause = slice(round(1.5 * RATE), round(2.5 * RATE))
    assert (heard[pause] == silence()).all()
    assert (features[pause] != silence()).any()
    assert np.array_equal(heard[: RATE // 2], features[: RATE // 2])


def test_what_a_prompt_asks_for_is_said_in_words_of_the_training() -> None:
    known = {word for text in words() for word in text.replace("{}", "").split()}
    said = "smiling, in warm light, blue background, wearing a red top"
    asked = asked_for(understand(said, engine="portraittalk"))
    assert asked.prompt == (
        "a smiling person in warm light, before a blue background, wearing a red top"
    )
    assert asked.scene().colour == (52, 96, 168)
    assert asked_for(PromptEffects()).prompt == "a calm person"
    for effects in ({"brow": 0.35}, {"smile": -0.6}, {"frown": 0.5}, {"brightness": 0.6}):
        prompt = asked_for(PromptEffects(**effects)).prompt  # type: ignore[arg-type]
        assert prompt != "a calm person"
        assert set(prompt.replace(",", "").split()) <= known


@pytest.mark.parametrize(
    ("gib", "side", "window"),
    [
        (79.2, 512, 32), (39.4, 512, 24), (23.5, 512, 16), (15.7, 512, 12), (11.7, 512, 12),
        (7.6, 512, 8), (7.6, 128, 32), (79.2, 1024, 12),
    ],
)  # fmt: skip
def test_how_many_frames_are_drawn_at_once_is_up_to_the_card(
    gib: float, side: int, window: int
) -> None:
    assert fit_for(round(gib * GIB), side).window == window


def test_smaller_cards_never_do_more_at_once() -> None:
    fits = [fit for _, fit in fitting.TABLE]
    assert [fit.window for fit in fits] == sorted((f.window for f in fits), reverse=True)
    together = [fit.decoded_together for fit in fits]
    assert together == sorted(together, reverse=True)
    assert fits[-1].tiled
    assert fit_for(None, 512) == fitting.ON_CPU


def test_half_precision_is_for_cards_alone() -> None:
    assert precision_for(None, knows_bf16=False) == "fp32"
    assert precision_for(GIB, knows_bf16=False) == "fp16"
    assert precision_for(GIB, knows_bf16=True) == "bf16"


@pytest.mark.gpu
def test_a_card_draws_in_half_precision_within_its_ceiling(
    found: weights.Weights, drawing: PortraitTalkDrawing, take: Take
) -> None:
    drawer = artist(found)
    assert drawer.pipeline.animate_net.device.type == "cuda"
    assert drawer.pipeline.animate_net.dtype in (torch.float16, torch.bfloat16)
    torch.cuda.reset_peak_memory_stats()
    assert len(drawn(drawing, take)) == len(take.curves)
    whole = torch.cuda.get_device_properties(0).total_memory
    assert torch.cuda.max_memory_reserved() < fitting.CEILING * whole


@pytest.mark.gpu
def test_a_full_card_is_an_error_of_ours(drawing: PortraitTalkDrawing, take: Take) -> None:
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(1e-6)
    try:
        with pytest.raises(MemoryExhausted):
            drawn(drawing, take)
    finally:
        torch.cuda.set_per_process_memory_fraction(fitting.CEILING)
