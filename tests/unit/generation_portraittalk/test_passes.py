"""What the networks are given when a clip is drawn is what they were given in training."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from generation.portraittalk.clip import Clip
from generation.portraittalk.conditions import Conditions, Residuals
from generation.portraittalk.denoiser import Denoiser, Inputs
from generation.portraittalk.passes import Passes, Person
from tests.unit.generation_portraittalk import tiny

LATENT = (tiny.LATENT, tiny.LATENT)


@pytest.fixture
def clip() -> Clip:
    return tiny.clip(frames=3, portraits=2)


@pytest.fixture
def latents() -> Tensor:
    return torch.randn(1, 2, tiny.CHANNELS, *LATENT)


@pytest.fixture
def texts() -> tuple[Tensor, Tensor]:
    return torch.randn(1, 5, tiny.TOKEN), torch.randn(1, 5, tiny.TOKEN)


def in_training(clip: Clip, latents: Tensor, text: Tensor) -> Inputs:
    scene, portraits = clip.drive.scene(0, 3), clip.portraits
    return Inputs(
        text=text,
        embeddings=portraits.embeddings[None],
        portraits=latents,
        drawn_portraits=portraits.drawn[None],
        drawn=scene.drawn[None],
        voice=scene.voice[None],
        face=functional.adaptive_avg_pool2d(scene.face[None], LATENT),
        lips=functional.adaptive_avg_pool2d(scene.lips[None], LATENT),
    )


def tensors(conditions: Conditions) -> dict[str, Tensor]:
    named = {each.name: getattr(conditions, each.name) for each in fields(conditions)}
    added = named.pop("residuals")
    assert isinstance(added, Residuals)
    named |= {f"residual {i}": x for i, x in enumerate((*added.down, added.mid))}
    return {name: value for name, value in named.items() if value is not None}


@pytest.mark.parametrize("gone", [[], ["identity"], ["audio"], ["structure"], ["text"]])
@torch.no_grad()
def test_a_pass_without_an_input_is_what_training_dropped(
    denoiser: Denoiser,
    clip: Clip,
    latents: Tensor,
    texts: tuple[Tensor, Tensor],
    gone: list[str],
) -> None:
    inputs = in_training(clip, latents, texts["text" in gone])
    dropped = {name: torch.tensor([True]) for name in gone if name != "text"}
    wanted = tensors(denoiser.conditions(inputs, dropped))

    tokens = denoiser.identity_net.tokens(inputs.embeddings, latents)
    person = Person(latents, inputs.drawn_portraits, tokens)
    passes = Passes(
        denoiser.animate_net, denoiser.identity_net, person, texts, [frozenset(), frozenset(gone)]
    )
    both = tensors(passes.conditions(clip.drive.scene(0, 3), LATENT))
    assert both.keys() == wanted.keys()
    for name, value in wanted.items():
        second = both[name][len(both[name]) // 2 :]
        torch.testing.assert_close(second, value, rtol=1e-4, atol=1e-5, msg=name)


@torch.no_grad()
def test_each_of_several_windows_sees_what_it_would_see_alone(
    denoiser: Denoiser, latents: Tensor, texts: tuple[Tensor, Tensor]
) -> None:
    clip = tiny.clip(frames=5, portraits=2)
    animate, identity = denoiser.animate_net, denoiser.identity_net
    portraits = clip.portraits
    tokens = identity.tokens(portraits.embeddings[None], latents)
    person = Person(latents, portraits.drawn[None], tokens)
    passes = Passes(animate, identity, person, texts, [frozenset(), frozenset({"audio"})])
    both = passes.conditions(clip.drive.scene(0, 5), LATENT).windows([0, 2], 3)
    noisy = torch.randn(2, tiny.CHANNELS, 3, *LATENT)
    together = animate(noisy.repeat(2, 1, 1, 1, 1), 500, both, kept=passes.kept(2))
    together = together.unflatten(0, (2, 2))  # passes, windows
    for window, place in enumerate((0, 2)):
        alone = passes.conditions(clip.drive.scene(place, place + 3), LATENT)
        wanted = animate(noisy[[window]].repeat(2, 1, 1, 1, 1), 500, alone, kept=passes.kept(1))
        torch.testing.assert_close(together[:, window], wanted, rtol=1e-4, atol=1e-5)
