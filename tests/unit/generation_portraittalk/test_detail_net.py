"""DetailNet: what a photo gives back to a drawn picture."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from generation.portraittalk.detail_net import Beside, DetailNet
from tests.unit.generation_portraittalk import tiny


def textures(count: int, side: int = 32) -> Tensor:
    """Make pictures whose neighbours differ, as hair and cloth do."""
    coarse = torch.rand(count, 3, side // 2, side // 2) * 2 - 1
    return functional.interpolate(coarse, scale_factor=2.0, mode="nearest")


def beside(photos: Tensor) -> Beside:
    """Put photos beside faces, latents and a prompt that say nothing."""
    count, height, width = len(photos), *photos.shape[-2:]
    latents, text = torch.zeros(count, 8, height // 4, width // 4), torch.zeros(count, 5, 128)
    return Beside(photos, torch.zeros_like(photos), torch.zeros_like(photos), latents, text)


def softened(pictures: Tensor) -> Tensor:
    return functional.avg_pool2d(pictures, 5, 1, 2, count_include_pad=False)


def test_a_new_one_changes_nothing_and_shifts_nothing() -> None:
    pictures, photos = torch.rand(2, 3, 32, 48), torch.rand(2, 3, 32, 48)
    with torch.no_grad():
        found, shifted, *_ = DetailNet()(pictures, beside(photos))
    assert torch.equal(found, pictures)
    assert torch.allclose(shifted, photos, atol=1e-5)


def test_a_shift_is_where_in_the_photo_a_place_is_found() -> None:
    net = DetailNet(reach=0.25)
    photos = textures(1)
    with torch.no_grad():
        # Four pixels of 32 to the right: a quarter of half the width.
        net.shift.bias[0] = 20.0
        shifted = net(torch.zeros_like(photos), beside(photos)).shifted
    assert torch.allclose(shifted[..., :-4], photos[..., 4:], atol=1e-4)
    assert torch.allclose(shifted[..., -4:], photos[..., -1:].expand(-1, -1, -1, 4), atol=1e-4)


def test_it_learns_to_take_from_the_photo_what_is_lost() -> None:
    torch.manual_seed(0)
    net = DetailNet(width=16, coarse=8)
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    for _ in range(150):
        photos = textures(4)
        found = net(softened(photos), beside(photos)).pictures
        optimizer.zero_grad()
        functional.l1_loss(found, photos).backward()
        optimizer.step()
    photos = textures(4)
    with torch.no_grad():
        found = net(softened(photos), beside(photos)).pictures
        strangers = net(softened(photos), beside(textures(4))).pictures
    lost = functional.l1_loss(softened(photos), photos)
    assert functional.l1_loss(found, photos) < 0.5 * lost
    assert functional.l1_loss(strangers, photos) > functional.l1_loss(found, photos)


def test_colours_are_changed_by_what_a_map_of_them_says() -> None:
    net, photos = DetailNet(), textures(2)
    with torch.no_grad():
        # The photo in the picture's place, its first colour left out and the second raised.
        net.out.bias.copy_(torch.cat([torch.zeros(12), torch.ones(4), torch.zeros(12)]))
        net.dye.bias[[0, 7]] = torch.tensor([-1.0, 0.5])
        found = net(textures(2), beside(photos)).pictures
    wanted = photos + torch.tensor([0.0, 0.5, 0.0])[:, None, None]
    wanted[:, 0] = 0
    assert torch.allclose(found, wanted, atol=1e-5)


def test_what_is_out_of_focus_is_the_photo_under_a_gaussian() -> None:
    net, photos = DetailNet(haze=0.05), torch.zeros(1, 3, 40, 40)
    photos[..., 20, 20] = 1
    with torch.no_grad():
        net.out.bias[20:24] = 1  # the wall: after the residual and the photo under each map
        net.walls.bias[:2] = -20.0  # neither painted nor sharp
        found = net(torch.zeros_like(photos), beside(photos)).pictures
    spread = (found[0, 0] * (torch.arange(40) - 20).square()).sum()
    assert found[0, 0].sum() == pytest.approx(1, rel=1e-3)
    assert spread == pytest.approx((0.05 * 40) ** 2, rel=0.1)


class Says(nn.Module):
    """A layer that says the same of everything."""

    def __init__(self, said: Tensor) -> None:
        super().__init__()
        self._said = said

    def forward(self, _x: Tensor) -> Tensor:
        return self._said


def test_what_is_before_a_background_does_not_bleed_into_it() -> None:
    net, photos = DetailNet(haze=0.1), torch.zeros(1, 3, 40, 40)
    photos[..., :20] = 1  # somebody fills the left half
    person = torch.full((1, 1, 10, 10), 20.0)
    person[..., :5] = -20.0
    bled = []
    for layer in (net.behind, Says(person)):
        net.behind = layer
        with torch.no_grad():
            net.out.bias[20:24] = 1
            net.walls.bias[:2] = -20.0
            bled.append(net(torch.zeros_like(photos), beside(photos))[0][..., 23:].max())
    assert bled[0] > 0.1
    assert bled[1] < 0.01


def test_a_wall_may_have_a_colour_that_nobody_photographed() -> None:
    net, photos = DetailNet(), textures(2)
    colour = torch.tensor([0.2, -0.4, 0.6])
    with torch.no_grad():
        net.out.bias[20:24] = 1
        net.walls.bias[0], net.walls.bias[2:5] = 20.0, colour
        found = net(textures(2), beside(photos))
    assert torch.allclose(found.pictures, colour[:, None, None].expand_as(photos), atol=1e-5)
    assert torch.allclose(found.wall, found.pictures, atol=1e-5)


def test_a_wall_in_focus_is_the_photo_and_may_be_lit() -> None:
    net, photos = DetailNet(), textures(2)
    with torch.no_grad():
        net.walls.bias[:2] = torch.tensor([-200.0, 200.0])
        plain = net(textures(2), beside(photos)).wall
        net.walls.bias[5] = -0.5  # half of the first colour
        lit = net(textures(2), beside(photos)).wall
    assert torch.allclose(plain, photos, atol=1e-6)
    assert torch.allclose(lit, photos * torch.tensor([0.5, 1, 1])[:, None, None], atol=1e-6)


@pytest.mark.parametrize("told", ["drawn", "drawn_photos", "latents", "text"])
def test_faces_latents_and_prompt_are_seen(told: str) -> None:
    torch.manual_seed(0)
    net, photos = tiny.wake(DetailNet()), textures(1)
    plain = beside(photos)
    other = plain._replace(**{told: torch.randn_like(getattr(plain, told))})
    with torch.no_grad():
        one, another = (net(photos, each)[0] for each in (plain, other))
    assert (one - another).abs().mean() > 0.01


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_any_precision_comes_back_as_it_was_given(dtype: torch.dtype) -> None:
    photos = textures(1).to(dtype)
    with torch.no_grad():
        given = Beside(*(part.to(dtype) for part in beside(photos)))
        found, shifted, *_ = DetailNet().to(dtype)(photos, given)
    assert found.dtype == shifted.dtype == dtype
