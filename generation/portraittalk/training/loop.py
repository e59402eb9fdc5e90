"""One training loop for every stage: what is kept, how it goes on after it was killed.

What a step sees is drawn from the seed and the step's number alone, so that a run that was killed
and resumed from its last checkpoint does the very steps that an unbroken one would have done.
"""

import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from accelerate import Accelerator  # type: ignore[import-untyped]
from diffusers.training_utils import EMAModel
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from generation.portraittalk.training.attention_precision import attention_for
from generation.portraittalk.training.errors import TrainingFailed

CHECKPOINT = "checkpoint.pt"
SETTINGS = "settings.json"


@dataclass(frozen=True)
class Settings:
    """How long and how fast.

    Attributes:
        steps: after which it ends.
        minutes: after which it ends as well, with a checkpoint; 0 for no limit.
        batch: examples a step.
        rate: of learning, after the warm-up.
        warmup: steps over which it rises.
        decay: of the exponential mean of the weights.
        clip: largest norm of a step's gradient.
        weight_decay: AdamW's.
        precision: "no", "bf16" or "fp16" (on a GPU).
        accumulate: batches whose gradients make one step.
        keep_seconds: between checkpoints.
        seed: decides everything that is left to chance.
        threads: of the CPU; beside other work one is far faster than two that wait for each other.
    """

    steps: int = 20_000
    minutes: float = 0.0
    batch: int = 16
    rate: float = 3e-4
    warmup: int = 100
    decay: float = 0.999
    clip: float = 1.0
    weight_decay: float = 0.01
    precision: str = "bf16"
    accumulate: int = 1
    keep_seconds: float = 180.0
    seed: int = 0
    threads: int = 1


class Stage(Protocol):
    """What is trained.

    Attributes:
        name: of the stage.
        model: its parameters that require gradients are trained.
    """

    name: str
    model: Any

    def loss(self, step: int, device: torch.device) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of one step and what else is worth a curve."""
        ...

    def describe(self) -> dict[str, Any]:
        """Return what must be the same when it goes on (sizes, data)."""
        ...

    def export(self, folder: Path) -> None:
        """Write the model as it now stands."""
        ...


class Run:
    """A stage being trained in a folder."""

    def __init__(self, stage: Stage, settings: Settings, out: Path) -> None:
        """Prepare the model, or take up what an earlier run left.

        Raises:
            TrainingFailed: the folder holds a training of another kind.
        """
        torch.set_num_threads(settings.threads)
        out.mkdir(parents=True, exist_ok=True)
        self._stage, self._settings, self._out = stage, settings, out
        self._accelerator = Accelerator(
            mixed_precision=settings.precision, gradient_accumulation_steps=settings.accumulate
        )
        trained = [p for p in stage.model.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(
            trained, lr=settings.rate, betas=(0.9, 0.99), weight_decay=settings.weight_decay
        )
        stage.model, self._optimizer = self._accelerator.prepare(stage.model, optimizer)
        self._trained = trained
        self._ema = EMAModel(trained, decay=settings.decay, use_ema_warmup=True, power=0.75)
        self._ema.to(self._accelerator.device)
        self.step = 0
        self._resume()

    def train(self, told: Callable[[int, float], None] = lambda step, loss: None) -> float:
        """Train to the end of the steps or minutes; returns the last loss.

        Raises:
            TrainingFailed: the loss is not a number any more.
        """
        settings, began, kept = self._settings, time.monotonic(), time.monotonic()
        writer, last = SummaryWriter(str(self._out / "tensorboard")), math.nan
        try:
            while self.step < settings.steps:
                last, scalars = self._one()
                for name, value in scalars.items():
                    writer.add_scalar(name, value, self.step)
                told(self.step, last)
                now = time.monotonic()
                if now - kept > settings.keep_seconds:
                    self.keep()
                    kept = now
                if settings.minutes and now - began > 60 * settings.minutes:
                    break
        finally:
            writer.close()
        self.keep()
        return last

    def _one(self) -> tuple[float, dict[str, float]]:
        settings, total = self._settings, 0.0
        scalars: dict[str, float] = {}
        rate = settings.rate * min(1.0, (self.step + 1) / max(1, settings.warmup))
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        for part in range(settings.accumulate):
            number = self.step * settings.accumulate + part
            with self._accelerator.accumulate(self._stage.model), self._accelerator.autocast():
                device = self._accelerator.device
                with attention_for(device):
                    loss, scalars = self._stage.loss(number, device)
                self._accelerator.backward(loss)
                if self._accelerator.sync_gradients:
                    norm = self._accelerator.clip_grad_norm_(self._trained, settings.clip)
                self._optimizer.step()
                self._optimizer.zero_grad()
            total += float(loss.detach()) / settings.accumulate
        if not math.isfinite(total):
            raise TrainingFailed(
                f"The loss of step {self.step} is {total}.",
                remedy="Go on from the last checkpoint with a lower rate or another precision.",
            )
        self._ema.step(self._trained)
        self.step += 1
        return total, {"loss": total, "rate": rate, "gradient": float(norm), **scalars}

    def keep(self) -> None:
        """Write a checkpoint as a whole or not at all, and the averaged weights beside it."""
        state = {
            "step": self.step,
            "stage": self._stage.describe(),
            "model": self._accelerator.unwrap_model(self._stage.model).state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "ema": self._ema.state_dict(),
            "scaler": self._accelerator.scaler.state_dict() if self._accelerator.scaler else None,
        }
        write_whole(self._out / CHECKPOINT, lambda file: torch.save(state, file))
        said = json.dumps({**asdict(self._settings), "step": self.step}, indent=1)
        write_whole(self._out / SETTINGS, lambda file: file.write_text(said, "utf-8"))
        self._ema.store(self._trained)
        self._ema.copy_to(self._trained)
        self._stage.export(self._out / "averaged")
        self._ema.restore(self._trained)

    def _resume(self) -> None:
        file = self._out / CHECKPOINT
        if not file.is_file():
            return
        state = torch.load(file, map_location=self._accelerator.device, weights_only=True)
        if state["stage"] != self._stage.describe():
            raise TrainingFailed(
                f"{file} is of another training: {state['stage']}, not {self._stage.describe()}.",
                code="checkpoint-of-another",
                remedy="Give another folder with --out, or the settings it was begun with.",
            )
        self._accelerator.unwrap_model(self._stage.model).load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._ema.load_state_dict(state["ema"])
        if self._accelerator.scaler and state["scaler"]:
            self._accelerator.scaler.load_state_dict(state["scaler"])
        self.step = int(state["step"])


def write_whole(final: Path, write: Callable[[Path], object]) -> None:
    """Write a file under another name and rename it: a kill leaves the old one or the new one."""
    partial = final.with_name(f".{final.name}.{os.getpid()}")
    write(partial)
    with partial.open("rb") as stream:
        os.fsync(stream.fileno())
    partial.replace(final)
