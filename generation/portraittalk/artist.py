"""The trained networks, loaded once a process for the device they draw on."""

import functools
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from diffusers.utils import logging as diffusers_logging

from generation.errors import MemoryExhausted, WeightsInvalid
from generation.portraittalk.clip import Sampling
from generation.portraittalk.conditions import Weights as InputWeights
from generation.portraittalk.fitting import CEILING, Fit, fit_for, precision_for
from generation.portraittalk.guidance import Guidance
from generation.portraittalk.pipeline import PortraitTalkPipeline
from generation.portraittalk.student import add_student
from generation.portraittalk.weights import Steps, Weights

_OVERLAP = 3  # frames of a window that the one before has drawn
_DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Artist:
    """A pipeline on its device; it draws one clip at a time.

    Attributes:
        pipeline: with its weights.
        side: px of its pictures.
        sampling: how it draws here.
    """

    pipeline: PortraitTalkPipeline
    side: int
    sampling: Sampling


@functools.cache
def artist(weights: Weights) -> Artist:
    """Return the networks, loaded at first use and then kept.

    Raises:
        WeightsInvalid: the files are no pipeline, or do not fit each other.
        MemoryExhausted: the card is too small for them.
    """
    cuda = torch.cuda.is_available()
    memory = torch.cuda.get_device_properties(0).total_memory if cuda else None
    if cuda:
        torch.cuda.set_per_process_memory_fraction(CEILING)
    precision = precision_for(memory, knows_bf16=cuda and torch.cuda.is_bf16_supported())
    with memory_watched():
        pipeline = _loaded(weights, _DTYPES[precision]).to("cuda" if cuda else "cpu")
    side = _side(pipeline)
    fit = fit_for(memory, side)
    if fit.sliced:
        pipeline.vae.enable_slicing()
    if fit.tiled:
        pipeline.vae.enable_tiling()
    where = torch.cuda.get_device_name(0) if cuda else "the CPU"
    _log.info("PortraitTalk %s draws on %s in %s, %s.", weights.digest, where, precision, fit)
    return Artist(pipeline, side, _sampling(weights.how, fit, pipeline.animate_net.positions))


@contextmanager
def memory_watched() -> Iterator[None]:
    """Say by an error of ours that the card's memory is used up.

    Raises:
        MemoryExhausted: in place of torch's error.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise MemoryExhausted(
            f"The card has no memory left: {error}",
            remedy="Give this worker the card alone, or one with more memory.",
        ) from error


def _loaded(weights: Weights, dtype: torch.dtype) -> PortraitTalkPipeline:
    diffusers_logging.disable_progress_bar()
    try:
        loaded: PortraitTalkPipeline = PortraitTalkPipeline.from_pretrained(
            weights.folder, dtype=dtype, use_safetensors=True, local_files_only=True
        )
        add_student(loaded, weights.folder)
    except torch.OutOfMemoryError:
        raise
    except (AttributeError, KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise WeightsInvalid(
            f"{weights.folder} is no pipeline of PortraitTalk: {error}",
            remedy="Name a folder that training or `python -m generation initialise` wrote, "
            "with this version.",
        ) from error
    loaded.set_progress_bar_config(disable=True)
    return loaded


def _side(pipeline: PortraitTalkPipeline) -> int:
    """Return the side of its pictures, px: that of the latents times what the VAE shrinks by."""
    vae = pipeline.vae
    shrinks = getattr(vae, "scale_factor", None) or 2 ** (len(vae.config.block_out_channels) - 1)
    return int(pipeline.unet.config["sample_size"] * shrinks)


def _sampling(how: Steps, fit: Fit, positions: int) -> Sampling:
    window = min(fit.window, positions)
    return replace(
        asked_by(how),
        window=window,
        overlap=min(_OVERLAP, window - 1),
        decoded_together=fit.decoded_together,
    )


def asked_by(how: Steps) -> Sampling:
    """Return how weights want to be drawn with, whatever the machine."""
    guidance = Guidance() if how.few_steps else Guidance(everything=how.guidance)
    weights = InputWeights(audio=how.audio, structure=how.structure)
    return Sampling(steps=how.steps, few_steps=how.few_steps, guidance=guidance, weights=weights)
