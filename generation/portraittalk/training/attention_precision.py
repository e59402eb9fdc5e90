"""Attention in single precision where everything else is in half: on CPUs bfloat16 is slower there.

PyTorch 2.13's fused attention has a backward pass for bfloat16 on CPUs that takes four to ten times
as long as the one for float32, at all sizes that these networks have: half of a training step.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

_FUSED: Callable[..., Tensor] = functional.scaled_dot_product_attention


class _Single(TorchFunctionMode):
    """Computes fused attention in float32 and gives it back as it was asked for."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call a function of torch."""
        return (_single if func is _FUSED else func)(*args, **(kwargs or {}))


def _single(query: Tensor, key: Tensor, value: Tensor, *rest: Any, **named: Any) -> Tensor:
    if query.dtype == torch.float64:
        return _FUSED(query, key, value, *rest, **named)
    with torch.autocast(query.device.type, enabled=False):
        out = _FUSED(query.float(), key.float(), value.float(), *rest, **named)
    return out.to(query.dtype)


def attention_for(device: torch.device) -> AbstractContextManager[Any]:
    """Return a context in which a step is computed: as fast as attention goes on a device."""
    return _Single() if device.type == "cpu" else nullcontext()
