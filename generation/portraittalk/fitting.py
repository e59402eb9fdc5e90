"""What fits into a card: how many frames at once, in which precision, decoded how. Loads no torch.

The table is for networks of the Stable Diffusion 1.5 family at 512 px, where half-precision weights
take about 4 GiB. Networks for smaller pictures need less by the square of the side, and so count as
if the card were as much larger.
"""

from dataclasses import dataclass

GIB = 1 << 30
REFERENCE = 512  # px of the side that the table is for


@dataclass(frozen=True)
class Fit:
    """How clips are drawn on one device.

    Attributes:
        window: frames drawn together, within what the motion modules know.
        decoded_together: frames.
        sliced: each picture is decoded by itself.
        tiled: and each in parts.
    """

    window: int
    decoded_together: int
    sliced: bool = False
    tiled: bool = False


# Memory of the card in GiB, at least -> how.
TABLE: tuple[tuple[float, Fit], ...] = (
    (72, Fit(32, 16)),
    (36, Fit(24, 8)),
    (20, Fit(16, 4)),
    (14, Fit(12, 2)),
    (10, Fit(12, 1, sliced=True)),
    (0, Fit(8, 1, sliced=True, tiled=True)),
)
ON_CPU = Fit(12, 4)
CEILING = 0.92  # of the card's memory that this process may take: drivers and displays need some


def fit_for(memory: int | None, side: int) -> Fit:
    """Return how clips are drawn.

    Args:
        memory: bytes of the card; None on a CPU.
        side: px of the networks' pictures.
    """
    if memory is None:
        return ON_CPU
    counted = memory / GIB * (REFERENCE / side) ** 2
    return next(fit for least, fit in TABLE if counted >= least)


def precision_for(memory: int | None, *, knows_bf16: bool) -> str:
    """Return "bf16", "fp16" or, on a CPU, "fp32", which is the faster there."""
    if memory is None:
        return "fp32"
    return "bf16" if knows_bf16 else "fp16"
