"""Which weights PortraitTalk is put together from, and where each has to lie. Loads no torch."""

from dataclasses import dataclass
from pathlib import Path

from generation.portraittalk.errors import PartMissing


@dataclass(frozen=True)
class Part:
    """Something that an operator brings.

    Attributes:
        name: what it is called in messages.
        what: it would be.
        where: it would have to lie.
        files: patterns; each has to match something in its folder.
    """

    name: str
    what: str
    where: str
    files: tuple[str, ...] = ()


_WEIGHTS = "diffusion_pytorch_model*.safetensors"
BASE = (
    Part("unet", "the picture network (UNet2DConditionModel)", "unet/", ("config.json", _WEIGHTS)),
    Part("vae", "pixels to latents and back (AutoencoderKL)", "vae/", ("config.json", _WEIGHTS)),
    Part(
        "text_encoder",
        "CLIP's text encoder (CLIPTextModel)",
        "text_encoder/",
        ("config.json", "model*.safetensors"),
    ),
    Part("tokenizer", "CLIP's vocabulary", "tokenizer/", ("tokenizer_config.json",)),
    Part("scheduler", "how noise is added", "scheduler/", ("scheduler_config.json",)),
)
MOTION = Part(
    "motion modules",
    "AnimateDiff's motion modules (MotionAdapter)",
    "a folder, by --motion",
    ("config.json", _WEIGHTS),
)
IP_ADAPTER = Part(
    "IP-Adapter",
    "IP-Adapter's weights, best of its FaceID kind",
    "a .safetensors file, by --ip-adapter",
)


def require(base: Path, motion: Path | None = None, ip_adapter: Path | None = None) -> None:
    """Look whether all weights are there.

    Args:
        base: folder of the Stable Diffusion 1.5 family.
        motion: folder of motion modules, if they were given.
        ip_adapter: file, if it was given.

    Raises:
        PartMissing: names every file that is not there, with what it would be.
    """
    lacking = [
        f"{base / part.where / file}: {part.what}"
        for part in BASE
        for file in _lacking(base / part.where, part.files)
    ]
    if motion is not None:
        lacking += [f"{motion / file}: {MOTION.what}" for file in _lacking(motion, MOTION.files)]
    if ip_adapter is not None and not ip_adapter.is_file():
        lacking.append(f"{ip_adapter}: {IP_ADAPTER.what}")
    if lacking:
        raise PartMissing(
            "There is no\n  " + "\n  ".join(lacking) + "\n",
            remedy="Put each where it is looked for, as diffusers' save_pretrained writes it; "
            "weights are taken as .safetensors only, because a pickle runs code when it is read.",
        )


def _lacking(folder: Path, patterns: tuple[str, ...]) -> list[str]:
    return [each for each in patterns if not folder.is_dir() or not any(folder.glob(each))]
