"""A student beside trained networks: a small adapter by which they draw in a few steps."""

from pathlib import Path
from typing import Any

from generation.portraittalk.pipeline import PortraitTalkPipeline

STUDENT = "student"  # its folder, beside the networks'


def add_student(pipeline: PortraitTalkPipeline, folder: Path) -> None:
    """Add a student into a pipeline's weights, where its folder holds one.

    Added in, it costs nothing when drawing. How the pipeline is to be sampled then, its
    ``drawing.json`` says.

    Args:
        pipeline: of that folder; changed.
        folder: of the whole pipeline.
    """
    if not (folder / STUDENT).is_dir():
        return
    loaded: Any = pipeline  # its mixin's methods are typed for other pipelines
    loaded.load_lora_weights(folder / STUDENT)
    loaded.fuse_lora(components=["unet"])
    loaded.unload_lora_weights()
