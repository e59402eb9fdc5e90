"""The one place that says how large the networks are that this project trains and ships.

128 px a side, 16 x 16 latents of 8 channels. In half precision all of it together has to stay
below 60 MB.
"""

from typing import Any

from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from generation.portraittalk import features
from generation.portraittalk.animate_net import AnimateNet
from generation.portraittalk.denoiser import Denoiser
from generation.portraittalk.identity_net import IdentityNet

SIDE = 128  # px
LATENT_SIDE, LATENT_CHANNELS = 16, 8
TOKEN = 128  # numbers: text, identity and voice
PROMPT = 24  # tokens of the longest
_CHANNELS = (64, 128, 192)
_HEADS = 4
_DRAWN = (8, 16, 32, 48)  # channels of the convolutions over the drawn face


def unet() -> dict[str, Any]:
    """Say how diffusers' UNetMotionModel is made."""
    return {
        "sample_size": LATENT_SIDE,
        "in_channels": LATENT_CHANNELS,
        "out_channels": LATENT_CHANNELS,
        "block_out_channels": _CHANNELS,
        "down_block_types": ("CrossAttnDownBlockMotion",) * len(_CHANNELS),
        "up_block_types": ("CrossAttnUpBlockMotion",) * len(_CHANNELS),
        "layers_per_block": 1,
        "cross_attention_dim": TOKEN,
        "num_attention_heads": _HEADS,
        "motion_num_attention_heads": _HEADS,
    }


def encoder() -> dict[str, Any]:
    """Say how diffusers' ControlNetModel, IdentityNet's encoder, is made."""
    return {
        "in_channels": LATENT_CHANNELS,
        "block_out_channels": _CHANNELS,
        "down_block_types": ("CrossAttnDownBlock2D",) * len(_CHANNELS),
        "layers_per_block": 1,
        "cross_attention_dim": TOKEN,
        "attention_head_dim": _HEADS,  # diffusers' name for the number of heads
        "conditioning_embedding_out_channels": _DRAWN,
    }


def denoiser() -> Denoiser:
    """Make both networks with random weights."""
    audio = {"size": features.SIZE, "rows": features.SEEN}
    resampler = {"hidden_dims": 192, "depth": 2, "dim_head": 48, "heads": 4}
    return Denoiser(
        AnimateNet(unet(), audio, structure_channels=_DRAWN),
        IdentityNet(encoder(), resampler_config=resampler),
    )


def text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """Make the encoder of a vocabulary (`text.tokenizer_of`) with random weights."""
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=TOKEN,
        intermediate_size=4 * TOKEN,
        num_hidden_layers=2,
        num_attention_heads=_HEADS,
        max_position_embeddings=PROMPT,
        projection_dim=TOKEN,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return CLIPTextModel(config)


def scheduler() -> DDIMScheduler:
    """Say how noise is added: to the very end (arXiv 2305.08891), as it is where drawing begins."""
    made: DDIMScheduler = DDIMScheduler(
        beta_schedule="scaled_linear",
        clip_sample=False,
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
    )
    return made
