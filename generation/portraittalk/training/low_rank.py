"""An adapter of fewer dimensions: the nearest one to what was trained (Eckart and Young 1936)."""

import torch
from torch import Tensor

_DOWN, _UP = ".lora_A.", ".lora_B."


def lower_rank(layers: dict[str, Tensor], rank: int) -> dict[str, Tensor]:
    """Return an adapter's layers, each with `rank` dimensions at most.

    Args:
        layers: as `save_lora_weights` names them: (r, in, ...) that goes down, (out, r, ...) up.
        rank: of what is returned.
    """
    found = dict(layers)
    for name in (n for n in layers if _DOWN in n):
        other = name.replace(_DOWN, _UP)
        down, up = layers[name].float(), layers[other].float()
        if len(down) <= rank:
            continue
        # The product is large and of low rank: its singular values are those of a small matrix.
        rows, right = torch.linalg.qr(down.flatten(1).T)
        columns, left = torch.linalg.qr(up.flatten(1))
        u, values, vh = torch.linalg.svd(left @ right.T, full_matrices=False)
        share = values[:rank].sqrt()
        # A layer that is narrower than the rank has no more directions: the rest is nothing.
        lower = down.new_zeros(rank, *down.shape[1:])
        upper = up.new_zeros(len(up), rank, *up.shape[2:])
        kept = len(share)
        lower[:kept] = (share[:, None] * (vh[:rank] @ rows.T)).reshape(kept, *down.shape[1:])
        upper[:, :kept] = (columns @ u[:, :rank] * share).reshape(len(up), kept, *up.shape[2:])
        found[name], found[other] = lower, upper
    return found
