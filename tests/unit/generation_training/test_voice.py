"""The reader of voices, taught by itself what lips do to them."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from generation.portraittalk.training.errors import TrainingDataRefused
from generation.portraittalk.training.loop import Run
from generation.portraittalk.training.parts import Parts
from generation.portraittalk.training.shards import TRAIN, shards
from generation.portraittalk.training.voice import MOUTH, SpokenFrames, VoiceStage
from tests.unit.generation_training.test_stages import SETTINGS, first, latents  # noqa: F401


def test_it_learns_the_curves_and_nothing_else_changes(training_set, latents, first, tmp_path):  # noqa: F811
    begin = first[0] / "averaged"
    stage = VoiceStage(
        Parts.load(begin), SpokenFrames(training_set, TRAIN, seed=0), latents, size=2
    )
    with torch.no_grad():
        before, _ = stage.loss(0, torch.device("cpu"))
    settings = replace(SETTINGS, steps=120, keep_seconds=1e9, rate=1e-2, decay=0.9)
    Run(stage, settings, tmp_path).train()
    after, each = stage.loss(0, torch.device("cpu"))
    assert after < 0.8 * before
    assert each.keys() == set(MOUTH)
    one, other = (Parts.load(f).denoiser.state_dict() for f in (begin, tmp_path / "averaged"))
    changed = {name for name in one if not torch.equal(one[name], other[name])}
    assert changed
    assert all(name.startswith("animate_net.audio.") for name in changed)


def test_it_hears_each_frame_beside_the_curves_that_moved_it(training_set):
    spoken = SpokenFrames(training_set, TRAIN, seed=0)
    heard, curves = spoken.rows([0])
    shard = next(shards(training_set, TRAIN))
    clip = next(c for c in shard.about.clips if c.kind == "window")
    assert np.array_equal(heard, shard.array("heard")[clip.rows].astype(np.float32))
    assert np.array_equal(curves[:, :2], shard.array("curves")[clip.rows][:, :2])
    again = SpokenFrames(training_set, TRAIN, seed=0)
    assert all(map(np.array_equal, again.batch(5, 2), spoken.batch(5, 2)))


def test_people_whose_curves_are_not_known_teach_it_nothing(training_set, tmp_path):
    shard = next(shards(training_set, TRAIN))
    shutil.copytree(shard.folder, tmp_path / shard.folder.name)
    unknown = np.full_like(shard.array("curves"), np.nan)
    np.save(tmp_path / shard.folder.name / "curves.npy", unknown)
    with pytest.raises(TrainingDataRefused, match="curves"):
        SpokenFrames(tmp_path, TRAIN, seed=0)
