"""PortraitTalk's networks from weights that an operator has: the Stable Diffusion 1.5 family.

The picture network is inflated to video and its encoder copied for IdentityNet; weights of
AnimateDiff and of IP-Adapter are taken where they are given. What nobody gave begins by adding
nothing, and is named: it has to be trained before a clip is worth looking at.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.models.unets.unet_motion_model import MotionAdapter
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from generation.portraittalk import features
from generation.portraittalk.animate_net import AnimateNet
from generation.portraittalk.attention import IDENTITY, DecoupledAttention
from generation.portraittalk.errors import PartMissing, PartUnfit
from generation.portraittalk.identity_net import IdentityNet
from generation.portraittalk.parts import IP_ADAPTER, MOTION, Part, require
from generation.portraittalk.pipeline import PortraitTalkPipeline

_AUDIO = {"size": features.SIZE, "rows": features.SEEN, "hidden": 512}
_RESAMPLER = {"hidden_dims": 768, "depth": 4, "dim_head": 64, "heads": 12}
_DLIB, _FACE_TOKENS = 128, 4
_FACE_LAYERS = {"proj.0": "ff.net.0.proj", "proj.2": "ff.net.2"}  # IP-Adapter's names to diffusers'

Loaded = TypeVar("Loaded")


@dataclass(frozen=True)
class Sources:
    """Where the weights lie.

    Attributes:
        base: a folder of the Stable Diffusion 1.5 family, as diffusers saves it.
        motion: a folder of AnimateDiff's motion modules, as diffusers saves a MotionAdapter.
        ip_adapter: a .safetensors file of IP-Adapter.
    """

    base: Path
    motion: Path | None = None
    ip_adapter: Path | None = None


@dataclass
class Initialised:
    """A pipeline, and what of it is known.

    Attributes:
        pipeline: complete; it can be saved.
        taken: what was found, a line each.
        untrained: what begins by adding nothing, a line each.
    """

    pipeline: PortraitTalkPipeline
    taken: list[str] = field(default_factory=list)
    untrained: list[str] = field(default_factory=list)


def initialise(sources: Sources) -> Initialised:
    """Put a pipeline together.

    Raises:
        PartMissing: every weight that is not where it has to lie is named.
        PartUnfit: a part cannot be read, or does not fit the others.
    """
    require(sources.base, sources.motion, sources.ip_adapter)
    unet = _load(UNet2DConditionModel.from_pretrained, sources.base / "unet")
    vae = _load(AutoencoderKL.from_pretrained, sources.base / "vae")
    encoder = _load(CLIPTextModel.from_pretrained, sources.base / "text_encoder")
    _check(unet, vae, encoder)
    motion = (
        None if sources.motion is None else _load(MotionAdapter.from_pretrained, sources.motion)
    )
    adapter = {} if sources.ip_adapter is None else _adapter(sources.ip_adapter)

    animate_net = _fitting(MOTION, lambda: AnimateNet.from_unet2d(unet, _AUDIO, motion))
    size = _embedding_size(adapter)
    identity_net = IdentityNet.from_unet2d(unet, size, _FACE_TOKENS, resampler_config=_RESAMPLER)
    pipeline = PortraitTalkPipeline(
        vae, encoder, _load(CLIPTokenizer.from_pretrained, sources.base / "tokenizer"),
        animate_net, identity_net, _scheduler(sources.base),
    )  # fmt: skip
    done = Initialised(pipeline)
    _tell(done, motion, adapter)
    if adapter:
        _fitting(IP_ADAPTER, lambda: _take_adapter(pipeline, unet, adapter, done))
    return done


def _load(load: Callable[..., Loaded], folder: Path) -> Loaded:
    more = {} if load.__qualname__.startswith("CLIPTokenizer") else {"use_safetensors": True}
    try:
        return load(folder, local_files_only=True, **more)
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise PartUnfit(
            f"{folder} cannot be read: {_first_line(error)}", remedy="Save it again by diffusers."
        ) from error


def _fitting(part: Part, build: Callable[[], Loaded]) -> Loaded:
    try:
        return build()
    except (ValueError, RuntimeError, KeyError) as error:
        raise PartUnfit(
            f"{part.name}: its weights do not fit the picture network: {_first_line(error)}",
            remedy=f"Give {part.what}, made for Stable Diffusion 1.5, or leave it out.",
        ) from error


def _check(unet: UNet2DConditionModel, vae: AutoencoderKL, encoder: CLIPTextModel) -> None:
    """Refuse another family."""
    size, channels = unet.config["cross_attention_dim"], unet.config["in_channels"]
    unfit = {
        "unet: it takes more than text (the SDXL family)": unet.config["addition_embed_type"],
        f"unet: it takes {channels} channels, and the vae makes {vae.config['latent_channels']}": (
            channels != vae.config["latent_channels"]
        ),
        f"text_encoder: its states have {encoder.config.hidden_size} numbers, and the unet takes "
        f"{size}": encoder.config.hidden_size != size,
    }
    if found := [text for text, wrong in unfit.items() if wrong]:
        raise PartUnfit(
            "These parts are not of one model of the Stable Diffusion 1.5 family: "
            + "; ".join(found) + ".",
            remedy="Give a folder of that family whose parts belong together.",
        )  # fmt: skip


def _scheduler(base: Path) -> DDIMScheduler:
    """Return how noise is added in `base`, with steps spread so that drawing begins at the end."""
    own = _load(DDIMScheduler.load_config, base / "scheduler")
    made: DDIMScheduler = DDIMScheduler.from_config(
        own, clip_sample=False, timestep_spacing="trailing"
    )
    return made


def _adapter(file: Path) -> dict[str, Tensor]:
    try:
        return load_file(file)
    except (OSError, SafetensorError) as error:
        raise PartUnfit(
            f"{file} cannot be read: {_first_line(error)}",
            remedy="Give IP-Adapter's weights as a .safetensors file.",
        ) from error


def _embedding_size(adapter: dict[str, Tensor]) -> int:
    """Return the size of the face embedding: FaceID's own, or dlib's."""
    first = adapter.get("image_proj.proj.0.weight")
    return _DLIB if first is None else int(first.shape[1])


def _tell(done: Initialised, motion: Any, adapter: dict[str, Tensor]) -> None:
    done.taken.append("unet, inflated to video; its encoder copied for IdentityNet")
    done.taken.append("vae, text_encoder, tokenizer, scheduler")
    if motion is None:
        done.untrained.append(f"{MOTION.name}: {MOTION.what} ({MOTION.where})")
    else:
        done.taken.append(f"{MOTION.name}: in every block")
    if not adapter:
        done.untrained.append(f"{IP_ADAPTER.name}: {IP_ADAPTER.what} ({IP_ADAPTER.where})")
    done.untrained.append("voice: keys, values and AudioTokens of AnimateNet (training, stage 2)")
    done.untrained.append("drawn face: the stem of AnimateNet (training, stage 1)")
    done.untrained.append("IdentityNet: its zero convolutions and PortraitTokens (stage 1)")


def _take_adapter(
    pipeline: PortraitTalkPipeline,
    unet: UNet2DConditionModel,
    adapter: dict[str, Tensor],
    done: Initialised,
) -> None:
    """Put IP-Adapter's keys and values, and FaceID's projection, where identity is read."""
    crossing = [name for name in unet.attn_processors if name.endswith("attn2.processor")]
    ours = pipeline.unet.attn_processors
    for index, name in enumerate(crossing):
        layer = ours[name]
        if isinstance(layer, DecoupledAttention):
            for own, kind in ((layer.own_k, "k"), (layer.own_v, "v")):
                weight = adapter[f"ip_adapter.{2 * index + 1}.to_{kind}_ip.weight"]
                own[IDENTITY].load_state_dict({"weight": weight})
    done.taken.append(f"{IP_ADAPTER.name}: keys and values of {len(crossing)} layers")
    face = {
        _renamed(name.removeprefix("image_proj.")): weight
        for name, weight in adapter.items()
        if name.startswith("image_proj.")
    }
    if face.keys() == pipeline.identity_net.face.state_dict().keys():
        pipeline.identity_net.face.load_state_dict(face)
        done.taken.append(f"{IP_ADAPTER.name}: its projection of face embeddings")
    else:
        done.untrained.append(
            f"{IP_ADAPTER.name}: what makes identity tokens of a face embedding (the file projects "
            "pictures; IP-Adapter FaceID's would be taken)"
        )


def _renamed(name: str) -> str:
    for theirs, diffusers in _FACE_LAYERS.items():
        if name.startswith(theirs):
            return diffusers + name.removeprefix(theirs)
    return name


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


__all__ = ["Initialised", "PartMissing", "PartUnfit", "Sources", "initialise"]
