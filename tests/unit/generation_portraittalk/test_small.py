"""The networks that this project trains: how large they are."""

from __future__ import annotations

import torch

from generation.portraittalk import small
from generation.portraittalk.text import tokenizer_of

BYTES_FOR_ALL = 60e6  # in half precision
BYTES_FOR_VAE = 8e6


def test_all_networks_together_stay_small_enough_to_ship() -> None:
    with torch.device("meta"):
        networks = small.denoiser()
    words = [f"a{first}{second}" for first in "bcdfghklmnprst" for second in "aeiou"]
    encoder = small.text_encoder(tokenizer_of(words, small.PROMPT))
    count = sum(p.numel() for net in (networks, encoder) for p in net.parameters())
    assert 20e6 < count < 25e6
    assert 2 * count + BYTES_FOR_VAE < BYTES_FOR_ALL


def test_what_is_trained_ends_in_pure_noise() -> None:
    assert small.scheduler().alphas_cumprod[-1] == 0
