"""PortraitTalk's pipeline: from portraits, a voice and a prompt to frames, window by window."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, AutoencoderTiny
from diffusers.loaders.lora_pipeline import StableDiffusionLoraLoaderMixin
from diffusers.models.unets.unet_motion_model import UNetMotionModel
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_lcm import LCMScheduler
from diffusers.utils.outputs import BaseOutput
from numpy.typing import NDArray
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from generation.portraittalk import text
from generation.portraittalk.animate_net import AnimateNet
from generation.portraittalk.autoencoder import PatchedAutoencoder
from generation.portraittalk.clip import Clip, Portraits, Sampling, Scene, padded
from generation.portraittalk.conditions import Conditions
from generation.portraittalk.detail_net import Beside, DetailNet
from generation.portraittalk.errors import ClipUnusable, DrawingStopped
from generation.portraittalk.guidance import Guidance
from generation.portraittalk.identity_net import IdentityNet
from generation.portraittalk.passes import Passes, Person
from generation.portraittalk.windows import Carried, Window, groups, joined, spanned

Image = NDArray[np.uint8]  # (H, W, 3) RGB
OnStep = Callable[["PortraitTalkPipeline", int, Tensor, dict[str, Tensor]], dict[str, Tensor]]


@dataclass
class PortraitTalkOutput(BaseOutput):
    """All frames of a clip.

    Attributes:
        frames: (f, H, W, 3) uint8.
    """

    frames: Image


@dataclass
class _Run:
    """One clip being drawn: what its windows share."""

    clip: Clip
    sampling: Sampling
    guidance: Guidance
    passes: Passes
    scheduler: Any
    noise: torch.Generator | None
    on_step: OnStep | None
    size: tuple[int, int]
    text: Tensor  # (1, n, size), as much of the prompt as it weighs
    step: int = 0


class PortraitTalkPipeline(DiffusionPipeline, StableDiffusionLoraLoaderMixin):
    """Draws one clip at a time: it is not safe for several threads, `cancel` excepted.

    The same inputs, settings and generator give the same frames on the same machine; bits differ
    between machines and devices.
    """

    vae: Any  # set by register_modules
    text_encoder: CLIPTextModel
    tokenizer: CLIPTokenizer
    animate_net: AnimateNet
    identity_net: IdentityNet
    scheduler: Any
    detail_net: DetailNet | None

    _optional_components = ["detail_net"]  # noqa: RUF012  diffusers declares it so

    def __init__(
        self,
        # Ours is named because diffusers loads a class only of a module that was imported.
        vae: AutoencoderKL | AutoencoderTiny | PatchedAutoencoder,
        text_encoder: CLIPTextModel,
        tokenizer: CLIPTokenizer,
        animate_net: AnimateNet,
        identity_net: IdentityNet,
        scheduler: DDIMScheduler,
        detail_net: DetailNet | None = None,
    ) -> None:
        """Take the networks.

        Args:
            vae: pixels to latents and back; `enable_slicing` and `enable_tiling` are its own.
            text_encoder: its states have the token size of both networks.
            tokenizer: of the text encoder.
            animate_net: the denoising network.
            identity_net: keeps the face.
            scheduler: says how noise was added in training; each clip gets a fresh one of it.
            detail_net: gives decoded pictures the detail of the first portrait, as far as
                `Weights.detail` says; without it they are as the VAE decodes them.
        """
        super().__init__()
        self.register_modules(
            vae=vae,
            text_encoder=text_encoder,
            tokenizer=tokenizer,
            animate_net=animate_net,
            identity_net=identity_net,
            scheduler=scheduler,
            detail_net=detail_net,
        )
        self._cancelled = threading.Event()

    @property
    def unet(self) -> UNetMotionModel:
        """The network that LoRA weights are loaded into (diffusers asks by this name)."""
        network: UNetMotionModel = self.animate_net.unet
        return network

    def cancel(self) -> None:
        """End the clip that is being drawn before its next step; safe from other threads."""
        self._cancelled.set()

    def steps(self, clip: Clip, sampling: Sampling) -> int:
        """Return how many steps a clip takes in all, for progress."""
        return len(list(_groups(clip, sampling))) * sampling.steps

    def __call__(
        self,
        clip: Clip,
        sampling: Sampling | None = None,
        generator: torch.Generator | None = None,
        callback_on_step_end: OnStep | None = None,
    ) -> PortraitTalkOutput:
        """Draw a short clip; :meth:`stream` takes the same and keeps no frame."""
        frames = self.stream(clip, sampling, generator, callback_on_step_end)
        return PortraitTalkOutput(frames=np.stack(list(frames)))

    def stream(
        self,
        clip: Clip,
        sampling: Sampling | None = None,
        generator: torch.Generator | None = None,
        callback_on_step_end: OnStep | None = None,
    ) -> Iterator[Image]:
        """Yield the frames (H, W, 3) of a clip as soon as they are certain.

        Memory does not grow with the clip: a window and its overlap are all that is kept.

        Args:
            clip: what is drawn.
            sampling: how.
            generator: of the CPU: noise is made there, so that a seed means the same anywhere.
            callback_on_step_end: called with the pipeline, the step counted over the whole clip,
                the time step and {"latents": ...}; what it returns under that name is gone on
                with. Whatever it raises ends the clip.

        Raises:
            ClipUnusable: inputs do not fit each other.
            DrawingStopped: `cancel` was called.
        """
        sampling = sampling or Sampling()
        clip.check()
        sampling.check(self.animate_net.positions)
        self._cancelled.clear()
        return self._frames(clip, sampling, generator, callback_on_step_end)

    def _frames(
        self,
        clip: Clip,
        sampling: Sampling,
        generator: torch.Generator | None,
        on_step: OnStep | None,
    ) -> Iterator[Image]:
        # Entered anew for each window: a generator must not leave autograd off at its caller's.
        with torch.no_grad():
            run = self._start(clip, sampling, generator, on_step)
        carried: Carried | None = None
        for group in _groups(clip, sampling):
            with torch.no_grad():
                scene = run.clip.drive.scene(group[0].start, group[-1].stop)
                latents, noise = self._draw(run, group, scene, carried)
                span = spanned(group)
                kept = 0 if span.last else sampling.overlap
                if kept:
                    carried = Carried.of(latents, noise, span, kept)
            certain = span.stop - span.start - kept
            yield from self._decoded(run, latents[0, :, :certain], scene)

    def _start(
        self,
        clip: Clip,
        sampling: Sampling,
        generator: torch.Generator | None,
        on_step: OnStep | None,
    ) -> _Run:
        guidance = Guidance() if sampling.few_steps else sampling.guidance
        person = self._person(clip.portraits)
        texts = text.encode(self.tokenizer, self.text_encoder, [clip.prompt, text.NOTHING])
        passes = Passes(
            self.animate_net, self.identity_net, person,
            (texts[:1].to(self.animate_net.device), texts[1:].to(self.animate_net.device)),
            guidance.dropped(),
        )  # fmt: skip
        text_weight = torch.as_tensor(sampling.weights.text).flatten()[0].to(texts)
        heard = torch.lerp(texts[1:], texts[:1], text_weight)
        kind = LCMScheduler if sampling.few_steps else DDIMScheduler
        height, width = person.latents.shape[-2:]
        return _Run(
            clip, sampling, guidance, passes, kind.from_config(self.scheduler.config),
            generator, on_step, (height, width), heard,
        )  # fmt: skip

    def _person(self, portraits: Portraits) -> Person:
        vae, net = self.vae, self.identity_net
        seen = vae.encode(portraits.pictures.to(vae.device, vae.dtype))
        clean = seen.latent_dist.mode() if hasattr(seen, "latent_dist") else seen.latents
        shift, scale = self._shift_and_scale()
        latents = ((clean - shift) * scale)[None].to(net.device, net.dtype)
        self._check_detail_net()
        if latents.shape[2] != net.channels:
            raise ClipUnusable(
                f"The VAE makes {latents.shape[2]} channels, and the networks take {net.channels}.",
                remedy="Load a VAE and networks that were trained together.",
            )
        drawn = portraits.drawn[None].to(net.device, net.dtype)
        embeddings = portraits.embeddings[None].to(net.device, net.dtype)
        return Person(latents, drawn, net.tokens(embeddings, latents))

    def _draw(
        self, run: _Run, group: Sequence[Window], scene: Scene, carried: Carried | None
    ) -> tuple[Tensor, Tensor]:
        """Return the clean latents (1, c, f, h, w) of some windows, and the noise they began as.

        Both are float32 whatever the networks compute in: a step changes latents by less than
        half precision can tell.
        """
        length = min(run.sampling.window, run.clip.drive.frames)
        places = [window.start - group[0].start for window in group]
        conditions = self._conditions(run, padded(scene, places[-1] + length))
        if len(places) > 1:
            conditions = conditions.windows(places, length)
        latents = noise = self._noise(run, places[-1] + length, carried)
        run.scheduler.set_timesteps(run.sampling.steps, device=self.animate_net.device)
        for timestep in run.scheduler.timesteps:
            self._check_cancelled()
            seen = torch.cat([latents[:, :, place : place + length] for place in places])
            predicted = joined(
                self._predict(run, seen, timestep, conditions), places, run.sampling.overlap
            )
            if carried is not None:
                predicted = self._go_on(run, carried, predicted, latents, timestep)
            latents = self._step(run, predicted, timestep, latents)
        return latents, noise

    def _conditions(self, run: _Run, scene: Scene) -> Conditions:
        return run.passes.conditions(scene, run.size)

    def _noise(self, run: _Run, frames: int, carried: Carried | None) -> Tensor:
        net = self.animate_net
        known = 0 if carried is None else carried.noise.shape[2]
        shape = (1, net.channels, frames - known, *run.size)
        noise = torch.randn(shape, generator=run.noise).to(net.device)
        return noise if carried is None else torch.cat([carried.noise, noise], dim=2)

    def _predict(
        self, run: _Run, latents: Tensor, timestep: Tensor, conditions: Conditions
    ) -> Tensor:
        """Return what is predicted for windows (n, c, f, h, w), guidance and all."""
        net, passes = self.animate_net, run.passes
        sample = latents.to(net.dtype).repeat(len(passes), 1, 1, 1, 1)
        kept = passes.kept(len(latents))
        predicted: Tensor = net(sample, timestep, conditions, run.sampling.weights, kept=kept)
        return run.guidance.mix(predicted.float().unflatten(0, (len(passes), -1)))

    def _go_on(
        self, run: _Run, carried: Carried, predicted: Tensor, latents: Tensor, timestep: Tensor
    ) -> Tensor:
        alpha = run.scheduler.alphas_cumprod.to(predicted.device)[timestep].to(predicted.dtype)
        velocity = run.scheduler.config.prediction_type == "v_prediction"
        return carried.mix(predicted, latents, alpha, velocity)

    def _step(self, run: _Run, predicted: Tensor, timestep: Tensor, latents: Tensor) -> Tensor:
        more: dict[str, Any] = {}
        if isinstance(run.scheduler, LCMScheduler):
            more["generator"] = run.noise
        stepped = run.scheduler.step(predicted, timestep, latents, return_dict=False, **more)
        after: Tensor = stepped[0]
        if run.on_step is not None:
            told = run.on_step(self, run.step, timestep, {"latents": after})
            after = told.get("latents", after)
        run.step += 1
        return after

    def _check_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise DrawingStopped(
                "The drawing was stopped before its end.", remedy="Start it again if it is wanted."
            )

    def _decoded(self, run: _Run, latents: Tensor, scene: Scene) -> Iterator[Image]:
        """Yield the pictures of latents (c, f, h, w), a few at a time.

        Args:
            run: the clip.
            latents: of its frames.
            scene: what these f frames shall show, and maybe some after them.
        """
        shift, scale = self._shift_and_scale()
        few = run.sampling.decoded_together
        for start in range(0, latents.shape[1], few):
            some = latents[:, start : start + few].transpose(0, 1)
            with torch.no_grad():
                z = some.to(self.vae.device, self.vae.dtype) / scale + shift
                pictures = self.vae.decode(z).sample  # (n, 3, H, W)
                part = scene.part(start, start + len(some))
                pictures = self._detailed(run, pictures, some, part)
                pixels = (pictures.float().clamp(-1, 1) + 1) * 127.5
                frames = pixels.round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
            self._check_cancelled()
            yield from frames

    def _detailed(self, run: _Run, pictures: Tensor, latents: Tensor, scene: Scene) -> Tensor:
        """Give pictures (n, 3, H, W) the photo's detail, as much as it weighs."""
        weights = run.sampling.weights
        if self.detail_net is None or not weights.detail:
            return pictures
        net, pictures = self.detail_net, pictures.clamp(-1, 1)
        followed = float(torch.as_tensor(weights.structure).flatten()[0].clamp(0, 1))
        beside = Beside.of(run.clip.portraits, scene, latents, run.text, followed)
        there = (x.to(net.device, net.dtype) for x in beside)
        detailed = net(pictures.to(net.device, net.dtype), Beside(*there))
        return torch.lerp(pictures, detailed.pictures.to(pictures), weights.detail)

    def _check_detail_net(self) -> None:
        """Refuse one that reads other latents or another prompt, before anything is drawn."""
        if self.detail_net is None:
            return
        made: Any = self.detail_net.config  # diffusers types it as a dictionary
        reads = (made.channels, made.token_size)
        there = (self.identity_net.channels, self.text_encoder.config.hidden_size)
        if reads != there:
            raise ClipUnusable(
                f"DetailNet reads {reads[0]} channels of latents and a prompt of {reads[1]}, "
                f"and there are {there[0]} and {there[1]}.",
                remedy="Load a DetailNet that was trained with these networks, or none.",
            )

    def _shift_and_scale(self) -> tuple[float, float]:
        config = self.vae.config
        return getattr(config, "shift_factor", None) or 0.0, config.scaling_factor


def _groups(clip: Clip, sampling: Sampling) -> Iterator[list[Window]]:
    return groups(clip.drive.frames, sampling.window, sampling.overlap, sampling.together)
