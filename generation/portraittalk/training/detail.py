"""Training DetailNet: what a drawn picture lacks of the true one, and the photo has.

Half of what it sees are true latents with noise, the other half latents that the networks drew on
from a noisy true picture: so it meets what they get wrong, and the truth beside it still fits.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from diffusers.schedulers.scheduling_lcm import LCMScheduler
from torch import Tensor
from torch.nn import functional

from generation.portraittalk.conditions import Weights
from generation.portraittalk.denoiser import Denoiser, Inputs
from generation.portraittalk.detail_net import DetailNet
from generation.portraittalk.pipeline import PortraitTalkPipeline
from generation.portraittalk.text import encode
from generation.portraittalk.training.clip_batches import ClipBatches, Mixture
from generation.portraittalk.training.face_features import FaceFeatures, anchors_of
from generation.portraittalk.training.frame_batches import pixel_weights
from generation.portraittalk.training.pack import STUDENTS
from generation.portraittalk.training.shards import Shard
from generation.portraittalk.training.vae import FACE, edge_error, weighted_error

SHIFTED = 0.2  # what unlike edges of the shifted photo count
NOISE = 0.3  # the strongest in true latents, of their spread
LAST = 2  # of a student's steps, which are drawn on
PHOTO_ONLY = Mixture(
    mouth=0.3, text=0.1, identity=0.0, audio=0.0, structure=0.0, all_of_it=0.0,
    other_portrait=0.0, several=0.0,
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
        wanted, photos, weights, anchors = (t.to(device) for t in _pictures(batch.sources))
        generator = torch.Generator(device).manual_seed(step)
        with torch.no_grad():
            known = batch.latents.to(device)
            text = encode(self._tokenizer, self._text.to(device), batch.captions)
            if step % 2:
                inputs = replace(batch.inputs.to(device), text=text)
                latents = self._drawn_on(known, inputs, generator)[:, :, 0]
            else:
                latents = _with_noise(known, generator)[:, :, 0]
            self._vae.to(device)
            drawn = self._vae.to_pictures(latents).float()
        model: Any = self.model
        found, shifted = model(drawn, photos, latents, text)
        found, shifted = found.float(), shifted.float()
        parts = {
            "pixels": weighted_error(found, wanted, weights),
            "edges": edge_error(found, wanted, weights),
            "face": FACE * self._face.to(device).apart(found, wanted, anchors),
            "shifted": SHIFTED * edge_error(shifted, wanted, weights),
        }
        scalars = {name: float(part.detach()) for name, part in parts.items()}
        for name, picture in (("psnr_before", drawn), ("psnr", found.detach())):
            error = functional.mse_loss(picture, wanted)
            scalars[name] = float(-10 * torch.log10(error / 4))
        return torch.stack(list(parts.values())).sum(), scalars

    def describe(self) -> dict[str, Any]:
        """Return what must be the same when it goes on."""
        config: Any = self.model.config  # diffusers types it as a dictionary
        return {"name": self.name, "width": int(config.width), "coarse": int(config.coarse)}

    def export(self, folder: Any) -> None:
        """Write the network so that `from_pretrained` reads it."""
        self.model.save_pretrained(folder)

    def _drawn_on(self, known: Tensor, inputs: Inputs, generator: torch.Generator) -> Tensor:
        """Return latents (b, c, 1, h, w) that the last steps made of the true ones with noise."""
        self._denoiser.to(known.device)
        conditions = self._denoiser.conditions(inputs, {})
        self._scheduler.set_timesteps(STUDENTS, device=known.device)
        times = self._scheduler.timesteps[-LAST:]
        noise = torch.randn(known.shape, generator=generator, device=known.device)
        latents: Tensor = self._scheduler.add_noise(known, noise, times[:1].expand(len(known)))
        for time in times:
            predicted = self._denoiser.animate_net(
                latents, time.expand(len(known)), conditions, self._weights
            )
            latents = self._scheduler.step(
                predicted.float(), time, latents, generator=generator, return_dict=False
            )[0]
        return latents


def _with_noise(known: Tensor, generator: torch.Generator) -> Tensor:
    """Return latents with noise, each of another strength."""
    device = known.device
    strength = torch.rand(len(known), 1, 1, 1, 1, generator=generator, device=device)
    noise = torch.randn(known.shape, generator=generator, device=device)
    return known + NOISE * strength * noise


def _pictures(sources: list[tuple[Shard, int]]) -> tuple[Tensor, ...]:
    """Return true pictures and photos (b, 3, H, W), weights of pixels, and anchors of faces."""
    each = []
    for shard, row in sources:
        points = shard.points[row].astype(np.float32)
        seen = (shard.frames[row], shard.array("reference"))
        pictures = [s.transpose(2, 0, 1).astype(np.float32) / np.float32(127.5) - 1 for s in seen]
        weights = pixel_weights(points, pictures[0].shape[-1])[None].astype(np.float32)
        each.append((*pictures, weights, anchors_of(points)))
    return tuple(torch.from_numpy(np.stack(part)) for part in zip(*each, strict=True))
