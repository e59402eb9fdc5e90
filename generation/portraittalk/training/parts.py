"""The networks that are trained, made new, loaded from a pipeline, or written as one."""

from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import CLIPTextModel, CLIPTokenizer

from generation.portraittalk import small
from generation.portraittalk.animate_net import AnimateNet
from generation.portraittalk.autoencoder import PatchedAutoencoder
from generation.portraittalk.denoiser import Denoiser
from generation.portraittalk.identity_net import IdentityNet
from generation.portraittalk.pipeline import PortraitTalkPipeline
from generation.portraittalk.text import tokenizer_of
from generation.portraittalk.training import conditions
from generation.portraittalk.training.latents import AUTOENCODER


@dataclass
class Parts:
    """What is trained and what goes with it into a pipeline."""

    denoiser: Denoiser
    text: CLIPTextModel
    tokenizer: CLIPTokenizer

    @classmethod
    def new(cls, captions: list[str]) -> "Parts":
        """Return our own sizes with random weights, and a vocabulary of all that is said."""
        tokenizer = tokenizer_of([*captions, *conditions.words()], small.PROMPT)
        return cls(small.denoiser(), small.text_encoder(tokenizer), tokenizer)

    @classmethod
    def load(cls, folder: Path) -> "Parts":
        """Return those of a pipeline, in single precision also where it was packed in half."""
        animate = AnimateNet.from_pretrained(folder / "animate_net")
        identity = IdentityNet.from_pretrained(folder / "identity_net")
        text = CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32)
        tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
        return cls(Denoiser(animate, identity), text, tokenizer)


def write_pipeline(parts: Parts, latents: Path, folder: Path) -> None:
    """Write a whole pipeline.

    Args:
        parts: as they now stand.
        latents: the folder of latents, for the autoencoder in it.
        folder: to write it to.
    """
    pipeline = PortraitTalkPipeline(
        PatchedAutoencoder.from_pretrained(latents / AUTOENCODER),
        parts.text, parts.tokenizer, parts.denoiser.animate_net, parts.denoiser.identity_net,
        small.scheduler(),
    )  # fmt: skip
    pipeline.save_pretrained(folder)
