"""Errors where hardly anything is to be seen: walls, and what is out of focus."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from generation.portraittalk.training.detail_errors import calmness, faint_error, wall_error

LEVEL = 2 / 255


@pytest.fixture
def wanted() -> Tensor:
    """Make a painted wall on the left, a photographed one in the middle, cloth on the right."""
    torch.manual_seed(0)
    picture = torch.full((1, 3, 24, 60), 0.25)
    picture[..., 20:40] += LEVEL * torch.randn(1, 1, 24, 20)
    picture[..., 40:] += 20 * LEVEL * torch.randn(1, 1, 24, 20)
    return picture


def test_walls_are_told_from_cloth(wanted: Tensor) -> None:
    calm = calmness(wanted)[0, 0]
    assert calm[:, :17].max() == 0
    assert calm[:, 23:37].mean() == pytest.approx(2 / torch.pi**0.5, rel=0.2)  # of differences
    assert calm[:, 43:].min() > 5


def test_half_a_level_counts_on_a_wall_and_not_in_cloth(wanted: Tensor) -> None:
    calm = calmness(wanted)
    assert float(faint_error(wanted, wanted, calm)) == 0
    errors = []
    for columns in (slice(0, 18), slice(22, 38), slice(42, 60)):
        drawn = wanted.clone()
        drawn[..., columns] += 0.5 * LEVEL * torch.randn(1, 1, 24, len(range(60)[columns]))
        errors.append(float(faint_error(drawn, wanted, calm)))
    assert errors[0] > 2 * errors[1] > 0
    assert errors[2] == 0


def test_a_wall_is_held_against_what_is_calm_and_nothing_else(wanted: Tensor) -> None:
    calm = calmness(wanted)
    wall = wanted.clone()
    wall[..., 40:] = 0
    assert float(wall_error(wall, wanted, calm)) < 1e-3
    assert float(wall_error(wall + 0.2, wanted, calm)) == pytest.approx(0.2, rel=0.01)
    rough = wall + 0.5 * LEVEL * torch.randn(1, 1, 24, 60)
    assert float(wall_error(rough, wanted, calm)) > 0.5 * LEVEL
    cloth = wanted + 20 * LEVEL * torch.randn_like(wanted)
    assert float(wall_error(wall, cloth, calmness(cloth))) == 0
