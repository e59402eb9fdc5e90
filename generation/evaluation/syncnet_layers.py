"""SyncNet's layers, named as in the published state dict. Importing this loads torch."""

from typing import Any

import torch
from torch import nn

_NARROW = 96  # channels of the first picture layer over those of the first sound layer: 3 / 2


class Encoders(nn.Module):
    """Sound (n, 1, 13, 20) and pictures (n, 3, 5, 224, 224) to embeddings (n, side)."""

    def __init__(self, width: int = 64, side: int = 1024) -> None:
        """Make them with random weights."""
        super().__init__()
        wide, deep = 4 * width, 8 * width
        self.netcnnaud = nn.Sequential(
            *_plane(1, width), nn.MaxPool2d(1, 1),
            *_plane(width, 3 * width), nn.MaxPool2d(3, (1, 2)),
            *_plane(3 * width, 6 * width),
            *_plane(6 * width, wide),
            *_plane(wide, wide), nn.MaxPool2d(3, (2, 2)),
            *_plane(wide, deep, kernel=(5, 4), padding=0),
        )  # fmt: skip
        self.netfcaud = _head(deep, side)
        narrow = width * 3 // 2
        self.netcnnlip = nn.Sequential(
            *_space(3, narrow, (5, 7, 7), (1, 2, 2), 0),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
            *_space(narrow, wide, (1, 5, 5), (1, 2, 2), (0, 1, 1)),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2), padding=(0, 1, 1)),
            *_space(wide, wide, (1, 3, 3), 1, (0, 1, 1)),
            *_space(wide, wide, (1, 3, 3), 1, (0, 1, 1)),
            *_space(wide, wide, (1, 3, 3), 1, (0, 1, 1)),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
            *_space(wide, deep, (1, 6, 6), 1, 0),
        )
        self.netfclip = _head(deep, side)

    def forward_aud(self, sound: torch.Tensor) -> torch.Tensor:
        """Return (n, side) for sound (n, 1, 13, 20)."""
        deep = self.netcnnaud(sound)  # (n, deep, 1, 1)
        found: torch.Tensor = self.netfcaud(deep.flatten(1))
        return found

    def forward_lip(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return (n, side) for pictures (n, 3, 5, 224, 224)."""
        deep = self.netcnnlip(pictures)  # (n, deep, 1, 1, 1)
        found: torch.Tensor = self.netfclip(deep.flatten(1))
        return found


def _plane(into: int, out: int, kernel: Any = 3, padding: int = 1) -> list[nn.Module]:
    layer = nn.Conv2d(into, out, kernel, padding=padding)
    return [layer, nn.BatchNorm2d(out), nn.ReLU(inplace=True)]


def _space(into: int, out: int, kernel: Any, stride: Any, padding: Any) -> list[nn.Module]:
    layer = nn.Conv3d(into, out, kernel, stride=stride, padding=padding)
    return [layer, nn.BatchNorm3d(out), nn.ReLU(inplace=True)]


def _head(into: int, side: int) -> nn.Sequential:
    hidden = into
    return nn.Sequential(
        nn.Linear(into, hidden), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Linear(hidden, side)
    )
