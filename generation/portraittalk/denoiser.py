"""Both networks as one: from a batch as data holds it to what is predicted. What training calls."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn

from generation.portraittalk.animate_net import AnimateNet
from generation.portraittalk.attention import AUDIO, IDENTITY, STRUCTURE
from generation.portraittalk.conditions import Conditions, Weights
from generation.portraittalk.identity_net import IdentityNet

_EVERYTHING = Weights()


@dataclass(frozen=True)
class Inputs:
    """Inputs of b clips of f frames, r portraits each.

    Attributes:
        text: (b, n, size) states of the text encoder.
        embeddings: (b, r, embedding size) of the faces in the portraits.
        portraits: (b, r, c, h, w) latents.
        drawn_portraits: (b, r, 3, H, W) 0..1, the face as it stands in each portrait.
        drawn: (b, f, 3, H, W) 0..1, the face as it shall stand.
        voice: (b, f, rows, size) speech features around each frame.
        face: (b, f, h, w) 0..1, where the face is, at the size of the latents.
        lips: (b, f, h, w) 0..1, where the lips are.
    """

    text: Tensor
    embeddings: Tensor
    portraits: Tensor
    drawn_portraits: Tensor
    drawn: Tensor
    voice: Tensor
    face: Tensor
    lips: Tensor

    def to(self, *where: torch.device | torch.dtype) -> "Inputs":
        """Return them on a device or in a precision."""
        moved = {each.name: getattr(self, each.name) for each in fields(self)}
        for place in where:
            moved = {name: tensor.to(place) for name, tensor in moved.items()}
        return Inputs(**moved)


class Denoiser(nn.Module):
    """IdentityNet and AnimateNet, called once a training step."""

    def __init__(self, animate_net: AnimateNet, identity_net: IdentityNet) -> None:
        """Take both networks."""
        super().__init__()
        self.animate_net = animate_net
        self.identity_net = identity_net

    def forward(
        self,
        noisy: Tensor,
        timesteps: Tensor,
        inputs: Inputs,
        dropped: Mapping[str, Tensor] | None = None,
        weights: Weights = _EVERYTHING,
    ) -> Tensor:
        """Return what is predicted, (b, c, f, h, w).

        Args:
            noisy: (b, c, f, h, w) latents.
            timesteps: (b,).
            inputs: of the same clips.
            dropped: "identity", "audio" or "structure" to (b,) bool: these clips do without, so
                that guidance has something to compare with. The text is dropped by giving the
                states of the empty prompt.
            weights: how much each counts.
        """
        conditions = self.conditions(inputs, dropped or {})
        predicted: Tensor = self.animate_net(noisy, timesteps, conditions, weights)
        return predicted

    def conditions(self, inputs: Inputs, dropped: Mapping[str, Tensor]) -> Conditions:
        """Return the inputs in the form that AnimateNet reads."""
        tokens = self.identity_net.tokens(inputs.embeddings, inputs.portraits)
        residuals = self.identity_net(
            inputs.portraits, inputs.drawn, inputs.drawn_portraits, tokens
        )
        audio = self.animate_net.audio(inputs.voice)
        structure, structure_tokens = self.animate_net.structure(inputs.drawn)
        clips, frames = inputs.drawn.shape[:2]
        if (gone := dropped.get(IDENTITY)) is not None:
            tokens = torch.where(gone[:, None, None], self.identity_net.nobody(clips), tokens)
            residuals = residuals.scaled((~gone).to(tokens.dtype))
        if (gone := dropped.get(AUDIO)) is not None:
            silence = self.animate_net.audio.silence(clips, frames)
            audio = torch.where(gone[:, None, None, None], silence, audio)
        if (gone := dropped.get(STRUCTURE)) is not None:
            structure = structure * (~gone).to(structure.dtype)[:, None, None, None, None]
            if structure_tokens is not None:
                structure_tokens = structure_tokens * (~gone)[:, None, None, None]
        return Conditions(
            inputs.text, tokens, audio, structure, structure_tokens,
            residuals, inputs.face, inputs.lips,
        )  # fmt: skip
