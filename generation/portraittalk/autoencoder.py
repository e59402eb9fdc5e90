"""Pixels to latents and back: diffusers' AutoencoderKL, over patches where speed asks for it."""

from math import isqrt
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.autoencoders.vae import DecoderOutput
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor
from torch.nn import functional

# A pipeline loads a class of ours only if its base is found in the same module: ModelMixin is.
__all__ = ["ModelMixin", "PatchedAutoencoder", "small_autoencoder"]


class PatchedAutoencoder(AutoencoderKL):
    """An AutoencoderKL whose first and last layers see patches of pixels instead of pixels.

    Patches of p x p pixels become 3 p² channels before the first convolution, and the other way
    round after the last one (Shi and others 2016), so that nothing is convolved at the full size:
    on a CPU that is more than twice as fast. `in_channels` says p; with 3 it is 1, and this is
    AutoencoderKL.
    """

    @property
    def _made_with(self) -> Any:
        return self.config  # diffusers types it as a dictionary

    @property
    def patch(self) -> int:
        """Pixels along a patch."""
        return isqrt(int(self._made_with.in_channels) // 3)

    @property
    def scale_factor(self) -> int:
        """Pixels along one latent."""
        return self.patch * int(2 ** (len(self._made_with.block_out_channels) - 1))

    def encode(self, x: Tensor, return_dict: bool = True) -> Any:
        """Encode pictures (b, 3, H, W) in -1..1; returns what AutoencoderKL does."""
        return super().encode(functional.pixel_unshuffle(x, self.patch), return_dict)

    def decode(
        self,
        z: Tensor,
        return_dict: bool = True,
        generator: torch.Generator | None = None,
    ) -> Any:
        """Decode latents (b, c, h, w) to pictures (b, 3, H, W) about -1..1."""
        patches = super().decode(z, return_dict=False, generator=generator)[0]
        sample = functional.pixel_shuffle(patches, self.patch)
        return DecoderOutput(sample=sample) if return_dict else (sample,)

    def to_latents(self, pictures: Tensor) -> Tensor:
        """Return the latents (b, c, h, w), of about unit variance, that a denoiser works on."""
        made = self._made_with
        mode = self.encode(pictures).latent_dist.mode()
        latents: Tensor = (mode - (made.shift_factor or 0.0)) * made.scaling_factor
        return latents

    def to_pictures(self, latents: Tensor) -> Tensor:
        """Return the pictures (b, 3, H, W) of such latents, in -1..1."""
        made = self._made_with
        z = latents / made.scaling_factor + (made.shift_factor or 0.0)
        pictures: Tensor = self.decode(z).sample
        return pictures.clamp(-1, 1)


def small_autoencoder() -> PatchedAutoencoder:
    """Return the one that this project trains, 128 px to 8 x 16 x 16, with random weights."""
    made: PatchedAutoencoder = PatchedAutoencoder(
        in_channels=48,
        out_channels=48,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        block_out_channels=(96, 160),
        layers_per_block=1,
        latent_channels=8,
        norm_num_groups=16,
        sample_size=32,
        mid_block_add_attention=False,
        scaling_factor=1.0,
        shift_factor=0.0,
    )
    return made


# A pipeline of diffusers looks in a network's module for the class that tells how to load it.
__all__ = ["ModelMixin", "PatchedAutoencoder", "small_autoencoder"]
