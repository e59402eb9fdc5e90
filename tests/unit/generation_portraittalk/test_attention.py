"""Decoupled cross-attention against its formula, and what a weight of zero leaves."""

from __future__ import annotations

import pytest
import torch
from diffusers.models.attention_processor import Attention
from torch import Tensor

from generation.portraittalk.attention import DecoupledAttention, Steering

FRAMES, PLACES, WIDTH, TOKEN, HEADS = 3, 16, 8, 6, 2
LENGTHS = {"text": 4, "identity": 3, "audio": 5, "structure": 2}


@pytest.fixture
def layer() -> Attention:
    processor = DecoupledAttention(WIDTH, TOKEN, ("identity", "audio", "structure"))
    torch.nn.init.normal_(processor.own_v["identity"].weight)
    torch.nn.init.normal_(processor.own_v["audio"].weight)
    torch.nn.init.normal_(processor.own_v["structure"].weight)
    return Attention(
        WIDTH, TOKEN, heads=HEADS, dim_head=WIDTH // HEADS, processor=processor
    ).requires_grad_(False)


@pytest.fixture
def queries() -> Tensor:
    return torch.randn(2 * FRAMES, PLACES, WIDTH)


@pytest.fixture
def rows() -> Tensor:
    """Tokens of two clips: text and identity are the same in each frame of a clip."""
    lasting = torch.randn(2, 1, 7, TOKEN).expand(-1, FRAMES, -1, -1)
    return torch.cat([lasting, torch.randn(2, FRAMES, 7, TOKEN)], 2).flatten(0, 1)


def plainly(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Softmax(Q K^T / sqrt(d)) V, head by head, written out."""
    parts = []
    for head in range(HEADS):
        mine = slice(head * WIDTH // HEADS, (head + 1) * WIDTH // HEADS)
        scores = q[..., mine] @ k[..., mine].transpose(1, 2) / (WIDTH // HEADS) ** 0.5
        parts.append(scores.softmax(-1) @ v[..., mine])
    return torch.cat(parts, -1)


def test_each_path_has_keys_values_and_a_weight_of_its_own(
    layer: Attention, queries: Tensor, rows: Tensor
) -> None:
    weights = {"text": 0.9, "identity": 0.5, "audio": 2.0, "structure": 0.25}
    face, lips = torch.rand(2, 2 * FRAMES, 1, 4, 4)
    steering = Steering(LENGTHS, FRAMES, weights, {"face": face, "lips": lips})
    found = layer(queries, rows, steering=steering)

    own, q = layer.processor, layer.to_q(queries)
    text, identity, audio, structure = rows.split(list(LENGTHS.values()), 1)
    full, at_face, at_lips = own.own_v["audio"](audio).chunk(3, -1)
    key = own.own_k["audio"](audio)
    heard = plainly(q, key, full)
    heard = heard + face.reshape(-1, PLACES, 1) * plainly(q, key, at_face)
    heard = heard + lips.reshape(-1, PLACES, 1) * plainly(q, key, at_lips)
    z = (
        0.9 * plainly(q, layer.to_k(text), layer.to_v(text))
        + 0.5 * plainly(q, own.own_k["identity"](identity), own.own_v["identity"](identity))
        + 2.0 * heard
        + 0.25 * plainly(q, own.own_k["structure"](structure), own.own_v["structure"](structure))
    )
    torch.testing.assert_close(found, layer.to_out[0](z), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("path", LENGTHS)
def test_a_weight_of_zero_is_the_path_left_out(
    layer: Attention, queries: Tensor, rows: Tensor, path: str
) -> None:
    off = layer(queries, rows, steering=Steering(LENGTHS, FRAMES, {path: 0.0}))
    parts = dict(zip(LENGTHS, rows.split(list(LENGTHS.values()), 1), strict=True))
    del parts[path]
    fewer = Steering({name: part.shape[1] for name, part in parts.items()}, FRAMES)
    assert torch.equal(off, layer(queries, torch.cat(list(parts.values()), 1), steering=fewer))


def test_a_weight_for_each_clip_is_that_weight_in_that_clip(
    layer: Attention, queries: Tensor, rows: Tensor
) -> None:
    both = layer(
        queries, rows, steering=Steering(LENGTHS, FRAMES, {"audio": torch.tensor([0.0, 1.0])})
    )
    first, second = slice(0, FRAMES), slice(FRAMES, 2 * FRAMES)
    silent = layer(queries[first], rows[first], steering=Steering(LENGTHS, FRAMES, {"audio": 0}))
    loud = layer(queries[second], rows[second], steering=Steering(LENGTHS, FRAMES))
    torch.testing.assert_close(both, torch.cat([silent, loud]))


def test_keys_of_text_and_identity_are_computed_once(
    layer: Attention, queries: Tensor, rows: Tensor
) -> None:
    kept: dict = {}
    first = layer(queries, rows, steering=Steering(LENGTHS, FRAMES, kept=kept))
    assert {path for _, path in kept} == {"text", "identity"}
    assert {key.shape[0] for key, _ in kept.values()} == {2}  # once a clip, not once a frame
    counted = []
    for projection in (layer.to_k, layer.processor.own_k["identity"]):
        projection.register_forward_hook(lambda *_: counted.append(1))
    again = layer(queries, rows, steering=Steering(LENGTHS, FRAMES, kept=kept))
    assert counted == []
    assert torch.equal(first, again)


def test_without_steering_all_tokens_are_text(
    layer: Attention, queries: Tensor, rows: Tensor
) -> None:
    plain = Attention(WIDTH, TOKEN, heads=HEADS, dim_head=WIDTH // HEADS)
    own = {k: v for k, v in layer.state_dict().items() if "processor" not in k}
    plain.load_state_dict(own)
    torch.testing.assert_close(layer(queries, rows), plain(queries, rows))
