"""What training minimises: named after the papers they come from, pure functions."""

import torch
from diffusers.training_utils import compute_snr
from torch import Tensor

GAMMA = 5.0  # Min-SNR (arXiv 2303.09556)
OFFSET = 0.05  # of the noise (Lin et al., "Common diffusion noise schedules", and CrossLabs)
FACE, LIPS = 0.5, 0.5  # what the masked errors count beside that of the whole picture
_TINY = 1e-6


def offset_noise(like: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Return noise for latents (b, c, f, h, w), with a little of one value a channel and clip.

    Without it a network never learns to make a picture darker or lighter as a whole.
    """
    shape = (*like.shape[:2], 1, 1, 1)
    noise, offset = (
        torch.randn(size, generator=generator, device=like.device, dtype=like.dtype)
        for size in (tuple(like.shape), shape)
    )
    return noise + OFFSET * offset


def mask_reconstruction(error: Tensor, face: Tensor, lips: Tensor) -> Tensor:
    """Return a loss for each clip, (b,): the whole picture, and face and lips once more.

    Each masked error is divided by its mask's size, so that small lips count as much as a face.

    Args:
        error: (b, c, f, h, w) squared.
        face: (b, f, h, w) 0..1.
        lips: (b, f, h, w) 0..1.
    """
    whole = error.mean((1, 2, 3, 4))
    return whole + FACE * masked_mean(error, face) + LIPS * masked_mean(error, lips)


def masked_mean(error: Tensor, mask: Tensor) -> Tensor:
    """Return the mean of an error (b, c, f, h, w) under a mask (b, f, h, w), for each clip."""
    covered = mask.sum((1, 2, 3)) * error.shape[1]
    total = (error * mask[:, None]).sum((1, 2, 3, 4))
    return total / covered.clamp_min(_TINY)


def min_snr_weights(scheduler: object, timesteps: Tensor, prediction_type: str) -> Tensor:
    """Return how much each clip's loss counts, (b,), by Min-SNR.

    For velocities one is added to the SNR first, as diffusers' own training does: where a schedule
    ends in pure noise, its last step would count nothing otherwise, and it is where drawing begins.

    Args:
        scheduler: of diffusers, with `alphas_cumprod`.
        timesteps: (b,).
        prediction_type: "epsilon" or "v_prediction".

    Raises:
        ValueError: another type.
    """
    if prediction_type not in ("epsilon", "v_prediction"):
        raise ValueError(f"no weights for a network that predicts {prediction_type!r}")
    snr: Tensor = compute_snr(scheduler, timesteps)
    if prediction_type == "v_prediction":
        snr = snr + 1
    return snr.clamp_max(GAMMA) / snr.clamp_min(_TINY)
