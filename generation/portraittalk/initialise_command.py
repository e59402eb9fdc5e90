"""`python -m generation initialise`: PortraitTalk's networks from an operator's weights."""

import argparse
import sys
from pathlib import Path

from generation.errors import InputError
from generation.portraittalk.parts import require

PRECISIONS = ("fp32", "fp16", "bf16")


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the program's."""
    parser = commands.add_parser(
        "initialise",
        help="make portraittalk's networks from weights of the Stable Diffusion 1.5 family",
        description=(
            "Inflates the picture network of a local folder to video and writes a pipeline that "
            "PortraitTalk loads. Nothing is fetched. What is not given begins by adding nothing "
            "and is named; it has to be trained. See docs/portraittalk.md."
        ),
    )
    parser.add_argument("base", type=Path, help="folder with unet, vae, text_encoder, ...")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--motion", type=Path, metavar="DIR", help="AnimateDiff's motion modules")
    parser.add_argument("--ip-adapter", type=Path, metavar="FILE", help="a .safetensors file")
    parser.add_argument("--precision", choices=PRECISIONS, default="fp32")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Initialise; returns the exit status.

    Raises:
        GenerationError: a part is missing or unfit, or there is something in the way.
    """
    require(options.base, options.motion, options.ip_adapter)
    if options.out.exists() and any(options.out.iterdir()):
        raise InputError(
            f"{options.out} is not empty.", code="folder-not-empty", remedy="Give a new folder."
        )
    # Here, because torch takes seconds to load and what is missing can be said before.
    import torch  # noqa: PLC0415
    from diffusers.utils import logging  # noqa: PLC0415

    from generation.portraittalk.initialise import Sources, initialise  # noqa: PLC0415

    logging.set_verbosity_error()  # it warns of casting nothing
    logging.disable_progress_bar()
    done = initialise(Sources(options.base, options.motion, options.ip_adapter))
    kind = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
    done.pipeline.to(kind[options.precision])
    done.pipeline.save_pretrained(options.out)
    for line in done.taken:
        sys.stdout.write(f"taken      {line}\n")
    for line in done.untrained:
        sys.stdout.write(f"untrained  {line}\n")
    sys.stdout.write(f"written    {options.out}\n")
    return 0
