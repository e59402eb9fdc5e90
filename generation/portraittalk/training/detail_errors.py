"""What DetailNet is held to beside pixels, edges and faces: calm places, walls and clothes."""

import torch
from torch import Tensor
from torch.nn import functional

from generation.portraittalk.clothing import DYES
from generation.portraittalk.text import NOTHING
from generation.portraittalk.training.clip_batches import Batch
from generation.portraittalk.training.conditions import ORIGINAL, PLAIN
from generation.portraittalk.training.detail_batches import Seen

FAINT = 0.05  # what edges count where there are hardly any, by how much they differ there
CALM = 2.0  # levels of 255: walls and flat cloth
SURELY = 0.8  # more than this of clothes is clothes
_LEVEL = 1 / 127.5  # of 255
_AROUND = 5  # px
_AT_LEAST, _AT_MOST = 0.5, 8.0  # levels that differences count by, and for


def calmness(wanted: Tensor) -> Tensor:
    """Return how much neighbours differ around each place, (b, 1, H, W), in levels of 255.

    Walls have 0 where they are painted, .3 out of focus and 1 as photographed; skin has 5.
    """
    down = functional.pad(wanted.diff(dim=2).abs(), (0, 0, 0, 1))
    aside = functional.pad(wanted.diff(dim=3).abs(), (0, 1, 0, 0))
    apart = (down + aside).mean(1, keepdim=True) / 2
    around = functional.avg_pool2d(apart, _AROUND, 1, _AROUND // 2, count_include_pad=False)
    return around / _LEVEL


def faint_error(drawn: Tensor, wanted: Tensor, calm: Tensor) -> Tensor:
    """Return how unlike the differences of neighbours are where they are small, relative to these.

    Walls and what is out of focus differ by a level or two, which no other error minds.
    """
    counts = (calm < CALM) / (calm + _AT_LEAST)
    total = drawn.new_zeros(())
    for axis in (2, 3):
        near = counts.narrow(axis, 0, counts.shape[axis] - 1)
        apart = (drawn.diff(dim=axis) - wanted.diff(dim=axis)).abs().mean(1, keepdim=True) / _LEVEL
        total = total + (apart.clamp(max=_AT_MOST) * near).sum() / (near > 0).sum().clamp_min(1)
    return total / 2


def wall_error(wall: Tensor, wanted: Tensor, calm: Tensor) -> Tensor:
    """Return how far a wall is from what stands where it is calm, with its differences."""
    where = (calm < CALM).to(wanted)
    apart = ((wall - wanted).abs().mean(1, keepdim=True) * where).sum() / where.sum().clamp_min(1)
    return apart + FAINT * faint_error(wall, wanted, calm)


def garment_error(garment: Tensor, seen: Seen, batch: Batch) -> Tensor:
    """Return how far clothes are from what is seen where they are, if there is a caption.

    A jaw that drops covers a collar: where the frame's face is, nothing counts.
    """
    told = torch.tensor([caption != NOTHING for caption in batch.captions]).to(garment.device)
    where = (seen.parts[:, 1:] > SURELY) & (seen.weights <= 1) & told[:, None, None, None]
    apart = (garment - seen.wanted).abs().mean(1, keepdim=True)
    return (apart * where).sum() / where.sum().clamp_min(1)


def kind_error(kind: Tensor, batch: Batch) -> Tensor:
    """Return how far logits (b, 3) are from what captions say of background and clothes.

    That the background is painted, that it is in focus, that clothes are dyed.
    """
    said = [shard.clip_at(row).labels for shard, row in batch.sources]
    both = [(each.get("background"), each.get("clothing")) for each in said]
    wanted = torch.tensor([(w in PLAIN, w == ORIGINAL, c in DYES) for w, c in both])
    known = torch.tensor([(w is not None, w is not None, c is not None) for w, c in both])
    told = torch.tensor([caption != NOTHING for caption in batch.captions])[:, None]
    counts = (known & told).float()
    counts[:, 1] *= ~wanted[:, 0]  # whether a painted wall is in focus nobody can say
    apart = functional.binary_cross_entropy_with_logits(
        kind, wanted.to(kind), counts.to(kind), reduction="sum"
    )
    return apart / counts.sum().clamp_min(1)
