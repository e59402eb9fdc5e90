from dataclasses import replace

import numpy as np
import pytest
import torch

from generation.portraittalk.autoencoder import PatchedAutoencoder
from generation.portraittalk.training.errors import TrainingFailed
from generation.portraittalk.training.frame_batches import FrameBatches
from generation.portraittalk.training.loop import CHECKPOINT, Run, Settings
from generation.portraittalk.training.shards import HELD_OUT
from generation.portraittalk.training.vae import VaeStage, edge_error, weighted_error
from generation.portraittalk.training.vae_check import check

torch.set_num_threads(1)
SETTINGS = Settings(steps=8, batch=2, warmup=2, precision="no", keep_seconds=0.0)


def tiny(channels=(16, 16)):
    torch.manual_seed(0)
    return PatchedAutoencoder(
        in_channels=48, out_channels=48, block_out_channels=channels, norm_num_groups=8,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4, sample_size=32, mid_block_add_attention=False,
    )  # fmt: skip


def run(data, out, model=None):
    return Run(
        VaeStage(FrameBatches(data, "train"), SETTINGS.batch, model or tiny()), SETTINGS, out
    )


class Stopped(Exception):
    """Somebody pulled the plug."""


def test_a_training_that_was_stopped_goes_on_to_the_very_loss_of_an_unbroken_one(
    training_set, tmp_path
):
    unbroken = run(training_set, tmp_path / "unbroken").train()

    def stop(step, loss):
        if step == 5:
            raise Stopped

    with pytest.raises(Stopped):
        run(training_set, tmp_path / "stopped").train(stop)
    again = run(training_set, tmp_path / "stopped")
    assert again.step == 4  # the step it was stopped in had not been kept
    assert again.train() == unbroken
    averaged = PatchedAutoencoder.from_pretrained(tmp_path / "stopped" / "averaged")
    assert averaged.scale_factor == 8


def test_a_checkpoint_of_other_sizes_is_refused(training_set, tmp_path):
    run(training_set, tmp_path).keep()
    with pytest.raises(TrainingFailed, match="another training") as caught:
        run(training_set, tmp_path, tiny((16, 32)))
    assert "--out" in caught.value.remedy


def test_numbers_that_are_none_stop_a_training(training_set, tmp_path):
    model = tiny()
    with torch.no_grad():
        model.decoder.conv_out.bias.fill_(float("nan"))
    with pytest.raises(TrainingFailed, match="nan"):
        run(training_set, tmp_path, model).train()
    assert not (tmp_path / CHECKPOINT).exists()


def test_a_batch_is_drawn_from_the_seed_and_the_step_alone(training_set):
    one, other = (FrameBatches(training_set, "train", seed=1) for _ in range(2))
    one.batch(0, 2)
    for a, b in zip(one.batch(7, 2), other.batch(7, 2), strict=True):
        assert (a == b).all()
    pictures, weights, anchors = one.batch(7, 2)
    assert pictures.shape == (2, 3, 128, 128)
    assert np.abs(pictures).max() <= 1
    assert weights.shape == (2, 1, 128, 128)
    assert weights.max() > 4  # lips and eyes count more
    assert anchors.shape == (2, 5, 2)
    assert (anchors[:, :2, 0] > anchors[:, 2:4, 0]).all()  # the left eye is right, mirrored or not


def test_an_autoencoder_of_patches_gives_pictures_back_at_their_size():
    model = tiny()
    pictures = torch.rand(2, 3, 64, 128) * 2 - 1
    latents = model.to_latents(pictures)
    assert latents.shape == (2, 4, 8, 16)
    assert model.to_pictures(latents).shape == pictures.shape


def test_a_blurred_edge_costs_more_than_a_shift_of_light():
    wanted = torch.zeros(1, 3, 32, 32)
    wanted[..., 16:] = 1
    weights = torch.ones(1, 1, 32, 32)
    blurred = torch.nn.functional.avg_pool2d(wanted, 7, 1, 3, count_include_pad=False)
    lighter = wanted + float(weighted_error(blurred, wanted, weights))
    assert edge_error(blurred, wanted, weights) > 4 * edge_error(lighter, wanted, weights)


def test_an_autoencoder_is_judged_by_mouth_landmarks_and_likeness(training_set, tmp_path):
    tiny().save_pretrained(tmp_path)
    found, sheet = check(tmp_path, training_set, HELD_OUT, each=2)
    assert (found.people, found.frames) == (1, 2)
    assert 3 < found.psnr < 15  # random weights
    assert found.identity > 0.3
    assert sheet.shape == (256, 12 * 128, 3)


def test_an_autoencoder_learns(training_set, tmp_path):
    losses = []
    settings = replace(SETTINGS, steps=60, rate=3e-3, keep_seconds=1e9)
    stage = VaeStage(FrameBatches(training_set, "train"), 2, tiny())
    Run(stage, settings, tmp_path).train(lambda step, loss: losses.append(loss))
    assert np.mean(losses[-10:]) < 0.6 * np.mean(losses[:5])
