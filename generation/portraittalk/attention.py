"""Decoupled cross-attention: text, identity, voice and structure steer one picture side by side.

    Z = w_text A(Q, K_text, V_text) + w_id A(Q, K_id, V_id) + w_aud A(Q, K_aud, V_aud) + ...

One query and one output projection for all of them, bias-free keys and values for each (after
IP-Adapter, arXiv 2308.06721). The tokens of all paths come as one row for each frame and are told
apart here, so that the networks of diffusers stay as they are. The voice has values of its own for
the whole picture, the face and the lips (after Hallo, arXiv 2406.08801). Values of every path but
the text's begin at zero: a new path changes nothing until it is trained.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from diffusers.models.attention_processor import Attention, AttnProcessor2_0
from diffusers.models.unets.unet_motion_model import UNetMotionModel
from torch import Tensor, nn
from torch.nn import functional

TEXT, IDENTITY, AUDIO, STRUCTURE = PATHS = ("text", "identity", "audio", "structure")
REGIONS = ("full", "face", "lips")  # where the voice may act
LASTING = (TEXT, IDENTITY)  # the same tokens in every frame of a clip

Weight = float | Tensor  # a tensor is (b,): one for each clip of a batch


@dataclass
class Steering:
    """What each layer has to know of a call beside the tokens.

    Attributes:
        lengths: how many tokens each path has, in the order in which they lie in a row.
        frames: of a clip; rows are clip by clip, frame by frame.
        weights: of the paths; 1 where not named. A path with the number 0 is left out.
        masks: "face" and "lips": (b * f, 1, h, w) 0..1. Without one, that region is left out.
        kept: give one dict to all calls with the same text and identity (steps, windows), and
            their keys and values are computed once.
    """

    lengths: Mapping[str, int]
    frames: int = 1
    weights: Mapping[str, Weight] = field(default_factory=dict)
    masks: Mapping[str, Tensor] = field(default_factory=dict)
    kept: dict[tuple[int, str], tuple[Tensor, Tensor]] | None = None
    _fitted: dict[tuple[str, int], Tensor] = field(default_factory=dict)

    def mask(self, region: str, places: int) -> Tensor:
        """Return a mask for a layer's picture as (b * f, places, 1); made once a size."""
        if (region, places) not in self._fitted:
            whole = self.masks[region]
            height, width = whole.shape[-2:]
            high = max(1, round((places * height / width) ** 0.5))
            fitted = functional.adaptive_avg_pool2d(whole, (high, places // high))
            self._fitted[region, places] = fitted.flatten(2).transpose(1, 2)
        return self._fitted[region, places]


def is_off(weight: Weight) -> bool:
    """Tell whether a path is left out: its weight is the number 0."""
    return not isinstance(weight, Tensor) and weight == 0


class SelfAttention(AttnProcessor2_0):
    """Attention of a picture to itself: what steers a call is not for it."""

    def __call__(  # type: ignore[override]  # what it is called with is named, or diffusers warns
        self,
        attn: Attention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        steering: Steering | None = None,
    ) -> Tensor:
        """Return (n, places, channels)."""
        out: Tensor = super().__call__(attn, hidden_states, encoder_hidden_states, attention_mask)
        return out


class DecoupledAttention(nn.Module):
    """The cross-attention of one layer: keys and values of other paths beside the text's."""

    def __init__(self, width: int, token_size: int, paths: Iterable[str]) -> None:
        """Make the layers.

        Args:
            width: channels of the queries.
            token_size: of every path's tokens.
            paths: which of :data:`PATHS` there are beside the text.
        """
        super().__init__()
        # Not named like diffusers' own layers: peft finds those that LoRA changes by their names.
        self.own_k, self.own_v = nn.ModuleDict(), nn.ModuleDict()
        for path in paths:
            values = width * (len(REGIONS) if path == AUDIO else 1)
            self.own_k[path] = nn.Linear(token_size, width, bias=False)
            self.own_v[path] = _silent(nn.Linear(token_size, values, bias=False))

    def __call__(
        self,
        attn: Attention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        steering: Steering | None = None,
    ) -> Tensor:
        """Return (n, places, channels) for queries of that shape and tokens (n, tokens, size).

        Without `steering` all tokens are the text's. It is called as diffusers calls its own
        processors, by name: hence the two names for tokens and queries.
        """
        if encoder_hidden_states is None or attention_mask is not None:
            raise ValueError("decoupled attention takes tokens and no mask of them")
        steering = steering or Steering({TEXT: encoder_hidden_states.shape[1]})
        query: Tensor = attn.to_q(hidden_states)
        mixed, at = torch.zeros_like(query), 0
        for path, length in steering.lengths.items():
            tokens = encoder_hidden_states[:, at : at + length]
            at += length
            weight = steering.weights.get(path, 1.0)
            if length and not is_off(weight):
                mixed = mixed + _weighted(self._attend(attn, path, query, tokens, steering), weight)
        out: Tensor = attn.to_out[1](attn.to_out[0](mixed))
        return out

    def _attend(
        self, attn: Attention, path: str, query: Tensor, tokens: Tensor, steering: Steering
    ) -> Tensor:
        """Return what one path adds, (n, places, width), before its weight."""
        rows, places, width = query.shape
        if path in LASTING:  # one row of tokens for all frames of a clip: its queries lie in one
            query = query.reshape(rows // steering.frames, -1, width)
            tokens = tokens[:: steering.frames]
        key, value = self._keys_and_values(attn, path, tokens, steering)
        if path != AUDIO:
            return attend(query, key, value, attn.heads).reshape(rows, places, width)
        mixed = torch.zeros_like(query)
        for region, part in zip(REGIONS, value.chunk(len(REGIONS), dim=-1), strict=True):
            if region == REGIONS[0]:
                mixed = mixed + attend(query, key, part, attn.heads)
            elif region in steering.masks:
                mask = steering.mask(region, places).to(query.dtype)
                mixed = mixed + mask * attend(query, key, part, attn.heads)
        return mixed

    def _keys_and_values(
        self, attn: Attention, path: str, tokens: Tensor, steering: Steering
    ) -> tuple[Tensor, Tensor]:
        place = (id(self), path)
        if path in LASTING and steering.kept is not None and place in steering.kept:
            return steering.kept[place]
        to_k, to_v = (
            (attn.to_k, attn.to_v) if path == TEXT else (self.own_k[path], self.own_v[path])
        )
        found = to_k(tokens), to_v(tokens)
        if path in LASTING and steering.kept is not None:
            steering.kept[place] = found
        return found


def attend(query: Tensor, key: Tensor, value: Tensor, heads: int) -> Tensor:
    """Return scaled dot-product attention of (n, places, width) to (n, tokens, width)."""
    q, k, v = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (query, key, value))
    return functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)


def decouple(unet: UNetMotionModel, paths: Iterable[str]) -> None:
    """Give every cross-attention of a network the paths; motion modules stay as they are."""
    paths = tuple(paths)
    processors: dict[str, Any] = dict(unet.attn_processors)
    for name in processors:
        layer = unet.get_submodule(name.removesuffix(".processor"))
        if "motion_modules" in name or not isinstance(layer, Attention):
            continue
        if name.endswith("attn1.processor"):
            processors[name] = SelfAttention()
        else:
            width, size = layer.to_q.out_features, layer.to_k.in_features
            processors[name] = DecoupledAttention(width, size, paths)
    unet.set_attn_processor(processors)


def _silent(layer: nn.Linear) -> nn.Linear:
    nn.init.zeros_(layer.weight)
    return layer


def _weighted(part: Tensor, weight: Weight) -> Tensor:
    if isinstance(weight, Tensor):  # (clips,) to (rows, 1, 1)
        each = weight.repeat_interleave(part.shape[0] // weight.shape[0])
        return part * each.view(-1, 1, 1).to(part.dtype)
    return part if weight == 1 else part * weight
