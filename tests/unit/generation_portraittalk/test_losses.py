"""The losses, against sums done by hand."""

from __future__ import annotations

import pytest
import torch
from diffusers import DDIMScheduler

from generation.portraittalk.losses import mask_reconstruction, min_snr_weights, offset_noise


def test_face_and_lips_count_by_their_mean_whatever_their_size() -> None:
    error = torch.zeros(2, 4, 3, 8, 8)
    face, lips = torch.zeros(2, 3, 8, 8), torch.zeros(2, 3, 8, 8)
    face[:, :, 2:6, 2:6] = 1
    lips[:, :, 5, 3:5] = 1
    error[0, :, :, 5, 3:5] = 1.0  # the lips of the first clip are wrong by 1
    loss = mask_reconstruction(error, face, lips)
    torch.testing.assert_close(loss, torch.tensor([2 / 64 + 0.5 * 2 / 16 + 0.5 * 1.0, 0.0]))


def test_a_clip_without_a_face_has_the_plain_loss() -> None:
    error, none = torch.ones(1, 4, 3, 8, 8), torch.zeros(1, 3, 8, 8)
    torch.testing.assert_close(mask_reconstruction(error, none, none), torch.ones(1))


def test_min_snr_counts_the_step_of_pure_noise_and_bounds_the_clean_ones() -> None:
    scheduler = DDIMScheduler(rescale_betas_zero_snr=True, prediction_type="v_prediction")
    steps = torch.tensor([0, 500, 999])
    weights = min_snr_weights(scheduler, steps, "v_prediction")
    alphas = scheduler.alphas_cumprod[steps]
    snr = alphas / (1 - alphas)
    torch.testing.assert_close(weights, (snr + 1).clamp_max(5) / (snr + 1))
    assert weights[2] == 1
    assert weights[0] < 0.01


def test_an_unknown_prediction_has_no_weights() -> None:
    with pytest.raises(ValueError, match="sample"):
        min_snr_weights(DDIMScheduler(), torch.tensor([1]), "sample")


def test_offset_noise_has_a_value_a_channel_beside_the_noise() -> None:
    noise = offset_noise(torch.zeros(64, 4, 2, 32, 32), torch.Generator().manual_seed(0))
    means = noise.mean((2, 3, 4))
    expected = (0.05**2 + 1 / (2 * 32 * 32)) ** 0.5
    assert means.std() == pytest.approx(expected, rel=0.15)
    again = offset_noise(torch.zeros(64, 4, 2, 32, 32), torch.Generator().manual_seed(0))
    assert torch.equal(noise, again)
