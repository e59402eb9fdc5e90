"""An adapter of fewer dimensions."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from generation.portraittalk.training.low_rank import lower_rank


def product(layers: dict[str, Tensor], name: str) -> Tensor:
    down, up = (layers[f"{name}.lora_{each}.weight"].flatten(1) for each in "AB")
    return up @ down


@pytest.fixture
def layers() -> dict[str, Tensor]:
    torch.manual_seed(0)
    shapes = {
        "q.lora_A": (4, 24), "q.lora_B": (10, 4),
        "conv.lora_A": (4, 6, 3, 3), "conv.lora_B": (12, 4, 1, 1),
        "narrow.lora_A": (2, 9), "narrow.lora_B": (5, 2),
        "few.lora_A": (4, 9), "few.lora_B": (2, 4),
    }  # fmt: skip
    return {f"{name}.weight": torch.randn(shape) for name, shape in shapes.items()}


def test_it_is_the_nearest_of_that_rank(layers: dict[str, Tensor]) -> None:
    found = lower_rank(layers, 3)
    assert found["conv.lora_A.weight"].shape == (3, 6, 3, 3)
    assert found["conv.lora_B.weight"].shape == (12, 3, 1, 1)
    assert found["few.lora_A.weight"].shape == (3, 9)  # as all layers: no rank is mixed
    for name in ("q", "conv", "few"):
        whole = product(layers, name)
        u, values, vh = torch.linalg.svd(whole, full_matrices=False)
        nearest = u[:, :3] * values[:3] @ vh[:3]
        assert torch.allclose(product(found, name), nearest, atol=1e-4)


def test_what_has_no_more_stays_as_it_is(layers: dict[str, Tensor]) -> None:
    found = lower_rank(layers, 4)
    assert all(torch.equal(found[name], layers[name]) for name in layers)
    fewer = lower_rank(layers, 2)
    assert torch.equal(fewer["narrow.lora_A.weight"], layers["narrow.lora_A.weight"])
    assert fewer.keys() == layers.keys()
