"""Training the autoencoder: what a picture may lose, and what it may not (mouth and eyes).

Its decoder alone can go on later: latents stay what they are, and so does what was trained on them.
Then what a face network sees counts as well: a blurred face is the least error of pixels, and
nobody's.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from generation.portraittalk.autoencoder import PatchedAutoencoder, small_autoencoder
from generation.portraittalk.training.face_features import FaceFeatures
from generation.portraittalk.training.frame_batches import FrameBatches

SCALES = 3  # each half as large as the one before
EDGES, KL, FACE = 1.0, 1e-6, 0.1


class VaeStage:
    """The autoencoder being trained on frames, or its decoder alone."""

    def __init__(
        self,
        data: FrameBatches,
        size: int,
        model: PatchedAutoencoder | None = None,
        *,
        decoder_only: bool = False,
    ) -> None:
        """Take data, the size of a batch, and the model; ours when none is given."""
        plain: Any = model or small_autoencoder()
        self.model = plain.to(memory_format=torch.channels_last)
        self.name = "decoder" if decoder_only else "vae"
        self._face = FaceFeatures() if decoder_only else None
        if decoder_only:
            self.model.encoder.requires_grad_(False)
            self.model.quant_conv.requires_grad_(False)
        self._data, self._size = data, size

    def loss(self, step: int, device: torch.device) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of one batch, and its parts."""
        pictures, weights, anchors = (
            torch.from_numpy(a).to(device) for a in self._data.batch(step, self._size)
        )
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        generator = torch.Generator(device).manual_seed(step)
        found = self.model.encode(pictures).latent_dist
        z = found.mean + found.std * torch.randn(
            found.mean.shape, generator=generator, device=device
        )
        drawn = self.model.decode(z).sample.float()
        pixels, edges = (
            weighted_error(drawn, pictures, weights),
            edge_error(drawn, pictures, weights),
        )
        kl = found.kl().float().mean() / found.mean[0].numel()
        psnr = -10 * torch.log10((drawn.detach() - pictures).square().mean() / 4)
        scalars = {
            "pixels": float(pixels.detach()),
            "edges": float(edges.detach()),
            "kl": float(kl.detach()),
            "psnr": float(psnr),
            "latent_std": float(found.mean.detach().float().std()),
        }
        total = pixels + EDGES * edges + KL * found.mean[0].numel() * kl
        if self._face is not None:
            apart = self._face.to(device).apart(drawn, pictures, anchors)
            scalars["face"] = float(apart.detach())
            total = total + FACE * apart
        return total, scalars

    def describe(self) -> dict[str, Any]:
        """Return what must be the same when it goes on."""
        config = self.model.config
        return {
            "name": self.name,
            "channels": list(config.block_out_channels),
            "latents": int(config.latent_channels),
        }

    def export(self, folder: Path) -> None:
        """Write the model so that `from_pretrained` reads it."""
        self.model.save_pretrained(folder)


def weighted_error(drawn: Tensor, wanted: Tensor, weights: Tensor) -> Tensor:
    """Return the mean absolute error of pictures (b, 3, H, W) under weights (b, 1, H, W)."""
    return ((drawn - wanted).abs() * weights).sum() / (3 * weights.sum())


def edge_error(drawn: Tensor, wanted: Tensor, weights: Tensor) -> Tensor:
    """Return how unlike the differences of neighbours are, at several sizes.

    An absolute error alone is least with a blurred picture; lips and lids are edges.
    """
    total = drawn.new_zeros(())
    for _ in range(SCALES):
        for axis in (2, 3):
            near = weights.narrow(axis, 1, weights.shape[axis] - 1)
            total = total + weighted_error(drawn.diff(dim=axis), wanted.diff(dim=axis), near)
        drawn, wanted, weights = (functional.avg_pool2d(t, 2) for t in (drawn, wanted, weights))
    return total / (2 * SCALES)
