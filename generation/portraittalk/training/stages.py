"""Both stages of the denoiser: single frames first, then what moves and what is heard.

Stage 1 learns faces, light and words from single frames; stage 2 leaves all of that as it is and
learns the motion modules and the voice's path from windows.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer

from generation.portraittalk import small
from generation.portraittalk.animate_net import AnimateNet
from generation.portraittalk.autoencoder import PatchedAutoencoder
from generation.portraittalk.conditions import Weights
from generation.portraittalk.denoiser import Denoiser
from generation.portraittalk.identity_net import IdentityNet
from generation.portraittalk.losses import mask_reconstruction, min_snr_weights, offset_noise
from generation.portraittalk.pipeline import PortraitTalkPipeline
from generation.portraittalk.text import encode, tokenizer_of
from generation.portraittalk.training import conditions
from generation.portraittalk.training.clip_batches import ClipBatches, Mixture
from generation.portraittalk.training.latents import AUTOENCODER

STILL = Mixture(mouth=0.3)
MOVING = Mixture(mouth=0.7, other_portrait=0.15, several=0.1)
_MOTION, _VOICE = "motion_modules", ("own_k.audio", "own_v.audio")


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
        """Return those of a pipeline."""
        animate = AnimateNet.from_pretrained(folder / "animate_net")
        identity = IdentityNet.from_pretrained(folder / "identity_net")
        text = CLIPTextModel.from_pretrained(folder / "text_encoder")
        tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
        return cls(Denoiser(animate, identity), text, tokenizer)


class Steered(nn.Module):
    """The denoiser and the text encoder as one module, so that one optimizer sees both."""

    def __init__(self, parts: Parts) -> None:
        """Take both."""
        super().__init__()
        self.denoiser, self.text = parts.denoiser, parts.text


class DenoiserStage:
    """Stage 1 (frames of 1) or stage 2 (windows)."""

    def __init__(
        self,
        parts: Parts,
        data: ClipBatches,
        latents: Path,
        *,
        number: int,
        size: int,
        masked: bool = True,
    ) -> None:
        """Prepare a stage.

        Args:
            parts: what is trained.
            data: single frames for stage 1, windows for stage 2.
            latents: the folder of latents, for the autoencoder in it.
            number: 1 or 2.
            size: clips a batch.
            masked: whether face and lips count once more; False to see what that is worth.
        """
        self.name, self.model = f"stage-{number}", Steered(parts)
        self._masked = masked
        self._tokenizer, self._data, self._latents = parts.tokenizer, data, latents
        self._first, self._size = number == 1, size
        scheduler: Any = small.scheduler()
        self._scheduler, self._steps = scheduler, int(scheduler.config.num_train_timesteps)
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad_(is_moving(name) != self._first)

    def loss(self, step: int, device: torch.device) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of one batch, and its parts."""
        batch = self._data.batch(step, self._size, STILL if self._first else MOVING)
        latents = batch.latents.to(device)
        generator = torch.Generator(device).manual_seed(step)
        times = torch.randint(self._steps, (self._size,), generator=generator, device=device)
        noise = offset_noise(latents, generator)
        noisy = self._scheduler.add_noise(latents, noise, times)
        wanted = self._scheduler.get_velocity(latents, noise, times)
        model: Any = self.model
        text = encode(self._tokenizer, model.text, batch.captions)
        inputs = batch.inputs.to(device)
        weights = Weights(audio=0.0, motion=False) if self._first else Weights()
        predicted = model.denoiser(
            noisy, times, replace(inputs, text=text),
            {name: gone.to(device) for name, gone in batch.dropped.items()}, weights,
        )  # fmt: skip
        error = (predicted.float() - wanted).square()
        each = (
            mask_reconstruction(error, inputs.face, inputs.lips)
            if self._masked
            else error.mean((1, 2, 3, 4))
        )
        counted = min_snr_weights(self._scheduler, times, "v_prediction")
        plain = float(error.detach().mean())
        return (each * counted).mean(), {"mse": plain, "unweighted": float(each.detach().mean())}

    def describe(self) -> dict[str, Any]:
        """Return what must be the same when it goes on."""
        count = sum(p.numel() for p in self.model.parameters())
        said = {"name": self.name, "parameters": count, "words": len(self._tokenizer)}
        return said if self._masked else {**said, "masked": False}

    def export(self, folder: Path) -> None:
        """Write a whole pipeline."""
        model: Any = self.model
        pipeline = PortraitTalkPipeline(
            PatchedAutoencoder.from_pretrained(self._latents / AUTOENCODER),
            model.text, self._tokenizer, model.denoiser.animate_net, model.denoiser.identity_net,
            self._scheduler,
        )  # fmt: skip
        pipeline.save_pretrained(folder)


def is_moving(name: str) -> bool:
    """Whether a parameter of :class:`Steered` is stage 2's: motion, or the voice's path."""
    voice = name.startswith("denoiser.animate_net.audio.")
    return voice or _MOTION in name or any(part in name for part in _VOICE)
