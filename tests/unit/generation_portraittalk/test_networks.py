"""AnimateNet and IdentityNet: what each part adds, what zero takes away, what is kept on disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import MotionAdapter, UNet2DConditionModel
from torch import Tensor

from generation.portraittalk.animate_net import AnimateNet
from generation.portraittalk.attention import DecoupledAttention
from generation.portraittalk.conditions import Conditions, Weights
from generation.portraittalk.denoiser import Denoiser, Inputs
from generation.portraittalk.identity_net import IdentityNet
from tests.unit.generation_portraittalk import tiny

STEP = torch.tensor([7])


@pytest.fixture
def sample() -> Tensor:
    return tiny.noisy()


def drawn(net: Denoiser, sample: Tensor, inputs: Inputs, **weights: float) -> Tensor:
    with torch.inference_mode():
        return net(sample, STEP, inputs, weights=Weights(**weights))


@pytest.mark.parametrize("part", ["text", "identity", "audio", "structure", "motion"])
def test_every_part_moves_the_picture_and_can_be_switched_off(
    denoiser: Denoiser, sample: Tensor, inputs: Inputs, part: str
) -> None:
    whole = drawn(denoiser, sample, inputs)
    assert whole.shape == sample.shape
    assert not torch.allclose(whole, drawn(denoiser, sample, inputs, **{part: 0}), atol=1e-4)


def test_a_weight_of_zero_is_the_input_not_given(
    denoiser: Denoiser, sample: Tensor, inputs: Inputs
) -> None:
    conditions = denoiser.conditions(inputs, {})
    less = replace(conditions, identity=None, residuals=None, audio=None, structure=None)
    net = denoiser.animate_net
    off = net(sample, STEP, conditions, Weights(identity=0, audio=0, structure=0))
    assert torch.equal(off, net(sample, STEP, less))


def test_an_untrained_voice_changes_no_bit(sample: Tensor, inputs: Inputs) -> None:
    net = AnimateNet(tiny.UNET, tiny.AUDIO, structure_channels=tiny.STEM).eval()
    text = inputs.text
    mute = net(sample, STEP, Conditions(text))
    heard = Conditions(text, audio=net.audio(inputs.voice), face=inputs.face, lips=inputs.lips)
    assert torch.equal(net(sample, STEP, heard), mute)


def test_a_fresh_network_draws_what_the_picture_network_draws(inputs: Inputs) -> None:
    pictures = UNet2DConditionModel(**tiny.PICTURES).eval()
    net = AnimateNet.from_unet2d(pictures, tiny.AUDIO, structure_channels=tiny.STEM).eval()
    identity = tiny.identity_net()
    sample = tiny.noisy()
    conditions = Denoiser(net, identity).conditions(inputs, {})
    conditions = replace(conditions, residuals=None)
    video = net(sample, STEP, conditions)
    frames = sample.transpose(1, 2).flatten(0, 1)
    one_by_one = pictures(frames, STEP, inputs.text.expand(3, -1, -1)).sample
    torch.testing.assert_close(video[0].transpose(0, 1), one_by_one, rtol=1e-4, atol=1e-5)


def test_motion_weights_of_animatediff_are_taken(inputs: Inputs) -> None:
    pictures = UNet2DConditionModel(**tiny.PICTURES)
    motion = MotionAdapter(
        (8, 16), motion_layers_per_block=1, motion_num_attention_heads=2, motion_norm_num_groups=4
    )
    net = AnimateNet.from_unet2d(pictures, tiny.AUDIO, motion, structure_channels=tiny.STEM)
    ours = net.unet.down_blocks[0].motion_modules.state_dict()
    theirs = motion.down_blocks[0].motion_modules.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_frames_see_each_other_by_the_motion_modules_only(
    denoiser: Denoiser, sample: Tensor, inputs: Inputs
) -> None:
    changed = sample.clone()
    changed[:, :, 2] += 1
    first = drawn(denoiser, sample, inputs)[:, :, 0]
    assert not torch.allclose(first, drawn(denoiser, changed, inputs)[:, :, 0], atol=1e-5)
    alone = drawn(denoiser, sample, inputs, motion=False)[:, :, 0]
    beside = drawn(denoiser, changed, inputs, motion=False)[:, :, 0]
    torch.testing.assert_close(alone, beside)


@pytest.mark.parametrize("part", ["identity", "audio", "structure"])
def test_what_is_dropped_for_one_clip_has_no_effect_on_it(denoiser: Denoiser, part: str) -> None:
    """The dropped clip no longer sees its own input, and its neighbour still does."""
    inputs, sample = tiny.inputs(clips=2), tiny.noisy(clips=2)
    named = {
        "identity": ["embeddings", "portraits", "drawn_portraits"],
        "audio": ["voice"],
        "structure": ["drawn"],
    }[part]
    other = replace(inputs, **{name: getattr(tiny.inputs(clips=2), name) for name in named})
    gone = {part: torch.tensor([True, False])}
    if part == "structure":  # IdentityNet reads the drawn face, too
        gone["identity"] = gone["structure"]
    with torch.inference_mode():
        one = denoiser(sample, torch.tensor([7, 7]), inputs, gone)
        two = denoiser(sample, torch.tensor([7, 7]), other, gone)
    torch.testing.assert_close(one[0], two[0])
    assert not torch.allclose(one[1], two[1], atol=1e-4)


def test_portraits_of_one_person_count_the_same_in_any_order(identity_net: IdentityNet) -> None:
    inputs = tiny.inputs(portraits=3)
    turned = [2, 0, 1]

    with torch.inference_mode():
        tokens = identity_net.tokens(inputs.embeddings, inputs.portraits)
        again = identity_net.tokens(inputs.embeddings[:, turned], inputs.portraits[:, turned])
    torch.testing.assert_close(tokens, again, rtol=1e-4, atol=1e-5)

    def added(order: list[int]) -> Tensor:
        here = inputs.drawn_portraits[:, order]
        with torch.inference_mode():
            return identity_net(inputs.portraits[:, order], inputs.drawn, here, tokens).mid

    torch.testing.assert_close(added([0, 1, 2]), added(turned), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(added([0, 0]), added([0]), rtol=1e-4, atol=1e-4)
    assert added([0, 1]).shape[0] == 3  # frames, not portraits
    assert not torch.allclose(added([0, 1]), added([0]), atol=1e-3)


def test_networks_come_back_from_disk_as_they_were(
    denoiser: Denoiser, sample: Tensor, inputs: Inputs, tmp_path: Path
) -> None:
    denoiser.animate_net.save_pretrained(tmp_path / "animate_net")
    denoiser.identity_net.save_pretrained(tmp_path / "identity_net")
    again = Denoiser(
        AnimateNet.from_pretrained(tmp_path / "animate_net"),
        IdentityNet.from_pretrained(tmp_path / "identity_net"),
    ).eval()
    processors = again.animate_net.unet.attn_processors.values()
    assert sum(isinstance(each, DecoupledAttention) for each in processors) == 4
    before, after = denoiser.state_dict(), again.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(after[name], before[name]) for name in before)
    # Where weights lie in memory decides which kernels add them up: bits may differ.
    one, two = drawn(denoiser, sample, inputs), drawn(again, sample, inputs)
    torch.testing.assert_close(one, two, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("motion", [True, False])
def test_checkpointed_gradients_are_the_same_and_reach_every_part(
    denoiser: Denoiser, motion: bool
) -> None:
    inputs, sample = tiny.inputs(portraits=2), tiny.noisy()
    gone = {part: torch.tensor([False]) for part in ("identity", "audio")}

    def gradients() -> dict[str, Tensor]:
        denoiser.train().zero_grad()
        predicted = denoiser(sample, STEP, inputs, gone, Weights(motion=motion))
        predicted.square().mean().backward()
        return {k: p.grad for k, p in denoiser.named_parameters() if p.grad is not None}

    plain = gradients()
    untouched = {k for k, _ in denoiser.named_parameters()} - plain.keys()
    assert {name for name in untouched if motion or "motion_modules" not in name} == set()
    for net in (denoiser.animate_net, denoiser.identity_net):
        net.enable_gradient_checkpointing()
    for name, gradient in gradients().items():
        torch.testing.assert_close(gradient, plain[name], rtol=1e-3, atol=1e-6)


def test_the_drawn_face_may_become_tokens_as_well(sample: Tensor, inputs: Inputs) -> None:
    net = tiny.animate_net(structure_tokens=4)
    features, tokens = net.structure(inputs.drawn)
    assert (features.shape, tokens.shape) == ((1, 8, 3, 8, 8), (1, 3, 4, tiny.TOKEN))
    with_tokens = net(sample, STEP, Conditions(inputs.text, structure_tokens=tokens))
    assert not torch.allclose(with_tokens, net(sample, STEP, Conditions(inputs.text)))
