"""How like a person a face stays: features of the face network, where gradients can reach them.

The layers are those of :mod:`generation.faces.embedding` (dlib's network), which judges likeness as
well: whatever is trained by this must be judged by others beside it. The features are those of its
first blocks (skin, lids, lips), not the embedding itself.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from generation.faces.arrays import Floats
from generation.faces.embedding import (
    ANCHORS,
    BLOCKS,
    MANIFEST,
    MEAN,
    SIDE,
    WEIGHTS,
    anchors_to_chip,
)
from generation.faces.quantised import read

_MIRRORED = (2, 3, 0, 1, 4)  # anchors of a mirrored face
_LOOKED_AT = ("conv32_3", "conv64_3", "conv128_2")


class FaceFeatures(nn.Module):
    """The face network on pictures whose faces are known; its weights are not trained."""

    _mean: Tensor

    def __init__(self) -> None:
        """Read the vendored weights.

        Raises:
            WeightsInvalid: they are not the pinned ones.
        """
        super().__init__()
        self.register_buffer("_mean", torch.from_numpy(MEAN)[None, :, None, None])
        for name, values in read(WEIGHTS, MANIFEST).items():
            kernel = np.transpose(values, (3, 2, 0, 1)) if values.ndim == 4 else values
            self.register_buffer(_plain(name), torch.from_numpy(np.ascontiguousarray(kernel)))

    def forward(self, pictures: Tensor, anchors: Tensor) -> list[Tensor]:
        """Return features of some blocks, and last the embeddings (b, 128).

        Args:
            pictures: (b, 3, H, W) -1..1.
            anchors: (b, 5, 2) px, landmarks :data:`ANCHORS` of the faces.
        """
        chips = (_cut(pictures, anchors) + 1) * 127.5
        x = (chips - self._mean) / 256
        x = functional.relu(self._layer("conv32_down", x, stride=2))
        x = functional.max_pool2d(x, 3, 2)
        found = []
        for name in BLOCKS:
            x = self._block(name, x)
            if name in _LOOKED_AT:
                found.append(x)
        return [*found, x.mean((2, 3)) @ self.get_buffer("fc")]

    def apart(self, drawn: Tensor, wanted: Tensor, anchors: Tensor) -> Tensor:
        """Return how unlike faces look, 0 for the same: directions of features, block by block.

        Each place's features are brought to length 1 first (after LPIPS, arXiv 1801.03924).
        """
        with torch.no_grad():
            targets = self(wanted, anchors)[:-1]
        total = drawn.new_zeros(())
        for one, other in zip(self(drawn, anchors)[:-1], targets, strict=True):
            between = functional.normalize(one, dim=1) - functional.normalize(other, dim=1)
            total = total + between.square().sum(1).mean()
        return total / len(targets)

    def _block(self, name: str, x: Tensor) -> Tensor:
        down = "down" in name
        y = functional.relu(self._layer(f"{name}/conv1", x, stride=2 if down else 1))
        y = self._layer(f"{name}/conv2", y)
        return functional.relu(_sum(y, functional.avg_pool2d(x, 2) if down else x))

    def _layer(self, name: str, x: Tensor, stride: int = 1) -> Tensor:
        kernel = self._known(f"{name}/conv/filters")
        around = kernel.shape[-1] // 2 if stride == 1 else 0
        y = functional.conv2d(x, kernel, self._known(f"{name}/conv/bias"), stride, around)
        scale, shift = (self._known(f"{name}/scale/{part}") for part in ("weights", "biases"))
        return y * scale[:, None, None] + shift[:, None, None]

    def _known(self, name: str) -> Tensor:
        return self.get_buffer(_plain(name))


def anchors_of(points: Floats) -> Floats:
    """Return the anchors (5, 2) of landmarks (478, >=2)."""
    return np.asarray(points[list(ANCHORS), :2], np.float32)


def mirrored(anchors: Floats, width: int) -> Floats:
    """Return the anchors (5, 2) of the mirrored face in a picture `width` px wide."""
    turned = anchors[list(_MIRRORED)].copy()
    turned[:, 0] = width - 1 - turned[:, 0]
    return turned


def _plain(name: str) -> str:
    return name.replace("/", "_")


def _cut(pictures: Tensor, anchors: Tensor) -> Tensor:
    """Return the upright faces (b, 3, SIDE, SIDE), as the network was trained on them."""
    height, width = pictures.shape[-2:]
    grids = []
    for places in anchors.detach().cpu().numpy().astype(np.float64):
        there = anchors_to_chip(places)  # (2, 3): picture to chip
        back = np.linalg.inv(np.r_[there, [[0, 0, 1]]])[:2]
        columns, rows = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
        at = np.stack([columns, rows, np.ones_like(rows)], -1) @ back.T
        grids.append(2 * (at + 0.5) / (width, height) - 1)
    grid = torch.from_numpy(np.stack(grids)).to(pictures)
    return functional.grid_sample(pictures, grid, padding_mode="zeros", align_corners=False)


def _sum(y: Tensor, x: Tensor) -> Tensor:
    """Add two tensors of unlike size; what one of them lacks counts as zero."""
    deep, high, wide = (max(a, b) for a, b in zip(y.shape[1:], x.shape[1:], strict=True))

    def filled(part: Tensor) -> Tensor:
        c, h, w = part.shape[1:]
        return functional.pad(part, (0, wide - w, 0, high - h, 0, deep - c))

    return filled(y) + filled(x)
