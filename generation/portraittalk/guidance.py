"""Classifier-free guidance (arXiv 2207.12598), for all inputs together or for each by itself."""

from dataclasses import dataclass

import torch
from torch import Tensor

from generation.portraittalk.attention import PATHS


@dataclass(frozen=True)
class Guidance:
    """How far each input is followed beyond what the network does by itself; 1 is not at all.

    Each that is not 1 costs another pass of the network in every step.

    Attributes:
        everything: against a prediction without any input.
        text: against one without the text.
        identity: against one without the person.
        audio: against one without the voice.
        structure: against one without the drawn face.
        rescale: 0..1, how far the result is brought back to the spread of the plain prediction
            (arXiv 2305.08891): strong guidance overexposes.
    """

    everything: float = 1.0
    text: float = 1.0
    identity: float = 1.0
    audio: float = 1.0
    structure: float = 1.0
    rescale: float = 0.0

    def dropped(self) -> list[frozenset[str]]:
        """Return what each pass does without; the first does with everything."""
        passes = [frozenset[str]()]
        if self.everything != 1:
            passes.append(frozenset(PATHS))
        return passes + [frozenset({path}) for path in PATHS if getattr(self, path) != 1]

    def mix(self, predicted: Tensor) -> Tensor:
        """Return one prediction (n, c, f, h, w) for all passes' (passes, n, c, f, h, w)."""
        scales = [self.everything, *(getattr(self, path) for path in PATHS)]
        beyond = torch.tensor(
            [scale - 1 for scale in scales if scale != 1],
            dtype=predicted.dtype, device=predicted.device,
        )  # fmt: skip
        whole, without = predicted[0], predicted[1:]
        if not len(beyond):
            return whole
        mixed = whole + torch.einsum("p,pncfhw->ncfhw", beyond, whole - without)
        spreads = [x.std((1, 2, 3, 4), keepdim=True) for x in (whole, mixed)]
        return torch.lerp(mixed, mixed * spreads[0] / spreads[1], self.rescale)
