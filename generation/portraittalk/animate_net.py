"""AnimateNet: the denoising network, steered by four inputs, its frames seeing each other.

Stable Diffusion's UNet inflated to video by AnimateDiff's motion modules (diffusers'
``UNetMotionModel``) with decoupled cross-attention, a reader of voices and a stem that reads the
drawn face. All that is new adds nothing until it is trained.
"""

from collections.abc import Mapping
from typing import Any, Self

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.controlnets.controlnet import ControlNetConditioningEmbedding, zero_module
from diffusers.models.modeling_utils import ModelMixin
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.models.unets.unet_motion_model import (
    AnimateDiffTransformer3D,
    MotionAdapter,
    UNetMotionModel,
)
from torch import Tensor, nn
from torch.nn import functional

from generation.portraittalk.attention import AUDIO, IDENTITY, STRUCTURE, decouple
from generation.portraittalk.audio_tokens import AudioTokens
from generation.portraittalk.conditions import Conditions, Kept, Weights

_EVERYTHING = Weights()


class FirstFeatures(nn.Conv2d):
    """The first convolution, which adds what comes in as further channels to what it makes."""

    def forward(self, sample: Tensor) -> Tensor:
        """Return features (n, out, h, w) for latents, or latents and features, (n, *, h, w)."""
        features = super().forward(sample[:, : self.in_channels])
        added = sample[:, self.in_channels :]
        return features + added if added.shape[1] else features


class SwitchedMotion(AnimateDiffTransformer3D):
    """A motion module that may be left out: each frame is then drawn as if it were alone.

    Attributes:
        on: set at the beginning of each call of the network and left as it is, because layers
            whose activations are not kept are computed again after the call has ended.
    """

    on = True

    def forward(self, hidden_states: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """Return features (b * f, c, h, w); the same ones when it is switched off."""
        if not self.on:
            return hidden_states
        out: Tensor = super().forward(hidden_states, *args, **kwargs)
        return out


class StructureStem(nn.Module):
    """Small convolutions from a drawn face to the size of the latents, and to tokens."""

    def __init__(self, channels: tuple[int, ...], out: int, tokens: int, token_size: int) -> None:
        """Make the layers.

        Args:
            channels: of the convolutions; each after the first halves the picture.
            out: channels of the features they are added to.
            tokens: a square number of them, or 0 for none.
            token_size: of one.
        """
        super().__init__()
        self.features = ControlNetConditioningEmbedding(out, 3, channels)
        self.to_tokens = nn.Linear(out, token_size) if tokens else None
        self.grid = round(tokens**0.5)

    def forward(self, drawn: Tensor) -> tuple[Tensor, Tensor | None]:
        """Read drawn faces (b, f, 3, H, W), 0..1.

        Returns:
            Features (b, out, f, h, w), and tokens (b, f, n, token_size) or None.
        """
        clips, frames = drawn.shape[:2]
        flat = self.features(drawn.flatten(0, 1))  # (b * f, out, h, w)
        features = flat.unflatten(0, (clips, frames)).transpose(1, 2)
        if self.to_tokens is None:
            return features, None
        cells = functional.adaptive_avg_pool2d(flat, self.grid).flatten(2).transpose(1, 2)
        return features, self.to_tokens(cells).unflatten(0, (clips, frames))


class AnimateNet(ModelMixin, ConfigMixin):  # type: ignore[misc]  # both name the config's file
    """Predicts noise or velocity of b clips of f frames at once."""

    _supports_gradient_checkpointing = True

    @register_to_config
    def __init__(
        self,
        unet_config: dict[str, Any],
        audio_config: dict[str, Any],
        structure_channels: tuple[int, ...] = (16, 32, 96, 256),
        structure_tokens: int = 0,
    ) -> None:
        """Make the network with random weights.

        Args:
            unet_config: how diffusers' UNetMotionModel is made.
            audio_config: `size`, `rows` and more of :class:`AudioTokens`, but its `token_size`.
            structure_channels: of the stem's convolutions; one more than the picture is halved.
            structure_tokens: how many tokens the drawn face becomes beside its features, or 0.
        """
        super().__init__()
        self.unet = UNetMotionModel(**unet_config)
        config = self.unet.config
        first, size = config.block_out_channels[0], config.cross_attention_dim
        self.unet.conv_in = FirstFeatures(config.in_channels, first, 3, padding=1)
        paths = (IDENTITY, AUDIO, STRUCTURE) if structure_tokens else (IDENTITY, AUDIO)
        decouple(self.unet, paths)
        for module in self.unet.modules():
            if isinstance(module, AnimateDiffTransformer3D):
                module.__class__ = SwitchedMotion  # blocks make them, and take no other class
                zero_module(module.proj_out)
        self.audio = AudioTokens(token_size=size, **audio_config)
        self.structure = StructureStem(tuple(structure_channels), first, structure_tokens, size)

    @classmethod
    def from_unet2d(
        cls,
        unet: UNet2DConditionModel,
        audio_config: Mapping[str, Any],
        motion: MotionAdapter | None = None,
        **more: Any,
    ) -> Self:
        """Inflate a picture network to video: its weights kept, everything else adding nothing.

        Args:
            unet: of the Stable-Diffusion-1.5 family.
            audio_config: as in the constructor.
            motion: AnimateDiff's weights, if there are any.
            more: other arguments of the constructor.
        """
        inflated = UNetMotionModel.from_unet2d(unet, motion)
        config = {k: v for k, v in inflated.config.items() if not k.startswith("_")}
        net: Self = cls(unet_config=config, audio_config=dict(audio_config), **more)
        weights = inflated.state_dict()
        if motion is None:  # made up by diffusers; ours are zero where it counts
            weights = {k: v for k, v in weights.items() if "motion_modules" not in k}
        _, unexpected = net.unet.load_state_dict(weights, strict=False)
        if unexpected:
            raise ValueError(f"not of the network: {unexpected[:3]}")
        net.to(unet.dtype)  # type: ignore[arg-type]  # its decorator hides that it is a method
        return net

    @property
    def channels(self) -> int:
        """Channels of the latents."""
        return int(self.unet.config["in_channels"])

    @property
    def positions(self) -> int:
        """Frames that the motion modules know places for: the longest window."""
        return int(self.unet.config["motion_max_seq_length"])

    def forward(
        self,
        sample: Tensor,
        timestep: Tensor | int,
        conditions: Conditions,
        weights: Weights = _EVERYTHING,
        kept: Kept | None = None,
    ) -> Tensor:
        """Return what is predicted, (b, c, f, h, w).

        Args:
            sample: (b, c, f, h, w) noisy latents.
            timestep: one number, or (b,).
            conditions: the inputs of the same b clips.
            weights: how much each counts.
            kept: see :class:`~generation.portraittalk.attention.Steering`.
        """
        frames = sample.shape[2]
        tokens, steering = conditions.read(frames, weights, kept)
        residuals = conditions.residuals_at(weights.identity)
        features = conditions.structure_at(weights.structure)
        for module in self.unet.modules():
            if isinstance(module, SwitchedMotion):
                module.on = weights.motion
        predicted: Tensor = self.unet(
            sample if features is None else torch.cat([sample, features], 1),
            timestep,
            tokens,
            cross_attention_kwargs={"steering": steering},
            down_block_additional_residuals=None if residuals is None else residuals.down,
            mid_block_additional_residual=None if residuals is None else residuals.mid,
            return_dict=False,
        )[0]
        return predicted
