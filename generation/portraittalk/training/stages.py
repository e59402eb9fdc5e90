"""Both stages of the denoiser: single frames first, then what moves and what is heard.

Stage 1 learns faces, light and words from single frames; stage 2 leaves all of that as it is and
learns the motion modules and the voice's path from windows.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from generation.portraittalk import small
from generation.portraittalk.conditions import Weights
from generation.portraittalk.losses import mask_reconstruction, min_snr_weights, offset_noise
from generation.portraittalk.text import encode
from generation.portraittalk.training.clip_batches import ClipBatches, Mixture
from generation.portraittalk.training.parts import Parts, write_pipeline

STILL = Mixture(mouth=0.3)
MOVING = Mixture(mouth=0.7, other_portrait=0.15, several=0.1)
_MOTION, _VOICE = "motion_modules", ("own_k.audio", "own_v.audio")


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
        self._parts, self._data, self._latents = parts, data, latents
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
        text = encode(self._parts.tokenizer, model.text, batch.captions)
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
        said = {"name": self.name, "parameters": count, "words": len(self._parts.tokenizer)}
        return said if self._masked else {**said, "masked": False}

    def export(self, folder: Path) -> None:
        """Write a whole pipeline."""
        write_pipeline(self._parts, self._latents, folder)


def is_moving(name: str) -> bool:
    """Whether a parameter of :class:`Steered` is stage 2's: motion, or the voice's path."""
    voice = name.startswith("denoiser.animate_net.audio.")
    return voice or _MOTION in name or any(part in name for part in _VOICE)
