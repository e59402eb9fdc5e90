"""A trained pipeline with its student: what makes drawing fast enough to use."""

from pathlib import Path
from typing import Any

from generation.portraittalk.clip import Sampling
from generation.portraittalk.guidance import Guidance
from generation.portraittalk.pipeline import PortraitTalkPipeline

STUDENT = "student"  # folder of the adapter, beside the networks'
STEPS = 4


def with_student(pipeline: PortraitTalkPipeline, folder: Path) -> Sampling:
    """Make a pipeline draw as its student does, where a folder holds one.

    The adapter is added into the networks' weights, so it costs nothing when drawing.

    Args:
        pipeline: of that folder; changed.
        folder: of the whole pipeline.

    Returns:
        How this pipeline is meant to be sampled: a few steps without guidance, or, without a
        student, many with it.
    """
    if not (folder / STUDENT).is_dir():
        return Sampling()
    loaded: Any = pipeline  # its mixin's methods are typed for other pipelines
    loaded.load_lora_weights(folder / STUDENT)
    loaded.fuse_lora(components=["unet"])
    loaded.unload_lora_weights()
    return Sampling(steps=STEPS, few_steps=True, guidance=Guidance())
