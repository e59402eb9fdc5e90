"""The student: an adapter of a trained network that draws in a few steps and without guidance.

Latent consistency distillation (arXiv 2310.04378) into LoRA layers (arXiv 2311.05556): from a noisy
latent the student has to say what it says from the less noisy one that one step of the guided
teacher leads to. The teacher is the same network with its adapter switched off, so nothing is held
twice, and what is shipped beside the networks is small. The target is the student itself without a
gradient; a slower copy of it does not help (arXiv 2310.14189).
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import load_file
from torch import Tensor

from generation.portraittalk import small
from generation.portraittalk.clip import STUDENTS_STEPS
from generation.portraittalk.conditions import Conditions
from generation.portraittalk.losses import mask_reconstruction
from generation.portraittalk.pipeline import PortraitTalkPipeline
from generation.portraittalk.text import NOTHING, encode
from generation.portraittalk.training.clip_batches import ClipBatches, Mixture
from generation.portraittalk.training.errors import TrainingDataRefused
from generation.portraittalk.training.parts import Parts
from generation.portraittalk.training.stages import Steered

WHOLE = Mixture(
    mouth=0.5, text=0.0, identity=0.0, audio=0.0, structure=0.0, all_of_it=0.0,
    other_portrait=0.15, several=0.1,
)  # fmt: skip
ADAPTED = [
    "to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2", "conv1", "conv2",
    "conv_shortcut", "time_emb_proj",
]  # fmt: skip
_HUBER = 1e-3  # as in the published distillation: nearly an absolute error


class StudentStage:
    """A student being taught."""

    name = "student"

    def __init__(
        self, parts: Parts, data: ClipBatches, *, size: int, guidance: float, rank: int,
        begin: Path | None = None,
    ) -> None:  # fmt: skip
        """Give a trained network an adapter that changes nothing yet, or another student's.

        Args:
            parts: of stage 2.
            data: windows.
            size: clips a batch.
            guidance: how far the teacher follows its inputs (`Guidance.everything`).
            rank: of the adapter.
            begin: folder of the adapter of an earlier student, of networks of the same sizes: what
                it knows of few steps holds about as well when they were trained on.

        Raises:
            TrainingDataRefused: the folder holds no adapter of that rank for such networks.
        """
        self.model = Steered(parts).requires_grad_(False)
        self._tokenizer, self._data = parts.tokenizer, data
        self._size, self._guidance, self._rank = size, guidance, rank
        self._unet: Any = parts.denoiser.animate_net.unet
        self._unet.add_adapter(LoraConfig(r=rank, lora_alpha=rank, target_modules=ADAPTED))
        if begin is not None:
            self._take(begin)
        scheduler: Any = small.scheduler()
        self._alphas: Tensor = scheduler.alphas_cumprod
        self._stride = len(self._alphas) // STUDENTS_STEPS
        self._scheduler = scheduler

    def loss(self, step: int, device: torch.device) -> tuple[Tensor, dict[str, float]]:
        """Return how far the student is from consistent on one batch."""
        batch = self._data.batch(step, self._size, WHOLE)
        clean = batch.latents.to(device)
        generator = torch.Generator(device).manual_seed(step)
        noise = torch.randn(clean.shape, generator=generator, device=device)
        place = torch.randint(STUDENTS_STEPS, (self._size,), generator=generator, device=device)
        times = (place + 1) * self._stride - 1
        noisy = self._scheduler.add_noise(clean, noise, times)
        with torch.no_grad():
            given, nothing = self._conditions(batch, device)
            before, taught = self._one_step_back(noisy, times, given, nothing)
            less = (times - self._stride).clamp_min(0)
            again = self._clean(before, self._velocity(before, less, given), less)
            target = torch.where((place == 0)[:, None, None, None, None], taught, again)
        # LCM's boundary scalings differ from this by less than a hundred-thousandth.
        drawn = self._clean(noisy, self._velocity(noisy, times, given), times)
        error = ((drawn - target).square() + _HUBER**2).sqrt() - _HUBER
        inputs = batch.inputs.to(device)
        each = mask_reconstruction(error, inputs.face, inputs.lips)
        truth = float((drawn.detach() - clean).square().mean())
        return each.mean(), {"apart": float(error.detach().mean()), "truth": truth}

    def describe(self) -> dict[str, Any]:
        """Return what must be the same when it goes on."""
        count = sum(p.numel() for p in self.model.parameters())
        return {
            "name": self.name, "parameters": count, "rank": self._rank, "guidance": self._guidance
        }  # fmt: skip

    def export(self, folder: Path) -> None:
        """Write the adapter, as `load_lora_weights` reads it."""
        layers = get_peft_model_state_dict(self._unet)
        PortraitTalkPipeline.save_lora_weights(folder, unet_lora_layers=layers)

    def _take(self, folder: Path) -> None:
        """Begin with the adapter in a folder, as :meth:`export` and packing write it."""
        own = get_peft_model_state_dict(self._unet)
        layers = {
            name.removeprefix("unet."): values.float()
            for file in folder.glob("*.safetensors")
            for name, values in load_file(file).items()
        }
        shapes = {name: values.shape for name, values in layers.items()}
        if shapes != {name: values.shape for name, values in own.items()}:
            raise TrainingDataRefused(
                f"{folder} holds no adapter of rank {self._rank} for these networks.",
                code="adapter-of-another",
                remedy="Give a student's `averaged`, or the packed `student`, and its --rank.",
            )
        set_peft_model_state_dict(self._unet, layers)

    def _conditions(self, batch: Any, device: torch.device) -> tuple[Conditions, Conditions]:
        """Return the inputs of a batch, and the same without any of them."""
        model: Any = self.model
        inputs, count = batch.inputs.to(device), len(batch.captions)
        texts = encode(self._tokenizer, model.text, [*batch.captions, *[NOTHING] * count])
        everything = torch.ones(count, dtype=torch.bool, device=device)
        gone = dict.fromkeys(("identity", "audio", "structure"), everything)
        given = model.denoiser.conditions(replace(inputs, text=texts[:count]), {})
        return given, model.denoiser.conditions(replace(inputs, text=texts[count:]), gone)

    def _one_step_back(
        self, noisy: Tensor, times: Tensor, given: Conditions, nothing: Conditions
    ) -> tuple[Tensor, Tensor]:
        """Return less noisy latents by a step of DDIM of the teacher, and its clean ones."""
        self._unet.disable_adapters()
        try:
            whole = self._velocity(noisy, times, given)
            without = self._velocity(noisy, times, nothing)
        finally:
            self._unet.enable_adapters()
        velocity = whole + (self._guidance - 1) * (whole - without)
        signal, spread = self._mix(times)
        clean = signal * noisy - spread * velocity
        noise = signal * velocity + spread * noisy
        signal, spread = self._mix(times - self._stride)
        return signal * clean + spread * noise, clean

    def _velocity(self, noisy: Tensor, times: Tensor, given: Conditions) -> Tensor:
        model: Any = self.model
        found: Tensor = model.denoiser.animate_net(noisy, times, given).float()
        return found

    def _clean(self, noisy: Tensor, velocity: Tensor, times: Tensor) -> Tensor:
        signal, spread = self._mix(times)
        return signal * noisy - spread * velocity

    def _mix(self, times: Tensor) -> tuple[Tensor, Tensor]:
        """Return how much signal and noise there is at times (b,); before the first, no noise."""
        alphas = self._alphas.to(times.device)[times.clamp_min(0)]
        alphas = torch.where(times < 0, torch.ones_like(alphas), alphas)[:, None, None, None, None]
        return alphas.sqrt(), (1 - alphas).sqrt()
