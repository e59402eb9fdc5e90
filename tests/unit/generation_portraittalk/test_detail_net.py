"""DetailNet: what a photo gives back to a drawn picture."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from generation.portraittalk.detail_net import DetailNet
from tests.unit.generation_portraittalk import tiny


def textures(count: int, side: int = 32) -> Tensor:
    """Make pictures whose neighbours differ, as hair and cloth do."""
    coarse = torch.rand(count, 3, side // 2, side // 2) * 2 - 1
    return functional.interpolate(coarse, scale_factor=2.0, mode="nearest")


def beside(count: int = 1, rows: int = 8, columns: int = 8) -> tuple[Tensor, Tensor]:
    """Latents and a prompt that say nothing."""
    return torch.zeros(count, 8, rows, columns), torch.zeros(count, 5, 128)


def softened(pictures: Tensor) -> Tensor:
    return functional.avg_pool2d(pictures, 5, 1, 2, count_include_pad=False)


def test_a_new_one_changes_nothing_and_shifts_nothing() -> None:
    pictures, photos = torch.rand(2, 3, 32, 48), torch.rand(2, 3, 32, 48)
    with torch.no_grad():
        found, shifted = DetailNet()(pictures, photos, *beside(2, 8, 12))
    assert torch.equal(found, pictures)
    assert torch.allclose(shifted, photos, atol=1e-5)


def test_a_shift_is_where_in_the_photo_a_place_is_found() -> None:
    net = DetailNet(reach=0.25)
    photos = textures(1)
    with torch.no_grad():
        # Four pixels of 32 to the right: a quarter of half the width.
        net.shift.bias[0] = 20.0
        _, shifted = net(torch.zeros_like(photos), photos, *beside())
    assert torch.allclose(shifted[..., :-4], photos[..., 4:], atol=1e-4)
    assert torch.allclose(shifted[..., -4:], photos[..., -1:].expand(-1, -1, -1, 4), atol=1e-4)


def test_it_learns_to_take_from_the_photo_what_is_lost() -> None:
    torch.manual_seed(0)
    net = DetailNet(width=16, coarse=8)
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    for _ in range(150):
        photos = textures(4)
        found, _ = net(softened(photos), photos, *beside(4))
        optimizer.zero_grad()
        functional.l1_loss(found, photos).backward()
        optimizer.step()
    photos = textures(4)
    with torch.no_grad():
        found, _ = net(softened(photos), photos, *beside(4))
        strangers, _ = net(softened(photos), textures(4), *beside(4))
    lost = functional.l1_loss(softened(photos), photos)
    assert functional.l1_loss(found, photos) < 0.5 * lost
    assert functional.l1_loss(strangers, photos) > functional.l1_loss(found, photos)


def test_latents_and_prompt_say_how_much_of_the_photo_is_wanted() -> None:
    torch.manual_seed(0)
    net, photos = tiny.wake(DetailNet()), textures(1)
    with torch.no_grad():
        plain, _ = net(photos, photos, *beside())
        other, _ = net(photos, photos, torch.randn(1, 8, 8, 8), beside()[1])
        third, _ = net(photos, photos, beside()[0], torch.randn(1, 5, 128))
    assert (other - plain).abs().mean() > 0.01
    assert (third - plain).abs().mean() > 0.01


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_any_precision_comes_back_as_it_was_given(dtype: torch.dtype) -> None:
    photos = textures(1).to(dtype)
    with torch.no_grad():
        found, shifted = DetailNet().to(dtype)(photos, photos, *(t.to(dtype) for t in beside()))
    assert found.dtype == shifted.dtype == dtype
