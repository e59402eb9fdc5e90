"""Networks from an operator's weights: tiny models of Stable Diffusion 1.5's shape."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from diffusers import DDIMScheduler, MotionAdapter, PNDMScheduler, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from torch import Tensor

from generation.__main__ import main
from generation.portraittalk import initialise as module
from generation.portraittalk.animate_net import AnimateNet
from generation.portraittalk.attention import DecoupledAttention
from generation.portraittalk.errors import PartMissing, PartUnfit
from generation.portraittalk.identity_net import IdentityNet
from generation.portraittalk.initialise import Sources, initialise
from generation.portraittalk.pipeline import PortraitTalkPipeline
from tests.unit.generation_portraittalk import tiny

LAYERS = 4  # with cross-attention, in the tiny network
FACE = 20  # numbers of FaceID's embedding, here


@pytest.fixture(autouse=True)
def _small_resampler(monkeypatch: pytest.MonkeyPatch) -> None:
    small = {"hidden_dims": 8, "depth": 1, "dim_head": 4, "heads": 2}
    monkeypatch.setattr(module, "_RESAMPLER", small)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything in one folder: base, motion and FaceID."""
    torch.manual_seed(0)
    root = tmp_path_factory.mktemp("weights")
    tokenizer, encoder = tiny.text_parts()
    UNet2DConditionModel(**tiny.PICTURES).save_pretrained(root / "base/unet")
    tiny.vae().save_pretrained(root / "base/vae")
    encoder.save_pretrained(root / "base/text_encoder")
    tokenizer.save_pretrained(root / "base/tokenizer")
    PNDMScheduler(beta_schedule="scaled_linear", steps_offset=1).save_pretrained(
        root / "base/scheduler"
    )
    motion = MotionAdapter(
        (8, 16), motion_layers_per_block=1, motion_num_attention_heads=2, motion_norm_num_groups=4
    )
    motion.save_pretrained(root / "motion")
    save_file(face_id(), root / "face_id.safetensors")
    return root


def face_id() -> dict[str, Tensor]:
    """Weights named as IP-Adapter FaceID's are."""
    size, tokens = tiny.TOKEN, 4
    weights = {
        "image_proj.proj.0.weight": torch.randn(2 * FACE, FACE),
        "image_proj.proj.0.bias": torch.randn(2 * FACE),
        "image_proj.proj.2.weight": torch.randn(tokens * size, 2 * FACE),
        "image_proj.proj.2.bias": torch.randn(tokens * size),
        "image_proj.norm.weight": torch.randn(size),
        "image_proj.norm.bias": torch.randn(size),
    }
    widths = [8, 8, 8, 16]  # down, up, up, middle: as diffusers counts them
    for index, width in enumerate(widths):
        for kind in "kv":
            name = f"ip_adapter.{2 * index + 1}.to_{kind}_ip.weight"
            weights[name] = torch.randn(width, size)
    return weights


def test_a_folder_becomes_a_pipeline_that_says_what_is_untrained(
    saved: Path, tmp_path: Path
) -> None:
    done = initialise(Sources(saved / "base"))
    told = "\n".join(done.untrained)
    for part in ("motion modules", "IP-Adapter", "voice", "drawn face", "IdentityNet"):
        assert part in told
    assert "--motion" in told
    assert isinstance(done.pipeline.scheduler, DDIMScheduler)
    assert done.pipeline.scheduler.config.timestep_spacing == "trailing"
    assert done.pipeline.scheduler.config.prediction_type == "epsilon"
    done.pipeline.save_pretrained(tmp_path / "out")
    PortraitTalkPipeline.from_pretrained(tmp_path / "out")


def test_without_more_weights_each_frame_is_what_the_picture_network_draws(saved: Path) -> None:
    net = initialise(Sources(saved / "base")).pipeline.animate_net.eval()
    pictures = UNet2DConditionModel.from_pretrained(saved / "base/unet").eval()
    sample, text = tiny.noisy(), torch.randn(1, 5, tiny.TOKEN)
    with torch.inference_mode():
        video = net.unet(sample, 7, text.expand(3, -1, -1)).sample[0].transpose(0, 1)
        alone = pictures(sample[0].transpose(0, 1), 7, text.expand(3, -1, -1)).sample
    torch.testing.assert_close(video, alone, rtol=1e-4, atol=1e-5)


def test_motion_and_identity_are_taken_where_they_are_given(saved: Path) -> None:
    done = initialise(Sources(saved / "base", saved / "motion", saved / "face_id.safetensors"))
    told = "\n".join(done.taken)
    assert "motion modules" in told
    assert f"keys and values of {LAYERS} layers" in told
    assert "projection of face embeddings" in told
    given, unet = load_file(saved / "face_id.safetensors"), done.pipeline.unet
    first = unet.down_blocks[0].attentions[0].transformer_blocks[0].attn2.processor
    middle = unet.mid_block.attentions[0].transformer_blocks[0].attn2.processor
    assert torch.equal(first.own_k["identity"].weight, given["ip_adapter.1.to_k_ip.weight"])
    assert torch.equal(middle.own_v["identity"].weight, given["ip_adapter.7.to_v_ip.weight"])
    face = done.pipeline.identity_net.face
    assert torch.equal(face.ff.net[2].weight, given["image_proj.proj.2.weight"])
    assert face(torch.randn(1, FACE)).shape == (1, 4, tiny.TOKEN)
    motion = MotionAdapter.from_pretrained(saved / "motion")
    theirs = motion.mid_block.motion_modules.state_dict()
    ours = unet.mid_block.motion_modules.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_an_adapter_of_pictures_gives_keys_and_values_only(saved: Path, tmp_path: Path) -> None:
    weights = {k: v for k, v in face_id().items() if k.startswith("ip_adapter")}
    weights["image_proj.proj.weight"] = torch.randn(4 * tiny.TOKEN, 10)
    save_file(weights, tmp_path / "plain.safetensors")
    done = initialise(Sources(saved / "base", ip_adapter=tmp_path / "plain.safetensors"))
    assert any("FaceID's would be taken" in line for line in done.untrained)


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder", "tokenizer", "scheduler"])
def test_each_missing_part_is_named_with_what_it_would_be(
    saved: Path, tmp_path: Path, part: str
) -> None:
    base = tmp_path / "base"
    shutil.copytree(saved / "base", base)
    shutil.rmtree(base / part)
    with pytest.raises(PartMissing) as missing:
        initialise(Sources(base))
    lines = str(missing.value).splitlines()[1:]
    assert lines
    assert all(str(base / part) in line and ": " in line for line in lines)


def test_everything_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(PartMissing) as missing:
        initialise(Sources(tmp_path, tmp_path / "motion", tmp_path / "ip.safetensors"))
    text = str(missing.value)
    for what in ("UNet2DConditionModel", "AutoencoderKL", "CLIPTextModel", "vocabulary",
                 "how noise is added", "MotionAdapter", "IP-Adapter"):  # fmt: skip
        assert what in text
    assert ".safetensors only" in missing.value.remedy


def test_a_pickle_is_not_read(saved: Path, tmp_path: Path) -> None:
    base = tmp_path / "base"
    shutil.copytree(saved / "base", base)
    weights = base / "unet/diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(PartMissing, match="unet"):
        initialise(Sources(base))


def test_parts_of_another_family_are_refused(saved: Path, tmp_path: Path) -> None:
    base = tmp_path / "base"
    shutil.copytree(saved / "base", base)
    UNet2DConditionModel(**{**tiny.PICTURES, "in_channels": 9}).save_pretrained(base / "unet")
    with pytest.raises(PartUnfit, match="9 channels"):
        initialise(Sources(base))


def test_motion_of_another_network_is_refused(saved: Path, tmp_path: Path) -> None:
    MotionAdapter((16, 32), motion_layers_per_block=1, motion_num_attention_heads=2,
                  motion_norm_num_groups=4).save_pretrained(tmp_path)  # fmt: skip
    with pytest.raises(PartUnfit, match="motion modules"):
        initialise(Sources(saved / "base", motion=tmp_path))


def test_weights_that_were_cut_off_are_refused(saved: Path, tmp_path: Path) -> None:
    base = tmp_path / "base"
    shutil.copytree(saved / "base", base)
    weights = base / "vae/diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(PartUnfit, match="vae"):
        initialise(Sources(base))


def test_the_command_writes_a_pipeline_in_half_precision(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = ["initialise", str(saved / "base"), "--motion", str(saved / "motion")]
    assert main([*command, "--out", str(out), "--precision", "fp16"]) == 0
    told = capsys.readouterr().out
    assert "taken      motion modules" in told
    assert "untrained  IP-Adapter" in told
    again = PortraitTalkPipeline.from_pretrained(out, dtype=torch.float16)
    assert again.animate_net.dtype == torch.float16
    assert main([*command, "--out", str(out)]) == 2
    assert "is not empty" in capsys.readouterr().err


def test_what_is_missing_is_said_without_loading_torch(checkout: Path) -> None:
    code = (
        "import sys; from generation.__main__ import main\n"
        "status = main(['initialise', 'nowhere', '--out', 'nowhere-either'])\n"
        "print(status, 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["2", "False"]
    assert "UNet2DConditionModel" in done.stderr
    assert not (checkout / "nowhere-either").exists()


def test_networks_of_stable_diffusions_real_size_fit_together() -> None:
    """Shapes only, no memory: what an operator's 860 million parameters become."""
    with torch.device("meta"):
        pictures = UNet2DConditionModel(cross_attention_dim=768, sample_size=64)
        motion = MotionAdapter()
        net = AnimateNet.from_unet2d(pictures, module._AUDIO, motion)
        IdentityNet.from_unet2d(pictures, 512, 4)
    layers = [p for p in net.unet.attn_processors.values() if isinstance(p, DecoupledAttention)]
    assert len(layers) == 16
    assert net.positions == 32
