"""How the networks of the tests are made, and something to put into them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from generation.portraittalk import features, small
from generation.portraittalk.animate_net import AnimateNet
from generation.portraittalk.autoencoder import PatchedAutoencoder
from generation.portraittalk.clip import PARTS, Clip, Portraits, Scene, WholeScene
from generation.portraittalk.denoiser import Inputs
from generation.portraittalk.flow import CELL
from generation.portraittalk.identity_net import IdentityNet
from generation.portraittalk.pipeline import PortraitTalkPipeline
from generation.portraittalk.text import tokenizer_of

Net = TypeVar("Net", bound=nn.Module)

LATENT, CHANNELS, TOKEN, SIDE = 8, 4, 16, 32  # px of latents, their channels, token size, px
ROWS, SPEECH, FACE = 6, 5, 12  # speech rows a frame hears, their size, size of a face embedding

UNET = {
    "sample_size": LATENT,
    "block_out_channels": (8, 16),
    "down_block_types": ("CrossAttnDownBlockMotion", "DownBlockMotion"),
    "up_block_types": ("UpBlockMotion", "CrossAttnUpBlockMotion"),
    "layers_per_block": 1,
    "norm_num_groups": 4,
    "cross_attention_dim": TOKEN,
    "num_attention_heads": 2,
    "motion_num_attention_heads": 2,
}
PICTURES = {  # the same for one picture
    "sample_size": LATENT,
    "block_out_channels": (8, 16),
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
    "layers_per_block": 1,
    "norm_num_groups": 4,
    "cross_attention_dim": TOKEN,
    "attention_head_dim": 2,
}
ENCODER = {
    "block_out_channels": (8, 16),
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "layers_per_block": 1,
    "norm_num_groups": 4,
    "cross_attention_dim": TOKEN,
    "attention_head_dim": 2,
    "conditioning_embedding_out_channels": (4, 4, 8),
}
AUDIO = {"size": SPEECH, "rows": ROWS, "hidden": 8}
STEM = (4, 4, 8)  # 32 px to 8


def animate_net(structure_tokens: int = 0) -> AnimateNet:
    """Make a network whose every path, motion too, does something."""
    net = AnimateNet(UNET, AUDIO, structure_channels=STEM, structure_tokens=structure_tokens)
    return wake(net).eval()


def identity_net() -> IdentityNet:
    """Make one that adds something."""
    resampler = {"hidden_dims": 8, "depth": 1, "dim_head": 4, "heads": 2}
    net = IdentityNet(ENCODER, FACE, portrait_tokens=3, resampler_config=resampler)
    return wake(net).eval()


def wake(net: Net) -> Net:
    """Give what begins at zero some values, as training would."""
    with torch.no_grad():
        for parameter in net.parameters():
            if not parameter.any():
                parameter.normal_(std=0.2)
    return net


def inputs(clips: int = 1, frames: int = 3, portraits: int = 1) -> Inputs:
    """Make some of everything."""
    sizes = (clips, frames)
    return Inputs(
        text=torch.randn(clips, 5, TOKEN),
        embeddings=torch.randn(clips, portraits, FACE),
        portraits=torch.randn(clips, portraits, CHANNELS, LATENT, LATENT),
        drawn_portraits=torch.rand(clips, portraits, 3, SIDE, SIDE),
        drawn=torch.rand(*sizes, 3, SIDE, SIDE),
        voice=torch.randn(*sizes, ROWS, SPEECH),
        face=torch.ones(*sizes, LATENT, LATENT),
        lips=torch.rand(*sizes, LATENT, LATENT).round(),
    )


def noisy(clips: int = 1, frames: int = 3) -> Tensor:
    """Make noise of the shape of latents."""
    return torch.randn(clips, CHANNELS, frames, LATENT, LATENT)


def vae(latent_channels: int = CHANNELS) -> AutoencoderKL:
    """Make one that halves pictures twice, as Stable Diffusion's does three times."""
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=(4, 4, 8),
        latent_channels=latent_channels,
        norm_num_groups=2,
        sample_size=SIDE,
    ).eval()


def text_parts() -> tuple[CLIPTokenizer, CLIPTextModel]:
    """Make a tokenizer of a few words and its encoder."""
    tokenizer = tokenizer_of(["a smiling person", "a sad person"], length=5)
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=TOKEN,
        intermediate_size=TOKEN,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=5,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return tokenizer, CLIPTextModel(config).eval()


def pipeline() -> PortraitTalkPipeline:
    """Put a whole pipeline together."""
    tokenizer, encoder = text_parts()
    made = PortraitTalkPipeline(
        vae(), encoder, tokenizer, animate_net(), identity_net(), small.scheduler()
    )
    made.set_progress_bar_config(disable=True)
    return made


def whole() -> PortraitTalkPipeline:
    """Put a pipeline together that hears and sees as ours does, 128 px, and knows nothing."""
    tokenizer, encoder = text_parts()
    stem = (4, 4, 4, 8)  # 128 px to 16
    animate = AnimateNet(
        {**UNET, "sample_size": small.LATENT_SIDE},
        {"size": features.SIZE, "rows": features.SEEN, "hidden": 8},
        structure_channels=stem,
    )
    resampler = {"hidden_dims": 8, "depth": 1, "dim_head": 4, "heads": 2}
    identity = IdentityNet(
        {**ENCODER, "conditioning_embedding_out_channels": stem},
        portrait_tokens=3,
        resampler_config=resampler,
    )
    pictures = PatchedAutoencoder(  # the class of ours that is shipped: patches of 4 px
        in_channels=48,
        out_channels=48,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        block_out_channels=(8, 8),
        latent_channels=CHANNELS,
        norm_num_groups=2,
        sample_size=small.SIDE // 4,
    )
    return PortraitTalkPipeline(
        pictures.eval(), encoder, tokenizer, wake(animate).eval(), wake(identity).eval(),
        small.scheduler(),
    )  # fmt: skip


def saved(folder: Path, steps: int = 2) -> Path:
    """Write such a pipeline, always the same, with how it wants to be drawn with."""
    torch.manual_seed(0)
    whole().save_pretrained(folder)
    how = {"steps": steps, "guidance": 1.0}
    (folder / "drawing.json").write_text(json.dumps(how), encoding="utf-8")
    return folder


def clip(frames: int = 5, portraits: int = 1, prompt: str = "a smiling person") -> Clip:
    """Make a clip of noise."""
    make = torch.Generator().manual_seed(7)
    person = Portraits(
        pictures=torch.rand(portraits, 3, SIDE, SIDE, generator=make) * 2 - 1,
        drawn=torch.rand(portraits, 3, SIDE, SIDE, generator=make),
        embeddings=torch.randn(portraits, FACE, generator=make),
        parts=torch.rand(portraits, PARTS, SIDE, SIDE, generator=make),
        blinking=torch.rand(portraits, 3, SIDE, SIDE, generator=make) * 2 - 1,
    )
    scene = Scene(
        drawn=torch.rand(frames, 3, SIDE, SIDE, generator=make),
        voice=torch.randn(frames, ROWS, SPEECH, generator=make),
        face=torch.ones(frames, SIDE, SIDE),
        lips=torch.rand(frames, SIDE, SIDE, generator=make).round(),
        flow=0.05 * torch.randn(frames, 4, SIDE // CELL, SIDE // CELL, generator=make),
    )
    return Clip(prompt, person, WholeScene(scene))
