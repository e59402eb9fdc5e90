"""Attention of training steps on CPUs: computed in single precision, given back in half."""

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from generation.portraittalk.training.attention_precision import attention_for

CPU = torch.device("cpu")


class _Watched(TorchFunctionMode):
    """Notes what attention is really computed in."""

    def __init__(self) -> None:
        super().__init__()
        self.computed: list[torch.dtype] = []

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        if func is functional.scaled_dot_product_attention:
            self.computed.append(args[0].dtype)
        return func(*args, **(kwargs or {}))


def _rows(dtype: torch.dtype = torch.bfloat16) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    return [torch.randn(2, 4, 14, 16, generator=generator).to(dtype) for _ in range(3)]


def test_half_precision_is_computed_in_single_and_given_back_in_half() -> None:
    rows, watched = [row.requires_grad_() for row in _rows()], _Watched()
    with watched, torch.autocast("cpu", torch.bfloat16), attention_for(CPU):
        found = functional.scaled_dot_product_attention(*rows)
        found.float().sum().backward()
    assert watched.computed == [torch.float32]
    assert found.dtype == torch.bfloat16
    exact = functional.scaled_dot_product_attention(*(row.detach().float() for row in rows))
    assert torch.equal(found.detach(), exact.to(torch.bfloat16))
    assert all(row.grad is not None and row.grad.dtype == torch.bfloat16 for row in rows)


def test_masks_and_scales_are_passed_on() -> None:
    rows = _rows()
    mask = torch.ones(14, 14, dtype=torch.bool).tril()
    with attention_for(CPU):
        found = functional.scaled_dot_product_attention(*rows, mask, scale=0.5)
        named = dict(zip(("query", "key", "value"), rows, strict=True))
        same = functional.scaled_dot_product_attention(**named, attn_mask=mask, scale=0.5)
    exact = functional.scaled_dot_product_attention(*(r.float() for r in rows), mask, scale=0.5)
    assert torch.equal(found, exact.to(torch.bfloat16))
    assert torch.equal(found, same)


def test_other_precisions_and_other_devices_stay_as_they_are() -> None:
    rows, watched = _rows(torch.float64), _Watched()
    with watched, attention_for(CPU):
        functional.scaled_dot_product_attention(*rows)
    with watched, attention_for(torch.device("meta")):
        functional.scaled_dot_product_attention(*_rows())
    assert watched.computed == [torch.float64, torch.bfloat16]
