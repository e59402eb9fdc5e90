"""The reader of voices by itself: what lips do to a voice is known, and learnt in minutes.

The denoiser finds out what to listen for through all of its layers and much noise, very slowly.
Here the same tokens are asked directly, by a layer that is thrown away, for the curves that moved
each frame's mouth. What then comes to attention is a mouth's shape already.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from generation.faces.arrays import AnyArray, Floats
from generation.motion.curves import Controls
from generation.portraittalk.audio_tokens import AudioTokens
from generation.portraittalk.training.errors import TrainingDataRefused
from generation.portraittalk.training.parts import Parts, write_pipeline
from generation.portraittalk.training.shards import WINDOW, shards

MOUTH = ("gap", "jaw", "wide", "round", "protrude", "tongue", "close", "labiodental")
_COLUMNS = [Controls._fields.index(name) for name in MOUTH]
_FLAT = 1e-3  # a curve that hardly moves is not enlarged beyond this


class SpokenFrames:
    """Windows of voices and the curves that they moved."""

    def __init__(self, data: Path, split: str, *, seed: int) -> None:
        """Open everything.

        Args:
            data: the set.
            split: "train" or "held-out".
            seed: decides, with a step's number, what is drawn.

        Raises:
            TrainingDataRefused: there is no data, or no window of it has curves.
        """
        self._windows: list[tuple[AnyArray, Floats]] = []
        for shard in shards(data, split):
            heard, curves = shard.array("heard"), shard.array("curves")  # mapped once, not read
            spoken = [clip.rows for clip in shard.about.clips if clip.kind == WINDOW]
            found = ((heard[rows], np.asarray(curves[rows][:, _COLUMNS])) for rows in spoken)
            self._windows += [pair for pair in found if np.isfinite(pair[1]).all()]
        if not self._windows:
            raise TrainingDataRefused(
                f"{data} has no window whose curves are known.",
                code="no-curves",
                remedy="Make some with train-data: of filmed people the curves are not known.",
            )
        self._seed = seed

    def __len__(self) -> int:
        """Return how many windows there are."""
        return len(self._windows)

    def batch(self, step: int, size: int) -> tuple[Floats, Floats]:
        """Return what is heard, (n, rows, features), and the curves, (n, 8), of some windows."""
        rng = np.random.default_rng([self._seed, step])
        chosen = rng.choice(len(self._windows), size, replace=size > len(self._windows))
        return self.rows([int(i) for i in chosen])

    def rows(self, windows: list[int]) -> tuple[Floats, Floats]:
        """Return the same of windows by their numbers."""
        heard, curves = zip(*(self._windows[i] for i in windows), strict=True)
        return np.concatenate(heard).astype(np.float32), np.concatenate(curves)


class _Asked(nn.Module):
    """The reader, and the layer that is thrown away."""

    def __init__(self, reader: AudioTokens, centre: AnyArray, scale: AnyArray) -> None:
        """Take the reader, and mean and spread of the curves."""
        super().__init__()
        self.reader, self.head = reader, nn.Linear(reader.shape[1], len(MOUTH))
        self.register_buffer("centre", torch.from_numpy(centre))
        self.register_buffer("scale", torch.from_numpy(scale))

    def forward(self, heard: Tensor) -> Tensor:
        """Return curves (n, 8) about zero mean and unit variance, read off the tokens' mean."""
        tokens = self.reader(heard[None])[0]  # (n, tokens, size)
        out: Tensor = self.head(tokens.mean(1))
        return out


class VoiceStage:
    """The reader of voices being trained, before stage 2."""

    name = "voice"

    def __init__(self, parts: Parts, data: SpokenFrames, latents: Path, *, size: int) -> None:
        """Prepare it.

        Args:
            parts: of stage 1.
            data: windows with curves.
            latents: the folder of latents, for the autoencoder in it.
            size: windows a batch.
        """
        self._parts, self._data, self._latents, self._size = parts, data, latents, size
        _, curves = data.rows(list(range(len(data))))
        scale = np.maximum(curves.std(0), _FLAT)
        self.model: Any = _Asked(parts.denoiser.animate_net.audio, curves.mean(0), scale)

    def loss(self, step: int, device: torch.device) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of one batch, and the error of each curve (1: nothing known)."""
        heard, curves = (torch.from_numpy(a).to(device) for a in self._data.batch(step, self._size))
        wanted = (curves - self.model.centre) / self.model.scale
        told = self.model(heard).float()
        each = functional.mse_loss(told, wanted, reduction="none").mean(0)
        scalars = {name: float(e) for name, e in zip(MOUTH, each.detach(), strict=True)}
        return each.mean(), scalars

    def describe(self) -> dict[str, Any]:
        """Return what must be the same when it goes on."""
        return {"name": self.name, "windows": len(self._data)}

    def export(self, folder: Path) -> None:
        """Write a whole pipeline."""
        write_pipeline(self._parts, self._latents, folder)
