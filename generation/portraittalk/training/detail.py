"""Training DetailNet: what a drawn picture lacks of the true one, and the photo has.

Half of what it sees are true latents with noise, of pictures that are mirrored and tinted by
chance; the other half latents that the networks drew, on from a true picture with more or less
noise, or from hardly anything but noise. Some of these the networks drew without being told the
look, which DetailNet is told: so it learns to do what was asked where they did not, as happens with
people they never saw.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from diffusers.schedulers.scheduling_lcm import LCMScheduler
from torch import Tensor
from torch.nn import functional

from generation.portraittalk.conditions import Weights
from generation.portraittalk.denoiser import Denoiser
from generation.portraittalk.detail_net import Beside, DetailNet
from generation.portraittalk.pipeline import PortraitTalkPipeline
from generation.portraittalk.text import NOTHING, encode
from generation.portraittalk.training.clip_batches import Batch, ClipBatches, Mixture
from generation.portraittalk.training.detail_batches import Seen
from generation.portraittalk.training.detail_errors import (
    CALM,
    FAINT,
    calmness,
    faint_error,
    garment_error,
    kind_error,
    wall_error,
)
from generation.portraittalk.training.face_features import FaceFeatures
from generation.portraittalk.training.pack import STUDENTS
from generation.portraittalk.training.vae import FACE, edge_error, weighted_error

SHIFTED = 0.2  # what unlike edges of the shifted photo count
SMOOTH = 3.0  # how much more an error counts where it is calm
WALL = 0.5  # what the wall counts by itself
GARMENT = 0.5  # what clothes count by themselves
KIND = 0.05  # what it counts that the prompt is understood to ask for painted, sharp, dyed
NOISE = 0.3  # the strongest in true latents, of their spread
UNTOLD = 0.35  # how often the networks draw without knowing the look
BLINKING = 0.12  # how often eyes blink on purpose
MOUTHLESS = 0.5  # how often the drawn face has no mouth: then the latents alone say how it stands
PHOTO_ONLY = Mixture(
    mouth=MOUTHLESS, text=0.1, identity=0.0, audio=0.0, structure=0.1, all_of_it=0.0,
    other_portrait=0.0, several=0.0, blinking=BLINKING,
)  # fmt: skip


class DetailStage:
    """A DetailNet being trained behind a whole pipeline, which stays as it is."""

    name = "detail"

    def __init__(
        self,
        pipeline: PortraitTalkPipeline,
        data: ClipBatches,
        *,
        size: int,
        weights: Weights,
    ) -> None:
        """Take what draws, and data; a DetailNet that is there already goes on.

        Args:
            pipeline: with its student, if it has one, in its weights.
            data: single frames.
            size: pictures a batch.
            weights: what inputs count when it draws.
        """
        channels = int(pipeline.vae.config.latent_channels)
        token = int(pipeline.text_encoder.config.hidden_size)
        self.model = pipeline.detail_net or DetailNet(channels, token)
        self.model.requires_grad_(True)
        self._data, self._size = data, size
        self._weights = replace(weights, motion=False)
        self._vae: Any = pipeline.vae.float().requires_grad_(False)
        self._denoiser = Denoiser(pipeline.animate_net, pipeline.identity_net)
        self._denoiser.float().eval().requires_grad_(False)
        self._text: Any = pipeline.text_encoder.float().eval().requires_grad_(False)
        self._tokenizer = pipeline.tokenizer
        self._scheduler: Any = LCMScheduler.from_config(pipeline.scheduler.config)
        self._face = FaceFeatures()

    def loss(self, step: int, device: torch.device) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of one batch, and its parts."""
        batch = self._data.batch(step, self._size, PHOTO_ONLY)
        generator = torch.Generator(device).manual_seed(step)
        self._vae.to(device)
        with torch.no_grad():
            text = self._said(batch.captions, device)
            if step % 2:
                seen = Seen.of(batch).to(device)
                latents = self._drawn(batch, step, generator)
            else:
                seen = Seen.of(batch, self._chance(step)).to(device)
                latents = _with_noise(self._vae.to_latents(seen.wanted), generator)
            drawn = self._vae.to_pictures(latents).float()
        model: Any = self.model
        gone = batch.dropped["structure"].to(device)[:, None, None, None]
        followed = torch.as_tensor(self._weights.structure).flatten()[0].clamp(0, 1).to(device)
        faces, flow = (torch.where(gone, 0, followed * x) for x in (seen.faces, seen.flow))
        beside = Beside(
            seen.photos, seen.blinking, faces, seen.photo_faces, flow, seen.parts, latents, text
        )
        found, shifted, wall, garment, kind = (x.float() for x in model(drawn.clamp(-1, 1), beside))
        calm = calmness(seen.wanted)
        around = torch.where(seen.weights > 1, torch.inf, calm)  # not in the face
        parts = {
            "pixels": weighted_error(found, seen.wanted, seen.weights + SMOOTH * (calm < CALM)),
            "edges": edge_error(found, seen.wanted, seen.weights),
            "faint": FAINT * faint_error(found, seen.wanted, calm),
            "wall": WALL * wall_error(wall, seen.wanted, around),
            "garment": GARMENT * garment_error(garment, seen, batch),
            "kind": KIND * kind_error(kind, batch),
            "face": FACE * self._face.to(device).apart(found, seen.wanted, seen.anchors),
            "shifted": SHIFTED * edge_error(shifted, seen.wanted, seen.weights),
        }
        scalars = {name: float(part.detach()) for name, part in parts.items()}
        for name, picture in (("psnr_before", drawn.clamp(-1, 1)), ("psnr", found.detach())):
            error = functional.mse_loss(picture, seen.wanted)
            scalars[name] = float(-10 * torch.log10(error / 4))
        return torch.stack(list(parts.values())).sum(), scalars

    def describe(self) -> dict[str, Any]:
        """Return what must be the same when it goes on."""
        config: Any = self.model.config  # diffusers types it as a dictionary
        sizes = ("width", "coarse", "questions", "reach", "haze")
        made = {name: getattr(config, name) for name in sizes}
        return {"name": self.name, "sees": self.model.see.in_channels, **made}

    def export(self, folder: Any) -> None:
        """Write the network so that `from_pretrained` reads it."""
        self.model.save_pretrained(folder)

    def _chance(self, step: int) -> np.random.Generator:
        return np.random.default_rng([self._data.seed, step])

    def _said(self, captions: list[str], device: torch.device) -> Tensor:
        return encode(self._tokenizer, self._text.to(device), captions)

    def _drawn(self, batch: Batch, step: int, generator: torch.Generator) -> Tensor:
        """Return latents (b, c, h, w) that the last steps made of the true ones with noise.

        How many steps goes round with the number of the batch; four begin with hardly anything but
        noise.
        """
        device = generator.device
        known = batch.latents.to(device)
        told = self._chance(step).random(len(known)) >= UNTOLD
        captions = [c if t else NOTHING for c, t in zip(batch.captions, told, strict=True)]
        inputs = replace(batch.inputs.to(device), text=self._said(captions, device))
        self._denoiser.to(device)
        gone = {"structure": batch.dropped["structure"].to(device)}
        conditions = self._denoiser.conditions(inputs, gone)
        self._scheduler.set_timesteps(STUDENTS, device=device)
        times = self._scheduler.timesteps[-(1 + step // 2 % STUDENTS) :]
        noise = torch.randn(known.shape, generator=generator, device=device)
        latents: Tensor = self._scheduler.add_noise(known, noise, times[:1].expand(len(known)))
        for time in times:
            predicted = self._denoiser.animate_net(
                latents, time.expand(len(known)), conditions, self._weights
            )
            latents = self._scheduler.step(
                predicted.float(), time, latents, generator=generator, return_dict=False
            )[0]
        return latents[:, :, 0]


def _with_noise(known: Tensor, generator: torch.Generator) -> Tensor:
    """Return latents with noise, each of another strength."""
    device = known.device
    strength = torch.rand(len(known), 1, 1, 1, generator=generator, device=device)
    noise = torch.randn(known.shape, generator=generator, device=device)
    return known + NOISE * strength * noise
