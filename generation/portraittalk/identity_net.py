"""IdentityNet: what keeps the face of one person, from one or several portraits.

A copy of the denoising network's encoder (diffusers' ``ControlNetModel``) looks at the clean
latents of a portrait, at the face drawn as it stands in the portrait and as it shall stand in the
frame, and adds what it sees to the denoising network's features by convolutions that begin at
zero. Its own cross-attention sees identity tokens only (after InstantID, arXiv 2401.07519). It
sees no noise: as its answer does not change while a clip is denoised, it is asked once a frame and
not once a step (after ReferenceNet, arXiv 2311.17117).
"""

from typing import Any, Self

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.controlnets.controlnet import ControlNetModel, zero_module
from diffusers.models.embeddings import (
    IPAdapterFaceIDImageProjection,
    IPAdapterPlusImageProjection,
)
from diffusers.models.modeling_utils import ModelMixin
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import Tensor, nn
from torch.nn import functional

from generation.portraittalk.conditions import Residuals

_PATCH = 2  # latents a side
_DRAWINGS = 6  # channels: the face as it shall stand, and as it stands in the portrait


class PortraitTokens(nn.Module):
    """A resampler from the latents of all portraits of a person to some tokens."""

    def __init__(self, channels: int, token_size: int, tokens: int, **resampler: Any) -> None:
        """Make the layers; `resampler` says how IP-Adapter's is made, beside its sizes."""
        super().__init__()
        patch = (channels + 2) * _PATCH**2  # and where it lies
        self.resampler = IPAdapterPlusImageProjection(
            embed_dims=patch, output_dims=token_size, num_queries=tokens, **resampler
        )

    def forward(self, latents: Tensor) -> Tensor:
        """Return tokens (b, n, size) for latents (b, r, c, h, w) of r portraits each."""
        clips, portraits, _, height, width = latents.shape
        y = torch.linspace(-1, 1, height, device=latents.device, dtype=latents.dtype)
        x = torch.linspace(-1, 1, width, device=latents.device, dtype=latents.dtype)
        place = torch.stack(torch.meshgrid(y, x, indexing="ij"))  # (2, h, w)
        placed = torch.cat([latents, place.expand(clips, portraits, -1, -1, -1)], dim=2)
        patches = functional.pixel_unshuffle(placed, _PATCH).flatten(3)  # (b, r, patch, h * w / 4)
        tokens: Tensor = self.resampler(patches.transpose(2, 3).flatten(1, 2))
        return tokens


class IdentityNet(ModelMixin, ConfigMixin):  # type: ignore[misc]  # both name the config's file
    """Identity tokens, and what is added to the features of each frame."""

    _supports_gradient_checkpointing = True

    @register_to_config
    def __init__(
        self,
        encoder_config: dict[str, Any],
        embedding_size: int = 128,
        face_tokens: int = 4,
        portrait_tokens: int = 12,
        resampler_config: dict[str, Any] | None = None,
    ) -> None:
        """Make the network with random weights.

        Args:
            encoder_config: how diffusers' ControlNetModel is made.
            embedding_size: of a face: 128 for dlib's network, 512 for ArcFace's.
            face_tokens: made of the embedding.
            portrait_tokens: made of the portraits' latents.
            resampler_config: how IP-Adapter's resampler is made, beside its sizes.
        """
        super().__init__()
        self.encoder = ControlNetModel(**{**encoder_config, "conditioning_channels": _DRAWINGS})
        config = self.encoder.config
        size = config.cross_attention_dim
        self.face = IPAdapterFaceIDImageProjection(embedding_size, size, 2, face_tokens)
        self.portrait = PortraitTokens(
            config.in_channels, size, portrait_tokens, **(resampler_config or {})
        )
        self.null = nn.Parameter(torch.randn(face_tokens + portrait_tokens, size) * 0.02)
        zeros = (*self.encoder.controlnet_down_blocks, self.encoder.controlnet_mid_block)
        # All portraits count the same until it is trained.
        self.choice = nn.ModuleList(
            zero_module(nn.Conv2d(each.out_channels, 1, 1)) for each in zeros
        )

    @classmethod
    def from_unet2d(cls, unet: UNet2DConditionModel, *sizes: int, **more: Any) -> Self:
        """Copy the encoder of a picture network; its answer is nothing until it is trained.

        Args:
            unet: of the Stable-Diffusion-1.5 family.
            sizes: as in the constructor.
            more: other arguments of the constructor.
        """
        copied = ControlNetModel.from_unet(unet, conditioning_channels=_DRAWINGS)
        config = {k: v for k, v in copied.config.items() if not k.startswith("_")}
        net: Self = cls(config, *sizes, **more)
        net.encoder.load_state_dict(copied.state_dict())
        net.to(unet.dtype)  # type: ignore[arg-type]  # its decorator hides that it is a method
        return net

    @property
    def channels(self) -> int:
        """Channels of the latents."""
        return int(self.encoder.config["in_channels"])

    def tokens(self, embeddings: Tensor, latents: Tensor) -> Tensor:
        """Return identity tokens (b, n, size).

        Args:
            embeddings: (b, r, embedding_size) of the faces in r portraits of one person.
            latents: (b, r, c, h, w) of those portraits, at the scale of the sample's.
        """
        directions = functional.normalize(embeddings, dim=-1).mean(1)
        face = self.face(functional.normalize(directions, dim=-1))
        return torch.cat([face, self.portrait(latents)], dim=1)

    def nobody(self, clips: int) -> Tensor:
        """Return the learnt tokens (b, n, size) of no person in particular, for guidance."""
        return self.null.expand(clips, *self.null.shape)

    def forward(
        self, latents: Tensor, drawn: Tensor, drawn_portraits: Tensor, tokens: Tensor
    ) -> Residuals:
        """Return what is added to each frame's features.

        Args:
            latents: (b, r, c, h, w) of r portraits.
            drawn: (b, f, 3, H, W) 0..1, the face as it shall stand.
            drawn_portraits: (b, r, 3, H, W) 0..1, the face as it stands in each portrait.
            tokens: (b, n, size) of :meth:`tokens`.
        """
        clips, portraits = latents.shape[:2]
        frames = drawn.shape[1]
        shape = (clips, frames, portraits)
        there = drawn[:, :, None].expand(*shape, -1, -1, -1)
        here = drawn_portraits[:, None].expand(*shape, -1, -1, -1)
        down, mid = self.encoder(
            latents[:, None].expand(*shape, -1, -1, -1).flatten(0, 2),
            torch.zeros((), dtype=torch.long, device=latents.device),
            tokens[:, None, None].expand(*shape, -1, -1).flatten(0, 2),
            torch.cat([there, here], dim=3).flatten(0, 2),
            return_dict=False,
        )
        chosen = [
            self._choose(seen, choice, portraits)
            for seen, choice in zip((*down, mid), self.choice, strict=True)
        ]
        return Residuals(tuple(chosen[:-1]), chosen[-1])

    @staticmethod
    def _choose(seen: Tensor, choice: nn.Module, portraits: int) -> Tensor:
        """Return (b * f, c, h, w): at each place, most of the portrait that shows it best."""
        if portraits == 1:
            return seen
        each = seen.unflatten(0, (-1, portraits))  # (b * f, r, c, h, w)
        score = choice(seen).unflatten(0, (-1, portraits))  # (b * f, r, 1, h, w)
        mixed: Tensor = (score.softmax(dim=1) * each).sum(dim=1)
        return mixed
