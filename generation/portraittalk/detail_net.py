"""DetailNet: what latents lose of a person, given back from their photo.

An autoencoder of 24 to 1 forgets skin, hair and cloth, and the photo still has them. A small
network sees a drawn picture beside the photo, says for each place how far away in the photo it is
found (a field of shifts to sample by, arXiv 1506.02025), and adds what is of use there: nothing
where the prompt has changed what is seen. It reads latents and prompt as well: whether a background
is blurred on purpose is told there, and hardly by a picture that is soft anyway. A decoder that is
shown known pixels does the same (arXiv 2306.04632); this one is beside it, so that latents and what
was trained on them stay.
"""

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.controlnets.controlnet import zero_module
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn
from torch.nn import functional

_PATCH = 2  # px a side: nothing is convolved at the full size
_COLOURS = 3 * _PATCH**2
_CONTEXT = 16  # channels of what the coarse half tells the fine one


class DetailNet(ModelMixin, ConfigMixin):  # type: ignore[misc]  # both name the config's file
    """Pictures and a photo of the same person to pictures with the photo's detail."""

    @register_to_config
    def __init__(
        self,
        channels: int = 8,
        token_size: int = 128,
        width: int = 32,
        coarse: int = 36,
        reach: float = 0.1,
    ) -> None:
        """Make a network that changes nothing yet.

        Args:
            channels: of latents.
            token_size: of the text encoder's states.
            width: channels at half the pictures' size.
            coarse: channels at a quarter of it, where shifts are found.
            reach: the furthest shift, of half a picture.
        """
        super().__init__()
        self.see = _conv(2 * _COLOURS, width)
        self.down = _conv(width, coarse, stride=2)
        self.read, self.listen = _conv(channels, coarse), nn.Linear(token_size, coarse)
        self.near, self.far = _conv(coarse, coarse), _conv(coarse, coarse, dilation=2)
        self.shift = _conv(coarse, 2)
        self.tell = nn.Conv2d(coarse, _CONTEXT, 1)
        self.join = _conv(2 * _COLOURS + width + _CONTEXT, width)
        self.refine, self.out = _conv(width, width), _conv(width, _COLOURS)
        for layer in (self.shift, self.out):
            zero_module(layer)
        self._reach = reach

    def forward(
        self, pictures: Tensor, photos: Tensor, latents: Tensor, text: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the pictures with the photos' detail, and the photos as they were shifted.

        Args:
            pictures: (b, 3, H, W) in -1..1, drawn; both sizes multiples of 4.
            photos: (b, 3, H, W) in -1..1, of whom each shows, cut in the same way.
            latents: (b, c, h, w) of about unit variance, which the pictures were decoded from.
            text: (b, n, token_size) states of the prompt that they were drawn by.
        """
        seen = functional.silu(self.see(torch.cat([_patches(pictures), _patches(photos)], 1)))
        wide = self.down(seen)
        read = functional.interpolate(self.read(latents), size=wide.shape[-2:], mode="nearest")
        wide = functional.silu(wide + read + self.listen(text.mean(1))[:, :, None, None])
        wide = wide + functional.silu(self.near(wide))
        wide = wide + functional.silu(self.far(wide))
        shifted = self._shifted(photos, wide)
        told = functional.interpolate(self.tell(wide), scale_factor=2.0, mode="nearest")
        fine = torch.cat([_patches(pictures), _patches(shifted), seen, told], 1)
        fine = functional.silu(self.join(fine))
        fine = fine + functional.silu(self.refine(fine))
        return pictures + functional.pixel_shuffle(self.out(fine), _PATCH), shifted

    def _shifted(self, photos: Tensor, wide: Tensor) -> Tensor:
        """Return each place's pixels of the photo; in single precision: places are fractions."""
        size = photos.shape[-2:]
        shifts = functional.interpolate(
            self.shift(wide).float(), size=size, mode="bilinear", align_corners=False
        )
        steady = torch.eye(2, 3, device=photos.device).expand(len(photos), 2, 3)
        places = functional.affine_grid(steady, list(photos.shape), align_corners=False)
        moved = places + self._reach * torch.tanh(shifts).permute(0, 2, 3, 1)
        found = functional.grid_sample(
            photos.float(), moved, padding_mode="border", align_corners=False
        )
        return found.to(photos.dtype)


def _conv(given: int, made: int, stride: int = 1, dilation: int = 1) -> nn.Conv2d:
    return nn.Conv2d(given, made, 3, stride, dilation, dilation)


def _patches(pictures: Tensor) -> Tensor:
    return functional.pixel_unshuffle(pictures, _PATCH)
