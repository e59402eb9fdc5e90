"""DetailNet: what a photo gives back to a drawn picture."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
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
    flow, parts = torch.zeros(count, 4, height // 4, width // 4), torch.zeros_like(photos[:, :2])
    nobody = torch.zeros_like(photos)
    return Beside(photos, photos, nobody, nobody, flow, parts, latents, text)


def whole(columns: float, rows: float) -> Tensor:
    """Make a flow that moves all of a picture of 32 px, in halves of it."""
    return torch.tensor([columns, rows])[:, None, None].expand(1, 2, 8, 8)


def told(photo: Tensor, blinking: Tensor | None = None) -> Tensor:
    """Make what landmarks say of the photo, and of it in a blink."""
    return torch.cat([photo, torch.zeros_like(photo) if blinking is None else blinking], 1)


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
        net.shift.bias[3] = -20.0  # eyes are open
        shifted = net(torch.zeros_like(photos), beside(photos)).shifted
    assert torch.allclose(shifted[..., :-4], photos[..., 4:], atol=1e-4)
    assert torch.allclose(shifted[..., -4:], photos[..., -1:].expand(-1, -1, -1, 4), atol=1e-4)


def test_where_landmarks_moved_the_photo_is_found_without_learning() -> None:
    photos = textures(1)
    net = DetailNet()
    with torch.no_grad():
        net.shift.bias[2] = 20.0  # what landmarks say is believed
        net.shift.bias[3] = -20.0  # eyes are open
        lowered, moved = (
            net(torch.zeros_like(photos), beside(photos)._replace(flow=flow)).shifted
            for flow in (told(whole(0.0, -0.25)), told(whole(0.125, 0.0)))
        )
    assert torch.allclose(lowered[..., 4:, :], photos[..., :-4, :], atol=1e-4)
    assert torch.allclose(moved[..., :-2], photos[..., 2:], atol=1e-4)


def test_lids_are_found_in_the_photo_of_a_blink_by_a_way_of_their_own() -> None:
    photos, blinking = textures(1), textures(1)
    net = DetailNet()
    given = beside(photos)._replace(
        blinking=blinking, flow=told(whole(0.0, 0.0), whole(0.125, 0.0))
    )
    with torch.no_grad():
        net.shift.bias[2], net.shift.bias[3] = 20.0, -20.0
        open_eyes = net(torch.zeros_like(photos), given).shifted
        net.lid.bias[:] = 40.0
        lids = net(torch.zeros_like(photos), given).shifted
    assert torch.allclose(open_eyes, photos, atol=1e-4)
    assert torch.allclose(lids[..., :-2], blinking[..., 2:], atol=1e-4)


def test_it_learns_to_blink_where_the_drawn_face_does() -> None:
    torch.manual_seed(0)
    net = DetailNet(width=16, coarse=8)
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)

    def error() -> Tensor:
        photos, blinking = textures(4), textures(4)
        shut = (torch.rand(4, 1, 32, 32) < 0.5).float()
        shut = functional.interpolate(shut[..., ::8, ::8], scale_factor=8.0)
        given = beside(photos)._replace(blinking=blinking, drawn=shut.expand(-1, 3, -1, -1))
        shifted = net(softened(photos), given).shifted
        return functional.l1_loss(shifted, photos + shut * (blinking - photos))

    with torch.no_grad():
        before = float(error())
    for _ in range(150):
        optimizer.zero_grad()
        error().backward()
        optimizer.step()
    with torch.no_grad():
        assert float(error()) < 0.2 * before


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
        net.out.bias.copy_(torch.cat([torch.zeros(12), torch.ones(4), torch.zeros(16)]))
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


def test_what_is_before_a_background_does_not_bleed_into_it() -> None:
    net, photos = DetailNet(haze=0.1), torch.zeros(1, 3, 40, 40)
    photos[..., :20] = 1  # somebody fills the left half
    nobody = beside(photos)
    person = torch.zeros(1, 2, 40, 40)
    person[:, 0, :, :20] = 1
    with torch.no_grad():
        net.out.bias[20:24] = 1
        net.walls.bias[:2] = -20.0
        bled = [
            net(torch.zeros_like(photos), each)[0][..., 23:].max()
            for each in (nobody, nobody._replace(parts=person))
        ]
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


def test_dyed_clothes_have_the_colour_that_is_said_and_keep_their_folds() -> None:
    net, photos = DetailNet(), textures(1)
    parts = torch.zeros(1, 2, 32, 32)
    parts[:, 1, 16:] = 1  # the lower half is clothes
    given = beside(photos)._replace(parts=parts)
    colour = torch.tensor([0.4, -0.2, 0.0])
    with torch.no_grad():
        net.out.bias[28:32] = 1  # the garment: after wall and smoothed picture
        net.garments.bias[1:] = torch.tensor([*colour, 0.5, 0.5, 0.0])
        net.garments.bias[0] = -20.0
        worn = net(textures(1), given)
        net.garments.bias[0] = 20.0
        dyed = net(textures(1), given)
    assert torch.allclose(worn.pictures, photos, atol=1e-5)
    assert torch.allclose(dyed.pictures, dyed.garment, atol=1e-5)
    cloth, shade = dyed.garment[..., 16:, :], photos.mean(1)[:, 16:]
    assert torch.allclose(cloth.mean((0, 2, 3)), colour, atol=1e-5)
    assert torch.allclose(cloth[:, 0] - colour[0], 0.5 * (shade - shade.mean()), atol=1e-5)
    assert torch.allclose(cloth[:, 2], torch.zeros_like(shade), atol=1e-5)


def test_a_garment_moves_along_and_is_not_dyed_where_there_is_none() -> None:
    net, photos = DetailNet(), textures(1)
    parts = torch.zeros(1, 2, 32, 32)
    parts[:, 1, 16:] = 1
    lowered = beside(photos)._replace(flow=told(whole(0.0, -0.25)))
    with torch.no_grad():
        net.shift.bias[2], net.shift.bias[3] = 20.0, -20.0
        net.garments.bias.copy_(torch.tensor([20.0, 0, 0, 0, 1, 1, 1]))
        dyed, naked = (
            net(photos, each).garment for each in (lowered._replace(parts=parts), lowered)
        )
    usual = photos.mean(1)[:, 16:].mean()  # of the photo's clothes, wherever they are now
    assert torch.allclose(dyed[:, 0, 20:], photos.mean(1)[:, 16:-4] - usual, atol=1e-4)
    assert torch.allclose(naked[..., 4:, :], photos[..., :-4, :], atol=1e-4)


def test_half_precision_holds_the_clothes_of_a_large_picture() -> None:
    photos = -torch.rand(1, 3, 512, 512)
    given = beside(photos)._replace(parts=torch.ones(1, 2, 512, 512))
    net = DetailNet()
    with torch.no_grad():
        net.garments.bias.copy_(torch.tensor([20.0, 0, 0, 0, 1, 1, 1]))
        single = net(photos, given).garment
        halved = net.half()(photos.half(), Beside(*(part.half() for part in given))).garment
    assert torch.allclose(halved.float(), single, atol=0.01)


@pytest.mark.parametrize("what", [name for name in Beside._fields if name != "photos"])
def test_all_that_stands_beside_is_seen(what: str) -> None:
    torch.manual_seed(0)
    net, photos = tiny.wake(DetailNet()), textures(1)
    plain = beside(photos)
    other = plain._replace(**{what: torch.randn_like(getattr(plain, what))})
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
