"""What a frame hears, as tokens that cross-attention reads."""

import torch
from torch import Tensor, nn


class AudioTokens(nn.Module):
    """Rows of speech features around a frame, to tokens.

    Each row becomes a token of its own (or several), so that when something is said stays known.
    """

    def __init__(
        self, size: int, rows: int, token_size: int, tokens_a_row: int = 1, hidden: int = 256
    ) -> None:
        """Make the layers.

        Args:
            size: numbers a row.
            rows: that a frame hears: 10 at 50 a second, with two frames before and after.
            token_size: of a token.
            tokens_a_row: how many tokens a row becomes.
            hidden: channels in between.
        """
        super().__init__()
        self.shape = (rows * tokens_a_row, token_size)
        self.proj_in = nn.Linear(size, hidden)
        self.place = nn.Parameter(torch.randn(rows, hidden) * 0.02)
        self.mix = nn.Conv1d(hidden, hidden, 3, padding=1)
        self.proj_out = nn.Linear(hidden, tokens_a_row * token_size)
        self.norm = nn.LayerNorm(token_size)
        self.null = nn.Parameter(torch.randn(self.shape) * 0.02)

    def forward(self, windows: Tensor) -> Tensor:
        """Return tokens (b, f, n, token_size) for windows (b, f, rows, size)."""
        hidden = nn.functional.silu(self.proj_in(windows) + self.place)  # (b, f, rows, hidden)
        rows = hidden.flatten(0, 1).transpose(1, 2)  # (b * f, hidden, rows)
        mixed = self.mix(rows).transpose(1, 2).reshape(hidden.shape)
        hidden = hidden + nn.functional.silu(mixed)
        tokens = self.proj_out(hidden).reshape(*windows.shape[:2], *self.shape)
        normed: Tensor = self.norm(tokens)
        return normed

    def silence(self, clips: int, frames: int) -> Tensor:
        """Return the learnt tokens (b, f, n, token_size) of no voice, for guidance."""
        return self.null.expand(clips, frames, *self.shape)
